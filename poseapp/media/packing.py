"""Pictures made small enough to be handed to another process while a person goes on working."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_QUALITY = 97
"""Of the JPEG: values change by about one part in 256, a picture shrinks to a sixth or less."""


def packed(picture: NDArray[np.uint8]) -> bytes:
    """A BGR picture as JPEG; the interpreter is free for other threads meanwhile."""
    _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return content.tobytes()


def unpacked(content: bytes) -> NDArray[np.uint8]:
    """(H, W, 3) BGR, as it was but for the loss of packing."""
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), np.uint8)
