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
from poseapp.media.decoder import Run, prime
from poseapp.media.film import Film, faults_as_sentences
from poseapp.media.frame_cache import FrameCache
from poseapp.media.images import ImagesReader
from poseapp.media.index import FrameIndex
from poseapp.media.indexing import load_index

Picture = NDArray[np.uint8]
Kept = FrameCache[tuple[int, int], VideoFrame]
"""Decoded frames by reader and number. They are half as large as pictures, and turning one into a
picture takes 1 ms or less."""

_KEPT_BYTES = 16 << 20
_OPEN_VIDEOS = 8


def kept_frames(limit: int) -> Kept:
    """A place for this many bytes of decoded frames."""
    return FrameCache(limit, lambda frame: sum(plane.buffer_size for plane in frame.planes))


class VideoReader(Protocol):
    """The frames of one video; not to be shared between threads."""

    def read(self, frame: int, wanted: Callable[[], bool] = ...) -> Picture:
        """(H, W, 3) BGR picture of this frame.

        Raises:
            VideoUnreadableError: when this frame is damaged or not there; others may be well.
            Abandoned: when `wanted` said no while it was decoded.
        """
        ...

    def distance(self, frame: int) -> int:
        """How many frames must be decoded to read this one."""
        ...

    def close(self) -> None: ...


def open_reader(video: Video, cache: Path | None, kept: Kept | None = None) -> VideoReader:
    """A reader for this video; its index is kept in the cache folder where there is one.

    `kept` is where a film's reader keeps what it decoded on the way.

    Raises:
        VideoUnreadableError: when the file is missing or cannot be decoded.
    """
    if video.kind is VideoKind.IMAGES:
        return ImagesReader(video.path, video.images, video.width, video.height)
    return FilmReader(video.path, load_index(video.path, video.fingerprint, cache), kept)


class Abandoned(Exception):  # noqa: N818 - not an error: the frame is not wanted any more
    """Raised by a read that `wanted` put an end to; reading goes on from there."""


