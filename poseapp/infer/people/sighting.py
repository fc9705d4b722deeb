"""Sightings: what a landmark net saw in one region of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.infer.people.regions import Region
from poseapp.nets.framing import Framing

RunAll = Callable[[NDArray[np.uint8]], Sequence[NDArray[np.float32]]]
"""A net: (N, height, width, 3) BGR → every output."""


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


Look = Callable[[NDArray[np.uint8], Sequence[Region], RunAll], list[Sighting | None]]
"""What is in each region of a BGR picture, by a landmark net; None where nothing is."""


def cut_out(
    picture: NDArray[np.uint8], regions: Sequence[Region], side: int
) -> tuple[list[Framing], NDArray[np.uint8]]:
    """How the regions lie on square inputs, and these inputs, (N, side, side, 3)."""
    framings = [region.framing(side) for region in regions]
    return framings, np.stack([framing.cut(picture) for framing in framings])
