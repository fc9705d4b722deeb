"""MoveNet MultiPose as a detector: people by their middles, and 17 points of each.

It finds more people than BlazePose's own detector; how their limbs lie is BlazePose's to say.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.infer.people.detector import Detector
from poseapp.infer.people.regions import Region, direction

SIDE, STRIDE = 256, 4
OUTPUTS = (
    "StatefulPartitionedCall/Sigmoid",
    "StatefulPartitionedCall/kpt_regress_0/conv2d_8/BiasAdd",
)
"""Of its file: where middles of people are, and how far each point lies from there."""
_LEAST_SCORE = 0.3
_SHOULDERS, _HIPS = slice(5, 7), slice(11, 13)
_POINTS = 17
_HEADROOM = 1.15
"""How much farther from the hips than the farthest point a person reaches: hands, feet, hair."""


def _read(outputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """From (1, cells, cells) scores of middles and (34, cells, cells) ways from them, y before x.

    Boxes are squares amid the trunk, half as wide as the person is large: whole bodies overlap
    where people stand close.
    """
    middles, ways = outputs[:2]
    scores = middles[0]
    peaks = (scores >= _LEAST_SCORE) & (cv2.dilate(scores, np.ones((3, 3))) == scores)
    rows, columns = np.nonzero(peaks)
    ways = ways[:, rows, columns].T.reshape(len(rows), _POINTS, 2).astype(np.float64)
    points = STRIDE * (ways + np.column_stack([rows, columns])[:, None])[..., ::-1]
    trunk = np.concatenate([points[:, _SHOULDERS], points[:, _HIPS]], axis=1).mean(axis=1)
    reach = np.ptp(points, axis=1).max(axis=1, keepdims=True) / 4
    flat = points.reshape(len(points), 2 * _POINTS)
    return np.column_stack([trunk - reach, trunk + reach, flat, scores[rows, columns]])


def _of_person(_box: NDArray[np.float64], points: NDArray[np.float64]) -> Region:
    hips = points[_HIPS].mean(axis=0)
    up, _ = direction(points[_SHOULDERS].mean(axis=0) - hips)
    reach = _HEADROOM * float(np.hypot(*(points - hips).T).max())
    return Region.around(hips, hips + reach * up)


DETECTOR = Detector(SIDE, _read, _of_person)