class FilmReader:
    """Decodes a film from the nearest place before the frame, or reads on where that is nearer.

    What is decoded on the way is kept, so that a step back costs one GOP and the next ones
    nothing.
    """

    def __init__(self, path: Path, index: FrameIndex, kept: Kept | None = None) -> None:
        """`kept` may be shared by the readers of one thread."""
        self.index = index
        self._film = Film(path)
        prime(self._film, self._film.packets())
        self._settled_by = index.settled_by()
        self._kept = kept_frames(_KEPT_BYTES) if kept is None else kept
        self._run: Iterator[tuple[int, VideoFrame]] = iter(())
        self._run_start = 0
        self._next = len(index)
        """Which frame reading on would give next, if it is sound."""
        self._lost: set[int] = set()

    def read(self, frame: int, wanted: Callable[[], bool] = lambda: True) -> Picture:
        """(H, W, 3) BGR picture of this frame.

        Raises:
            VideoUnreadableError: when this frame is damaged or not there; others may be well.
            Abandoned: when `wanted` said no while it was decoded.
        """
        self._check(frame)
        found = self._kept.get((id(self), frame)) or self._decode(frame, wanted)
        return self._picture(found)

    def distance(self, frame: int) -> int:
        """How many frames must be decoded to read this one; 0 when it was kept."""
        self._check(frame)
        if (id(self), frame) in self._kept:
            return 0
        start = int(self.index.key_frames[self.index.start_of(frame)])
        return frame + 1 - (self._next if start <= self._next <= frame else start)

    def close(self) -> None:
        """Let go of the file and of what was kept."""
        self._kept.forget(lambda key: key[0] == id(self))
        self._film.close()

    def _check(self, frame: int) -> None:
        if not 0 <= frame < len(self.index):
            raise VideoUnreadableError(
                f"{self._film.path} has the frames 0 to {len(self.index) - 1}, so there is no "
                f"frame {frame}. Look whether another file took its place."
            )

    def _decode(self, frame: int, wanted: Callable[[], bool]) -> VideoFrame:
        start = self.index.start_of(frame)
        if not self.index.key_frames[start] <= self._next <= frame:
            self._begin(start)
        while frame not in self._lost:
            found = self._follow(frame, wanted)
            if found is not None:
                return found
            if frame not in self._lost:
                self._begin(max(start - 1, 0))
        raise VideoUnreadableError(
            f"Frame {frame} of {self._film.path} is damaged; frames around it may be well. "
            "Choose another frame, or copy the video again from where it was recorded."
        )

    def _begin(self, start: int) -> None:
        self._run = iter(Run(self._film, self.index, self._settled_by, start))
        self._run_start = start
        self._next = int(self.index.key_frames[start])

    def _follow(self, frame: int, wanted: Callable[[], bool]) -> VideoFrame | None:
        """Read on up to this frame; None when it is passed without coming out sound."""
        while self._next <= frame:
            if not wanted():
                raise Abandoned
            number, picture = next(self._run, (len(self.index), None))
            self._lost.update(n for n in range(self._next, number) if self._is_lost(n))
            self._next = number + 1
            if picture is not None:
                self._kept.put((id(self), number), picture)
                if number == frame:
                    return picture
        return None

    def _is_lost(self, passed: int) -> bool:
        """Whether a frame that the run passed over is damaged.

        Some streams are right only a while after the keyframe where they are entered, so the
        run must have begun a keyframe before the frame's own.
        """
        return self._run_start < max(self.index.start_of(passed), 1)

    def _picture(self, frame: VideoFrame) -> Picture:
        width, height = self.index.width, self.index.height
        if self.index.rotation % 2:
            width, height = height, width
        with faults_as_sentences(self._film.path):
            stored = frame.to_ndarray(format="bgr24", width=width, height=height)
        return np.ascontiguousarray(np.rot90(stored, self.index.rotation), np.uint8)


class Readers:
    """Readers of several videos, of which the ones used last are held open; for one thread."""

    def __init__(
        self, cache: Path | None, kept: Kept | None = None, held_open: int = _OPEN_VIDEOS
    ) -> None:
        self._cache = cache
        self._kept = kept
        self._held_open = held_open
        self._open: OrderedDict[VideoId, tuple[Video, VideoReader]] = OrderedDict()

    def of(self, video: Video) -> VideoReader:
        """The reader of this video, opened anew when the video is not what it was."""
        held, reader = self._open.pop(video.id, (None, None))
        if reader is None or held != video:
            if reader is not None:
                reader.close()
            reader = open_reader(video, self._cache, self._kept)
        self._open[video.id] = (video, reader)
        while len(self._open) > self._held_open:
            self._open.popitem(last=False)[1][1].close()
        return reader

    def close(self) -> None:
        """Let go of all files; `of` opens them again."""
        while self._open:
            self._open.popitem()[1][1].close()


class FrameReader:
    """Frames of several videos for work that runs elsewhere: picklable, opens files when needed."""

    def __init__(self, videos: Iterable[Video], cache: Path | None = None) -> None:
        self.videos: dict[VideoId, Video] = {video.id: video for video in videos}
        self._cache = cache
        self._readers = Readers(cache)

    def __reduce__(self) -> tuple[type[FrameReader], tuple[list[Video], Path | None]]:
        return FrameReader, (list(self.videos.values()), self._cache)

    def read(self, ref: FrameRef) -> Picture:
        """(H, W, 3) BGR picture of this frame."""
        return self._readers.of(self.videos[ref.video]).read(ref.frame)

    def read_many(
        self,
        refs: Iterable[FrameRef],
        unreadable: Callable[[FrameRef, VideoUnreadableError], None] | None = None,
    ) -> Iterator[tuple[FrameRef, Picture]]:
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
        self._readers.close()
