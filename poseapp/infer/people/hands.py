"""MediaPipe's hands: palms, the 21 points of each hand, and where to look for it next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.human import HAND_KEYPOINTS
from poseapp.infer.people.detector import Anchors, Detector
from poseapp.infer.people.regions import Region, direction
from poseapp.infer.people.sighting import Landmarker, Sighting
from poseapp.nets.framing import Framing
from poseapp.nets.heatmaps import gaussians, pixel_to_cell

SIZE, STRIDE = 224, 4
NAMES = HAND_KEYPOINTS
"""Of the 21 landmarks."""
_STEADY = [n for n, name in enumerate(NAMES) if name in ("wrist", "thumb 3") or name[-1] in "12"]
"""Points that a region is put round: the ends of fingers move too much."""
_KNUCKLES = [NAMES.index(f"{finger} 1") for finger in ("index", "middle", "middle", "ring")]
_BELL = 1.5
"""Standard deviation in cells of the heatmaps, which this net does not have: we draw them."""


def _of_palm(box: NDArray[np.float64], points: NDArray[np.float64]) -> Region:
    """A palm reaches from the wrist to the knuckles, so the hand's middle lies above it."""
    up, _ = direction(points[2] - points[0])
    extent = box[1] - box[0]
    x, y = box.mean(axis=0) + 0.5 * extent[1] * up
    return Region(float(x), float(y), 2.6 * float(extent.max()), *up.tolist())


def _of_hand(points: NDArray[np.float64]) -> Region:
    """Where the hand will be in the next frame."""
    up = points[_KNUCKLES].mean(axis=0) - points[0]
    return Region.over(points[_STEADY], up, 2.0, 0.1)


ANCHORS = Anchors(side=192, layers=((24, 2), (12, 6)), least_score=0.5)
DETECTOR = Detector(ANCHORS.side, ANCHORS.read, _of_palm)
"""Finds palms, by seven points of which the first is the wrist, the third the middle knuckle."""


def _read(outputs: Sequence[NDArray[np.float32]], framing: Framing) -> Sighting:
    """From (63,) x, y and depth of 21 points, pixels of the input, and (1,) presence."""
    values, presence = outputs[:2]
    points = values.reshape(len(NAMES), 3)[:, :2].astype(np.float64) - 0.5
    cells = SIZE // STRIDE
    placed = framing.to_picture(points)
    return Sighting(
        placed,
        np.full(len(NAMES), presence, np.float32),
        gaussians(pixel_to_cell(points, STRIDE), (cells, cells), _BELL),
        framing,
        _of_hand(placed),
    )


LANDMARKER = Landmarker(SIZE, NAMES, _read)
