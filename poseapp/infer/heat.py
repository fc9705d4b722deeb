"""Heat: where in a picture a net thinks that keypoints may be, as one map to lay over it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.nets.card import NetFile
from poseapp.nets.framing import scaling
from poseapp.nets.pipeline import Bodies

LONG_SIDE = 480
"""Of a map, in pixels: finer than the cells of any net, and quick to hand on and to draw."""


def heat(bodies: Bodies, net: NetFile, picture: tuple[int, int]) -> NDArray[np.float32]:
    """(H, W) in 0..1 over a whole picture of (width, height): the highest of all keypoints' maps.

    Each map is raised to a top of 1, so that doubt shows as breadth and as second places, not as
    faintness. The map has the picture's shape; its long side is `LONG_SIDE` at most.
    """
    size = np.array(picture)
    scale = min(1.0, LONG_SIDE / size.max())
    width, height = np.maximum((scale * size).round().astype(int), 1)
    to_map = _square(scaling(scale, (scale - 1) / 2, (scale - 1) / 2))
    to_input = _square(scaling(net.stride, (net.stride - 1) / 2, (net.stride - 1) / 2))
    warmest = np.zeros((height, width), np.float32)
    for maps, framing in zip(bodies.heatmaps, bodies.framings, strict=True):
        highest = (maps / maps.max(axis=(1, 2), keepdims=True).clip(1e-12)).max(axis=0)
        cell_to_map = to_map @ np.linalg.inv(_square(framing.matrix)) @ to_input
        laid = cv2.warpAffine(highest.astype(np.float32), cell_to_map[:2], (width, height))
        warmest = np.maximum(warmest, laid)
    return warmest


def _square(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([matrix, [0.0, 0.0, 1.0]])
