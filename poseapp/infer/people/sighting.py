"""Sightings: what a landmark net sees in one region of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.infer.people.regions import Region
from poseapp.nets.framing import Framing

RunAll = Callable[[NDArray[np.uint8]], Sequence[NDArray[np.float32]]]
"""A net: (N, height, width, 3) BGR → every output."""
LEAST_PRESENCE = 0.5
"""Below this nothing is in a region."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A person or a hand, by its K landmarks."""

    points: NDArray[np.float64]
    """(K, 2) picture pixels."""
    scores: NDArray[np.float32]
    """(K,) in 0..1: that the point is there and not hidden."""
    heatmaps: NDArray[np.float32]
    """(K, cells, cells) in 0..1."""
    framing: Framing
    region: Region
    """Where to look in the next frame."""


@dataclass(frozen=True, slots=True)
class Landmarker:
    """One of the landmark nets: what its outputs mean, of which the second is presence."""

    side: int
    """Of its input, in pixels."""
    names: tuple[str, ...]
    """Of the K landmarks, spoken."""
    read: Callable[[Sequence[NDArray[np.float32]], Framing], Sighting]
    """From all outputs for one region, and how it lies on the input."""

    def look(
        self, picture: NDArray[np.uint8], regions: Sequence[Region], net: RunAll
    ) -> list[Sighting | None]:
        """What is in each region of a BGR picture; None where nothing is."""
        if not regions:
            return []
        framings = [region.framing(self.side) for region in regions]
        outputs = net(np.stack([framing.cut(picture) for framing in framings]))
        return [
            self.read([output[n] for output in outputs], framing)
            if outputs[1][n, 0] >= LEAST_PRESENCE
            else None
            for n, framing in enumerate(framings)
        ]
