"""Folders and lists of pictures as videos: one picture is one frame.

Pictures of unequal size are filled up with black at the right and at the bottom, so that every
frame is as large as the largest and a position in a picture is the same position in its frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import VideoMissingError, VideoUnreadableError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})

_HEAD = 4096
_TOO_MANY_PIXELS = 1 << 28
_EXIF = 0xE1
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


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
    content = _content(path)  # OpenCV cannot open every name on every system
    picture = None
    if content:
        try:
            picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:  # sizes that nobody can mean
            picture = None
    if picture is None:
        raise VideoUnreadableError(
            f"{path} cannot be read as a picture. Replace it with a whole copy."
        )
    return np.asarray(picture, np.uint8)


def size_of_all(folder: Path, names: Sequence[str]) -> tuple[int, int]:
    """(width, height) that every one of the pictures fits into; damaged ones do not count.

    Raises:
        VideoMissingError: when a picture is not there.
        VideoUnreadableError: when none can be read.
    """
    sizes: list[tuple[int, int]] = []
    problem: VideoUnreadableError | None = None
    for name in names:
        try:
            sizes.append(_size(folder / name))
        except VideoMissingError:
            raise
        except VideoUnreadableError as error:
            problem = error
    if problem and not sizes:
        raise problem
    return max(width for width, _ in sizes), max(height for _, height in sizes)


def _size(path: Path) -> tuple[int, int]:
    """(width, height), from the first bytes where these surely tell it."""
    head = _content(path, _HEAD)
    size = _png_size(head) or _jpeg_size(head)
    if size and 0 < size[0] * size[1] < _TOO_MANY_PIXELS:
        return size
    height, width = read_picture(path).shape[:2]
    return width, height


def _content(path: Path, count: int = -1) -> bytes:
    """The first `count` bytes of a picture, or all."""
    if not path.is_file():
        raise VideoMissingError(f"{path} is not there. Put the picture back, or re-link the video.")
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise VideoUnreadableError(
            f"{path} cannot be read: {error.strerror}. Change its permissions or copy it elsewhere."
        ) from error


def _png_size(head: bytes) -> tuple[int, int] | None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n") or len(head) < 24:
        return None
    return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    place = 2
    while head.startswith(b"\xff\xd8") and place + 9 <= len(head) and head[place] == 0xFF:
        marker, length = head[place + 1], int.from_bytes(head[place + 2 : place + 4])
        if marker == _EXIF:  # may ask for the picture to be turned
            return None
        if marker in _START_OF_FRAME:
            height, width = (int.from_bytes(head[place + at : place + at + 2]) for at in (5, 7))
            return width, height
        place += 2 + length
    return None


class ImagesReader:
    """Reads the frames of a folder or list of pictures."""

    def __init__(self, folder: Path, names: Sequence[str], width: int, height: int) -> None:
        self._folder = folder
        self._names = names
        self._width = width
        self._height = height

    def read(self, frame: int, wanted: Callable[[], bool] = lambda: True) -> NDArray[np.uint8]:  # noqa: ARG002 - one picture is read faster than anybody changes their mind
        """(height, width, 3) BGR of this frame."""
        if not 0 <= frame < len(self._names):
            raise VideoUnreadableError(
                f"{self._folder} has the frames 0 to {len(self._names) - 1}, so there is no "
                f"frame {frame}. Look whether pictures were taken away."
            )
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

    def distance(self, frame: int) -> int:  # noqa: ARG002 - all are equally near
        """Every picture stands alone."""
        return 1

    def close(self) -> None:
        """Nothing is held open."""


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), part) if part.isdigit() else (-1, part) for part in parts]
