"""Pictures of pairs: optical flow in the box of the first frame, or its colours.

The flow comes from one estimator wherever the net learns or is used (OpenCV's DIS), computed on the
crops, both frames in the same box, as appendix B of the paper says.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.nets.motion_hmr.architecture import Architecture

Floats = NDArray[np.floating]

FLOW_PX = 20 / 224
"""Flow that counts as 1, over the side of the picture."""


def flow_between(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Floats:
    """(H, W, 2) pixels from one BGR picture to the next."""
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in (before, after)]
    nothing = np.zeros((*grey[0].shape, 2), np.float32)
    return np.asarray(estimator.calc(grey[0], grey[1], nothing), np.float32)


def pictures_of(
    architecture: Architecture,
    frames: Sequence[NDArray[np.uint8]],
    middle: Floats,
    side: float,
) -> NDArray[np.float32]:
    """(T - 1, 3, S, S) what such a net sees beside keypoints; arguments as of `flow_pictures`."""
    made = flow_pictures if architecture.picture == "flow" else rgb_pictures
    return made(frames, middle, side, architecture.side_px)


def flow_pictures(
    frames: Sequence[NDArray[np.uint8]], middle: Floats, side: float, size: int
) -> NDArray[np.float32]:
    """(T - 1, 3, size, size) flow to the right and down and its length, in the boxes.

    Args:
        frames: T BGR pictures.
        middle: (T, 2) pixels, of the boxes.
        side: of all boxes, pixels.
        size: of the crops.
    """
    made = []
    for n in range(len(frames) - 1):
        pair = [crop(frames[n + later], middle[n], side, size) for later in (0, 1)]
        flow = flow_between(*pair) / (FLOW_PX * size)
        made.append(np.concatenate([flow, np.linalg.norm(flow, axis=-1, keepdims=True)], axis=-1))
    return np.stack(made).transpose(0, 3, 1, 2).astype(np.float32)


def rgb_pictures(
    frames: Sequence[NDArray[np.uint8]], middle: Floats, side: float, size: int
) -> NDArray[np.float32]:
    """(T - 1, 3, size, size) RGB in -1..1, in the boxes; arguments as of `flow_pictures`."""
    crops = [crop(frames[n], middle[n], side, size) for n in range(len(frames) - 1)]
    rgb = np.stack(crops)[..., ::-1].transpose(0, 3, 1, 2)
    return (rgb / 127.5 - 1).astype(np.float32)


def crop(picture: NDArray[np.uint8], middle: Floats, side: float, size: int) -> NDArray[np.uint8]:
    """(size, size, 3) of a square; black where it reaches beyond the picture."""
    scale = size / side
    shift = (size - 1) / 2 - scale * np.asarray(middle)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return np.asarray(cv2.warpAffine(picture, matrix, (size, size)), np.uint8)
