"""Regions: the turned squares in which landmark nets look at a person or a hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.nets.framing import Framing

MARGIN = 1.25
"""How much larger than the person's circle a region is."""


@dataclass(frozen=True, slots=True)
class Region:
    """A square in picture pixels whose upper side is where the head, or the fingers, are."""

    x: float
    """Of the middle: of a person, between the hips."""
    y: float
    side: float
    up_x: float
    """Unit vector from the hips to the head, from the wrist to the fingers."""
    up_y: float

    @classmethod
    def around(cls, hips: NDArray[np.floating], rim: NDArray[np.floating]) -> Region:
        """Round the middle of the hips; `rim` lies above the head, on the circle round the body."""
        up, radius = direction(np.asarray(rim, np.float64) - hips)
        return cls(float(hips[0]), float(hips[1]), 2 * MARGIN * radius, *up.tolist())

    @classmethod
    def over(
        cls, points: NDArray[np.floating], up: NDArray[np.floating], grown: float, shift: float
    ) -> Region:
        """Round (N, 2) points: `grown` times their extent, moved up by a share of their height."""
        up, _ = direction(np.asarray(up, np.float64))
        right = np.array([-up[1], up[0]])
        along = np.asarray(points, np.float64) @ np.column_stack([right, up])
        low, high = along.min(axis=0), along.max(axis=0)
        middle = (low + high) / 2 + [0.0, shift * (high[1] - low[1])]
        x, y = middle[0] * right + middle[1] * up
        return cls(float(x), float(y), grown * max(float((high - low).max()), 1.0), *up.tolist())

    def framing(self, size: int) -> Framing:
        """How the region lies on a square input."""
        scale = size / self.side
        turn = np.array([[-self.up_y, self.up_x], [-self.up_x, -self.up_y]]) * scale
        shift = (size - 1) / 2 - turn @ [self.x, self.y]
        return Framing(np.column_stack([turn, shift]), size, size)

    def is_like(self, other: Region) -> bool:
        """Whether both are about the same person or hand: near, and of like size."""
        large, small = max(self.side, other.side), min(self.side, other.side)
        apart = np.hypot(self.x - other.x, self.y - other.y)
        return bool(apart < 0.2 * small and large < 1.7 * small)


def direction(vector: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """A unit vector and the length; up in the picture and 1 where there is none."""
    length = float(np.hypot(*vector))
    return (vector / length, length) if length >= 1e-3 else (np.array([0.0, -1.0]), 1.0)
