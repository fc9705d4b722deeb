"""Folders and lists of pictures as videos: one picture is one frame.

Pictures of unequal size are filled up with black at the right and at the bottom, so that every
frame is as large as the largest and a position in a picture is the same position in its frame.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import VideoMissingError, VideoUnreadableError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})


def pictures_in(folder: Path) -> tuple[str, ...]:
    """Names of the pictures of a folder, so ordered that frame 10 comes after frame 9."""
    names = [p.name for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
    return tuple(sorted(names, key=_natural))


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) BGR, turned as the file asks.

    Raises:
        VideoMissingError: when there is no such file.
        VideoUnreadableError: when it is no picture.
    """
    if not path.is_file():
        raise VideoMissingError(f"{path} is not there. Put the picture back, or re-link the video.")
    content = np.fromfile(path, np.uint8)  # OpenCV cannot open every name on every system
    picture = None
    if content.size:
        try:
            picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
        except cv2.error:  # sizes that nobody can mean
            picture = None
    if picture is None:
        raise VideoUnreadableError(
            f"{path} cannot be read as a picture. Replace it with a whole copy."
        )
    return np.asarray(picture, np.uint8)


def size_of_all(folder: Path, names: Sequence[str]) -> tuple[int, int]:
    """(width, height) that every one of the pictures fits into."""
    shapes = [read_picture(folder / name).shape for name in names]
    return max(s[1] for s in shapes), max(s[0] for s in shapes)


class ImagesReader:
    """Reads the frames of a folder or list of pictures."""

    def __init__(self, folder: Path, names: Sequence[str], width: int, height: int) -> None:
        self._folder = folder
        self._names = names
        self._width = width
        self._height = height

    def read(self, frame: int) -> NDArray[np.uint8]:
        """(height, width, 3) BGR of this frame."""
        path = self._folder / self._names[frame]
        picture = read_picture(path)
        high, wide = picture.shape[:2]
        if high > self._height or wide > self._width:
            raise VideoUnreadableError(
                f"{path} is {wide}×{high} pixels, larger than the {self._width}×{self._height} "
                "it was added with. Put the old picture back, or add the folder again."
            )
        if (high, wide) == (self._height, self._width):
            return picture
        framed = np.zeros((self._height, self._width, 3), np.uint8)
        framed[:high, :wide] = picture
        return framed

    def close(self) -> None:
        """Nothing is held open."""


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), part) if part.isdigit() else (-1, part) for part in parts]
