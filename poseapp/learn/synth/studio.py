"""The studio makes synthetic clips by number: the same number, the same clip, in any process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np

from poseapp.domain.ids import FrameRef
from poseapp.domain.video import Video
from poseapp.learn.synth.backdrop import Frames, cut_out
from poseapp.learn.synth.clothes import DRAWN_LOOK, Look
from poseapp.learn.synth.composite import Backdrop, SyntheticClip, synthetic_clip
from poseapp.learn.synth.performance import Performance
from poseapp.learn.synth.troupe import SIZE, Troupe
from poseapp.media.reader import FrameReader
from poseapp.nets.body.shipped import shipped_body

_IN_ONE_PIECE = 4
"""Clips that a worker makes before it is given more."""


class Studio:
    """Performances before pieces of videos.

    It is picklable: a worker process gets a copy.
    """

    def __init__(
        self,
        performances: Sequence[Performance],
        videos: Sequence[Video],
        frames: int,
        seed: int,
        *,
        kind: Backdrop = "occluded",
        look: Look = DRAWN_LOOK,
    ) -> None:
        self._performances, self._videos = list(performances), list(videos)
        self.frames, self.seed, self._look = frames, seed, look
        self._kind: Backdrop = kind
        self._reader = FrameReader(videos)
        self._troupe: Troupe | None = None

    def clip(self, number: int) -> SyntheticClip:
        """The clip of this number.

        Raises:
            VideoUnreadableError: when its backdrop cannot be read.
        """
        rng = np.random.default_rng([self.seed, number])
        if self._troupe is None:
            self._troupe = Troupe(shipped_body(), self._performances, self.frames)
        return synthetic_clip(self._troupe, self._backdrop(rng), rng, self._kind, self._look)

    def clips(self, numbers: Sequence[int], workers: int) -> Iterator[SyntheticClip]:
        """Clips in the order of their numbers, made by so many processes at once."""
        if workers < 2:
            yield from map(self.clip, numbers)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, context, _begin, (self._as_told(),)) as pool:
            yield from pool.map(_made, numbers, chunksize=_IN_ONE_PIECE)

    def _backdrop(self, rng: np.random.Generator) -> Frames:
        video = self._videos[rng.integers(len(self._videos))]
        first = int(rng.integers(max(video.frame_count - self.frames, 0) + 1))
        last = min(first + self.frames, video.frame_count)
        refs = [FrameRef(video.id, frame) for frame in range(first, last)]
        read = [picture for _, picture in self._reader.read_many(refs)]
        return cut_out(read, SIZE, self.frames, rng)

    def _as_told(self) -> Studio:
        return Studio(
            self._performances, self._videos, self.frames, self.seed,
            kind=self._kind, look=self._look,
        )  # fmt: skip


_studio: Studio | None = None
"""A worker process's own."""


def _begin(studio: Studio) -> None:
    global _studio
    _studio = studio
    cv2.setNumThreads(1)


def _made(number: int) -> SyntheticClip:
    assert _studio is not None
    return _studio.clip(number)
