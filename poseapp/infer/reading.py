"""Pictures for the nets: decoding runs ahead of them in a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.video import Video

Picture = NDArray[np.uint8]
"""(H, W, 3) BGR."""


class FrameReader(Protocol):
    """Where pictures come from; `media.FrameReader` is one."""

    def read_many(
        self,
        refs: Iterable[FrameRef],
        unreadable: Callable[[FrameRef, VideoUnreadableError], None] | None = None,
    ) -> Iterator[tuple[FrameRef, Picture]]:
        """Each frame in ascending order; damaged ones go to `unreadable`."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some frames of a video; all of them when `frames` is None."""

    video: Video
    frames: tuple[int, ...] | None = None

    def refs(self) -> list[FrameRef]:
        frames = range(self.video.frame_count) if self.frames is None else sorted(set(self.frames))
        return [FrameRef(self.video.id, frame) for frame in frames]


def read_in_chunks(
    frames: FrameReader,
    refs: Iterable[FrameRef],
    size: int,
    unreadable: Callable[[FrameRef, VideoUnreadableError], None],
) -> Iterator[tuple[list[int], list[Picture]]]:
    """Frame numbers and pictures, `size` at a time; the next chunk is decoded meanwhile."""
    read = frames.read_many(refs, unreadable)
    background = ThreadPoolExecutor(1, thread_name_prefix="read ahead")
    try:
        upcoming = deque(background.submit(_take, read, size) for _ in range(2))
        while chunk := upcoming.popleft().result():
            upcoming.append(background.submit(_take, read, size))
            yield [ref.frame for ref, _ in chunk], [picture for _, picture in chunk]
    finally:
        background.shutdown(cancel_futures=True)


def _take(read: Iterator[tuple[FrameRef, Picture]], size: int) -> list[tuple[FrameRef, Picture]]:
    return list(islice(read, size))


def wanted_of(refs: Iterable[FrameRef], videos: Iterable[Video]) -> list[Wanted]:
    """The same frames, by video."""
    numbers: dict[VideoId, list[int]] = {}
    for ref in refs:
        numbers.setdefault(ref.video, []).append(ref.frame)
    return [Wanted(video, tuple(numbers[video.id])) for video in videos if video.id in numbers]
