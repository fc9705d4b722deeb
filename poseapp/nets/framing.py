"""Framing: how a picture is laid onto a net's input, exact to sub-pixels both ways.

Coordinates are pixel centres throughout: (0, 0) is the centre of the top-left pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

GREY = (116.0, 116.0, 116.0)
"""What stands where the net's input reaches beyond the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Framing:
    """An affine map from picture pixels to the pixels of an input of `width` × `height`."""

    matrix: NDArray[np.float64]
    """(2, 3)"""
    width: int
    height: int

    def to_input(self, points: ArrayLike) -> NDArray[np.float64]:
        """(…, 2) picture pixels → input pixels; NaN stays NaN."""
        return np.asarray(points, np.float64) @ self.matrix[:, :2].T + self.matrix[:, 2]

    def to_picture(self, points: ArrayLike) -> NDArray[np.float64]:
        """(…, 2) input pixels → picture pixels; the inverse of `to_input`."""
        shifted = np.asarray(points, np.float64) - self.matrix[:, 2]
        return shifted @ np.linalg.inv(self.matrix[:, :2]).T

    @property
    def scale(self) -> float:
        """Input pixels per picture pixel."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    def cut(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The net's input, (height, width, 3), with grey where the picture ends.

        Strong shrinking averages whole blocks of pixels first, so that nothing is skipped.
        """
        shrink = max(1, int(1 / self.scale + 1e-6))
        matrix = self.matrix
        if shrink > 1:
            picture = _shrunk(picture, shrink)
            matrix = matrix @ _lifted(scaling(shrink, (shrink - 1) / 2, (shrink - 1) / 2))
        return cv2.warpAffine(
            picture,
            matrix,
            (self.width, self.height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=GREY,
        ).astype(np.uint8, copy=False)

    def fitted(self, canvas: tuple[int, int]) -> Framing:
        """The whole of this input as large as fits on another canvas, centred."""
        onto = letterbox((self.width, self.height), canvas)
        return Framing(self.after(onto.matrix).matrix, *canvas)

    def after(self, change: NDArray[np.float64]) -> Framing:
        """This framing followed by a (2, 3) `change` of input pixels."""
        return Framing(change @ _lifted(self.matrix), self.width, self.height)


def letterbox(picture: tuple[int, int], canvas: tuple[int, int]) -> Framing:
    """The whole picture as large as fits on the canvas, centred; both as (width, height)."""
    scale = min(canvas[0] / picture[0], canvas[1] / picture[1])
    return crop((picture[0] - 1) / 2, (picture[1] - 1) / 2, scale, canvas)


def crop(x: float, y: float, scale: float, canvas: tuple[int, int]) -> Framing:
    """The surroundings of picture pixel (x, y), which comes to lie in the canvas's middle."""
    middle_x, middle_y = (canvas[0] - 1) / 2, (canvas[1] - 1) / 2
    return Framing(scaling(scale, middle_x - scale * x, middle_y - scale * y), *canvas)


def scaling(scale: float, x: float = 0.0, y: float = 0.0) -> NDArray[np.float64]:
    """(2, 3): scale, then move by (x, y)."""
    return np.array([[scale, 0.0, x], [0.0, scale, y]])


def canvas_for(sizes: ArrayLike, long_side: int, multiple: int = 32) -> tuple[int, int]:
    """The smallest canvas that shows every picture with its long side near `long_side` pixels.

    Args:
        sizes: (N, 2) widths and heights of the pictures.
        long_side: of the canvas, rounded to the multiple.
        multiple: what both sides of the canvas are multiples of.
    """
    widths, heights = np.asarray(sizes, np.float64).T
    longest = np.maximum(widths, heights)
    shares = (widths / longest).max(), (heights / longest).max()
    width, height = (max(1, np.ceil(s * long_side / multiple - 0.25)) * multiple for s in shares)
    return int(width), int(height)


def _lifted(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


def _shrunk(picture: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    below, right = -height % factor, -width % factor
    if below or right:
        picture = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)  # pyright: ignore[reportAssignmentType] - OpenCV's stubs name no dtype
    size = (picture.shape[1] // factor, picture.shape[0] // factor)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)  # pyright: ignore[reportReturnType] - as above
