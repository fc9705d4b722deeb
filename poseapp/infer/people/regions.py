"""Regions: the turned squares in which BlazePose looks at a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.nets.framing import Framing

MARGIN = 1.25
"""How much larger than the person's circle a region is."""


@dataclass(frozen=True, slots=True)
class Region:
    """A square in picture pixels whose upper side is where the person's head is."""

    x: float
    """Of the middle: between the hips."""
    y: float
    side: float
    up_x: float
    """Unit vector from the hips to the head."""
    up_y: float

    @classmethod
    def around(cls, hips: NDArray[np.floating], rim: NDArray[np.floating]) -> Region:
        """Round the middle of the hips; `rim` lies above the head, on the circle round the body."""
        up = np.asarray(rim, np.float64) - hips
        radius = float(np.hypot(*up))
        if radius < 1e-3:
            up, radius = np.array([0.0, -1.0]), 1.0
        return cls(float(hips[0]), float(hips[1]), 2 * MARGIN * radius, *(up / radius).tolist())

    def framing(self, size: int) -> Framing:
        """How the region lies on a square input."""
        scale = size / self.side
        turn = np.array([[-self.up_y, self.up_x], [-self.up_x, -self.up_y]]) * scale
        shift = (size - 1) / 2 - turn @ [self.x, self.y]
        return Framing(np.column_stack([turn, shift]), size, size)

    def is_like(self, other: Region) -> bool:
        """Whether both are about the same person: near, and of like size."""
        large, small = max(self.side, other.side), min(self.side, other.side)
        apart = np.hypot(self.x - other.x, self.y - other.y)
        return bool(apart < 0.2 * small and large < 1.7 * small)
