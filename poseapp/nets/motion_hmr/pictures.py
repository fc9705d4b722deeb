"""Pictures of pairs: optical flow in the box of the first frame, or its colours.

The flow comes from one estimator wherever the net learns or is used (OpenCV's DIS), computed on the
crops, both frames in the same box, as appendix B of the paper says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

FLOW_PX = 20 / 224
"""Flow that counts as 1, over the side of the picture."""
_FLOW_SIDE = 224
"""Pixels of the crops in which flow is found, however small the net's pictures are: in crops of
112 px its error is larger than the motion of limbs against each other."""
Preset = Literal["fast", "fine"]
_PRESETS: dict[Preset, int] = {
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "fine": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


def flow_between(
    before: NDArray[np.uint8], after: NDArray[np.uint8], preset: Preset = "fine"
) -> Floats:
    """(H, W, 2) pixels from one picture, BGR or grey, to the next.

    "fine" is what nets are given; "fast" will do for what a camera did.
    """
    estimator = cv2.DISOpticalFlow.create(_PRESETS[preset])
    pair = [_grey(picture) for picture in (before, after)]
    nothing = np.zeros((*pair[0].shape, 2), np.float32)
    return np.asarray(estimator.calc(pair[0], pair[1], nothing), np.float32)


def flow_crops(
    frames: Sequence[NDArray[np.uint8]], middle: Floats, side: float, size: int
) -> NDArray[np.float32]:
    """(T - 1, size, size, 2) flow to the right and down in the boxes, `FLOW_PX` is 1.

    Args:
        frames: T BGR pictures.
        middle: (T, 2) pixels, of the boxes.
        side: of all boxes, pixels.
        size: of the crops.
    """
    grey, large, made = [_grey(frame) for frame in frames], max(size, _FLOW_SIDE), []
    for n in range(len(frames) - 1):
        before, after = (crop(grey[n + later], middle[n], side, large) for later in (0, 1))
        flow = flow_between(before, after)
        flow = cv2.resize(flow, (size, size), interpolation=cv2.INTER_AREA)
        made.append(flow / (FLOW_PX * large))
    return np.stack(made).astype(np.float32)


def flow_channels(flow: Floats) -> NDArray[np.float32]:
    """(..., size, size, 2) → (..., 3, size, size) with the flow's length as the third."""
    made = np.empty((*flow.shape[:-1], 3), np.float32)
    made[..., :2] = flow
    np.hypot(made[..., 0], made[..., 1], out=made[..., 2])
    return np.moveaxis(made, -1, -3)


def rgb_crops(
    frames: Sequence[NDArray[np.uint8]], middle: Floats, side: float, size: int
) -> NDArray[np.uint8]:
    """(T - 1, size, size, 3) BGR in the boxes; arguments as of `flow_crops`."""
    return np.stack([crop(frames[n], middle[n], side, size) for n in range(len(frames) - 1)])


def rgb_channels(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(..., size, size, 3) BGR → (..., 3, size, size) RGB in -1..1."""
    rgb = crops[..., ::-1].astype(np.float32) / 127.5 - 1
    return np.moveaxis(rgb, -1, -3)


def crop(picture: NDArray[np.uint8], middle: Floats, side: float, size: int) -> NDArray[np.uint8]:
    """(size, size, ...) of a square; black where it reaches beyond the picture."""
    scale = size / side
    shift = (size - 1) / 2 - scale * np.asarray(middle)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return np.asarray(cv2.warpAffine(picture, matrix, (size, size)), np.uint8)


def _grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
