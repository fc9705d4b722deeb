"""Proxies: a small picture of every frame of a film, each readable on its own.

Scrubbing through a film whose keyframes lie far apart would decode hundreds of frames for each
one shown. A proxy is two files that only ever grow: the pictures as JPEG, one behind the other,
and where each of them ends. What is there is whole at any moment, so that a proxy serves while
it is being made, and its making goes on where it was left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import VideoMissingError, VideoUnreadableError
from poseapp.domain.video import Video
from poseapp.media.thumbnails import fitted

Picture = NDArray[np.uint8]

FAR_APART = 48
"""A proxy pays when keyframes lie more frames apart than this."""
_LONG_SIDE = 640
_QUALITY = 80
_END = np.dtype("<i8")


class Reader(Protocol):
    """What is needed of a reader to make a proxy of its video."""

    def read(self, frame: int) -> Picture: ...


class Proxy:
    """The small pictures of one film that exist so far; to be used by one thread."""

    def __init__(self, video: Video, cache: Path) -> None:
        self._video = video
        self._pictures = cache / f"{video.fingerprint}.proxy"
        self._ends = cache / f"{video.fingerprint}.proxy-ends"
        self._known = np.zeros(1, np.int64)
        """Where each picture begins, and behind them where the last one ends."""

    def __len__(self) -> int:
        """How many of the first frames are there."""
        self._look()
        return len(self._known) - 1

    @property
    def is_whole(self) -> bool:
        return len(self) >= self._video.frame_count

    def read(self, frame: int) -> Picture | None:
        """(height, width, 3) BGR at the size of the film but less sharp; None where it is missing.

        Frames that cannot be decoded have no small picture either.
        """
        if frame + 1 >= len(self._known):
            self._look()
        if frame + 1 >= len(self._known):
            return None
        start, end = self._known[frame : frame + 2].tolist()
        try:
            with self._pictures.open("rb") as file:
                file.seek(start)
                content = np.frombuffer(file.read(end - start), np.uint8)
        except OSError:  # somebody emptied the cache
            return None
        small = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
        if small is None:
            return None
        full = cv2.resize(small, (self._video.width, self._video.height))
        return np.asarray(full, np.uint8)

    def extend(self, reader: Reader, wanted: Callable[[], bool]) -> bool:
        """Add frames until all are there (true) or until `wanted` says no (false).

        Raises:
            VideoMissingError: when the film went away.
            OSError: when the disk is full.
        """
        self._look()
        self._ends.parent.mkdir(parents=True, exist_ok=True)
        count, place = len(self._known) - 1, int(self._known[-1])
        with _at(self._ends, count * _END.itemsize) as ends, _at(self._pictures, place) as pictures:
            for frame in range(count, self._video.frame_count):
                if not wanted():
                    return False
                content = _jpeg(reader, frame)
                pictures.write(content)
                pictures.flush()  # a picture is there before its end is told
                place += len(content)
                ends.write(np.array(place, _END).tobytes())
                ends.flush()
        return True

    def _look(self) -> None:
        """Learn what is there now; what disagrees with itself counts as not there."""
        if not self._ends.is_file() or not self._pictures.is_file():
            self._known = np.zeros(1, np.int64)
            return
        content = self._ends.read_bytes()
        ends = np.frombuffer(content[: len(content) // _END.itemsize * _END.itemsize], _END)
        known = np.concatenate([[0], ends])
        sound = (np.diff(known) >= 0) & (ends <= self._pictures.stat().st_size)
        count = len(ends) if sound.all() else int(np.argmin(sound))
        self._known = known[: min(count, self._video.frame_count) + 1]


def _jpeg(reader: Reader, frame: int) -> bytes:
    try:
        picture = reader.read(frame)
    except VideoMissingError:
        raise
    except VideoUnreadableError:
        return b""
    small = fitted(picture, _LONG_SIDE, _LONG_SIDE)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


@contextmanager
def _at(path: Path, place: int) -> Iterator[BinaryIO]:
    """A file to write on from here; what stood behind is gone."""
    with path.open("r+b" if path.is_file() else "wb") as file:
        file.truncate(place)
        file.seek(place)
        yield file
