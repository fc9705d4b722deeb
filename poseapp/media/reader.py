"""Readers: any frame of a video, exactly the one asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from poseapp.domain.errors import VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.video import Video, VideoKind
from poseapp.media.film import Film
from poseapp.media.images import ImagesReader
from poseapp.media.index import FrameIndex, Numbering, decode, from_key, load_index

_OPEN_VIDEOS = 8


class VideoReader(Protocol):
    """The frames of one video; not to be shared between threads."""

    def read(self, frame: int) -> NDArray[np.uint8]:
        """(H, W, 3) BGR picture of this frame.

        Raises:
            VideoUnreadableError: when this frame is damaged or not there; others may be well.
        """
        ...

    def close(self) -> None: ...


def open_reader(video: Video, cache: Path | None) -> VideoReader:
    """A reader for this video; its index is kept in the cache folder where there is one.

    Raises:
        VideoUnreadableError: when the file is missing or cannot be decoded.
    """
    if video.kind is VideoKind.IMAGES:
        return ImagesReader(video.path, video.images, video.width, video.height)
    return FilmReader(video.path, load_index(video.path, video.fingerprint, cache))


class FilmReader:
    """Decodes a film from the nearest place before the frame, or reads on where that is nearer."""

    def __init__(self, path: Path, index: FrameIndex) -> None:
        self._film = Film(path)
        self._film.prime()
        self._index = index
        self._frames: Iterator[tuple[int, VideoFrame]] = iter(())
        self._next = len(index)
        """The next frame that reading on would give."""

    def read(self, frame: int) -> NDArray[np.uint8]:
        """(H, W, 3) BGR picture of this frame."""
        index = self._index
        if not 0 <= frame < len(index):
            raise VideoUnreadableError(
                f"{self._film.path} has frames 0 to {len(index) - 1}; there is no frame {frame}."
            )
        start = index.start_of(frame)
        if not index.key_frames[start] <= self._next <= frame:
            self._frames = self._decode_from(start)
        for number, picture in self._frames:
            self._next = number + 1
            if number == frame:
                return self._convert(picture)
            if number > frame:
                break
        raise VideoUnreadableError(f"Frame {frame} of {self._film.path} is damaged.")

    def close(self) -> None:
        self._film.close()

    def _decode_from(self, start: int) -> Iterator[tuple[int, VideoFrame]]:
        index, film = self._index, self._film
        for key in range(start, -1, -1):
            stamp = int(index.key_stamps[key])
            film.container.seek(stamp, stream=film.stream)
            for picture in decode(film, from_key(film, index.numbering, stamp)):
                if picture is None:
                    continue
                time = picture.pts if index.numbering is Numbering.PTS else picture.dts
                number = index.number_of(time)
                if number is not None and number >= index.key_frames[key]:
                    yield number, picture

    def _convert(self, picture: VideoFrame) -> NDArray[np.uint8]:
        image = picture.to_ndarray(format="bgr24")
        turned = np.rot90(image, self._index.rotation) if self._index.rotation else image
        return np.ascontiguousarray(turned, np.uint8)


class FrameReader:
    """Frames of several videos for work that runs elsewhere: picklable, opens files when needed."""

    def __init__(self, videos: Iterable[Video], cache: Path | None = None) -> None:
        self.videos: dict[VideoId, Video] = {video.id: video for video in videos}
        self._cache = cache
        self._open: OrderedDict[VideoId, VideoReader] = OrderedDict()

    def __reduce__(self) -> tuple[type[FrameReader], tuple[list[Video], Path | None]]:
        return FrameReader, (list(self.videos.values()), self._cache)

    def read(self, ref: FrameRef) -> NDArray[np.uint8]:
        """(H, W, 3) BGR picture of this frame."""
        return self._reader(ref.video).read(ref.frame)

    def read_many(
        self,
        refs: Iterable[FrameRef],
        unreadable: Callable[[FrameRef, VideoUnreadableError], None] | None = None,
    ) -> Iterator[tuple[FrameRef, NDArray[np.uint8]]]:
        """Each frame once with its picture, in the order that is cheapest to decode.

        Damaged frames are told to `unreadable` and left out; without it they raise.
        """
        for ref in sorted(set(refs)):
            try:
                picture = self.read(ref)
            except VideoUnreadableError as error:
                if unreadable is None:
                    raise
                unreadable(ref, error)
            else:
                yield ref, picture

    def close(self) -> None:
        """Let go of all files; reading opens them again."""
        while self._open:
            self._open.popitem()[1].close()

    def _reader(self, video: VideoId) -> VideoReader:
        if video in self._open:
            self._open.move_to_end(video)
            return self._open[video]
        if len(self._open) >= _OPEN_VIDEOS:
            self._open.popitem(last=False)[1].close()
        self._open[video] = open_reader(self.videos[video], self._cache)
        return self._open[video]
