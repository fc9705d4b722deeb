"""Making pictures smaller."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def fitted(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The picture at the largest size of its own shape that fits; never enlarged."""
    high, wide = picture.shape[:2]
    scale = min(width / wide, height / high)
    if scale >= 1:
        return picture
    size = max(round(wide * scale), 1), max(round(high * scale), 1)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
