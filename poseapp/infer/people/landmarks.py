"""BlazePose: people, by 33 points, and where to look for them next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from poseapp.infer.people.detector import Anchors, Detector
from poseapp.infer.people.regions import Region
from poseapp.infer.people.sighting import Landmarker, Sighting
from poseapp.nets.framing import Framing

SIZE, STRIDE = 256, 4
NAMES = (
    "nose",
    *("left eye inner", "left eye", "left eye outer"),
    *("right eye inner", "right eye", "right eye outer"),
    *("left ear", "right ear", "left mouth", "right mouth"),
    *(
        f"{side} {part}"
        for part in ("shoulder", "elbow", "wrist", "little finger", "index finger", "thumb",
                     "hip", "knee", "ankle", "heel", "big toe")
        for side in ("left", "right")
    ),
)  # fmt: skip
"""Of the 33 landmarks; two more follow in the net's output that say where the person is."""
_HIPS, _RIM = 33, 34
_REACH = 3
"""Cells of the heatmap to each side that a landmark is refined by."""
_SURE_ENOUGH = 0.5


def _of_person(_box: NDArray[np.float64], points: NDArray[np.float64]) -> Region:
    return Region.around(points[0], points[1])


# A low score will do, since the landmark net is asked again whether somebody is there.
ANCHORS = Anchors(side=224, layers=((28, 2), (14, 2), (7, 6)), least_score=0.35)
DETECTOR = Detector(ANCHORS.side, ANCHORS.read, _of_person)
"""Finds people by the middle of their hips and how far they reach."""


def _read(outputs: Sequence[NDArray[np.float32]], framing: Framing) -> Sighting:
    """From (195,) x, y, depth, visibility, presence of 39 points, and their (39, 64, 64) maps."""
    values, _, logits = outputs[:3]
    rows = values.reshape(39, 5).astype(np.float64)
    heatmaps = _sigmoid(logits)
    points = refined(rows[:, :2] / STRIDE, heatmaps) * STRIDE - 0.5
    placed = framing.to_picture(points)
    seen = _sigmoid(rows[:33, 3:5]).min(axis=1)
    region = Region.around(placed[_HIPS], placed[_RIM])
    return Sighting(placed[:33], seen.astype(np.float32), heatmaps[:33], framing, region)


LANDMARKER = Landmarker(SIZE, NAMES, _read)


def refined(points: NDArray[np.float64], heatmaps: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, 2) points in cells, moved to the mean of the map round them where the map is sure."""
    moved = points.copy()
    height, width = heatmaps.shape[1:]
    for n, (x, y) in enumerate(points):
        if not (0 <= x < width and 0 <= y < height):
            continue
        left, top = max(int(x) - _REACH, 0), max(int(y) - _REACH, 0)
        window = heatmaps[n, top : int(y) + _REACH + 1, left : int(x) + _REACH + 1]
        if window.max() < _SURE_ENOUGH:
            continue
        rows, columns = np.indices(window.shape)
        total = window.sum()
        moved[n] = (
            left + (columns * window).sum() / total,
            top + (rows * window).sum() / total,
        )
    return moved


def _sigmoid(values: NDArray) -> NDArray:
    return 1 / (1 + np.exp(-np.clip(values, -50, 50)))
