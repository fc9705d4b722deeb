"""Heatmaps of framed bodies as guesses about their pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from poseapp.learn.oracle.estimator import Guesses
from poseapp.nets.framing import Framing
from poseapp.nets.heatmaps import cell_to_pixel, decode, peaks


def read(heatmaps: NDArray[np.float32], framings: Sequence[Framing], stride: int) -> Guesses:
    """Guesses from (M, K, h, w) heatmaps, each of which sums to 1; `stride` input pixels a cell."""
    cells, scores = decode(heatmaps)
    pixels = cell_to_pixel(cells, stride)
    points = [framing.to_picture(p) for framing, p in zip(framings, pixels, strict=True)]
    shape = peaks(heatmaps)
    px_per_cell = np.array([[stride / framing.scale] for framing in framings], np.float32)
    second_px = shape.second_distance * px_per_cell
    return Guesses(np.array(points), scores, shape.entropy, shape.second_ratio, second_px)


def joined(parts: Sequence[Guesses]) -> Guesses:
    """The same in one, in their order."""
    names = Guesses.__slots__
    return Guesses(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
