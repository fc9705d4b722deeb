"""The studio makes synthetic clips by number: the same number, the same clip, in any process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np

from poseapp.domain.ids import FrameRef
from poseapp.domain.video import Video
from poseapp.learn.synth.backdrop import Frames, cut_out
from poseapp.learn.synth.composite import Backdrop, SyntheticClip, synthetic_clip
from poseapp.learn.synth.performance import Performance
from poseapp.learn.synth.troupe import SIZE, Troupe
from poseapp.media.reader import FrameReader
from poseapp.nets.body.shipped import shipped_body

_IN_ONE_PIECE = 4
"""Clips that a worker makes before it is given more."""


class Studio:
    """Performances before pieces of videos; clips that were made are kept where a cache is given.

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
        cache: Path | None = None,
    ) -> None:
        self._performances, self._videos = list(performances), list(videos)
        self.frames, self.seed, self._cache = frames, seed, cache
        self._kind: Backdrop = kind
        self._reader = FrameReader(videos)
        self._troupe: Troupe | None = None

    def clip(self, number: int) -> SyntheticClip:
        """The clip of this number.

        Raises:
            VideoUnreadableError: when its backdrop cannot be read.
        """
        kept = None
        if self._cache is not None:
            kept = self._cache / f"{self._kind}_{self.seed}_{self.frames}_{number:06d}.npz"
            if kept.exists():
                return _read(kept)
        rng = np.random.default_rng([self.seed, number])
        if self._troupe is None:
            self._troupe = Troupe(shipped_body(), self._performances, self.frames)
        clip = synthetic_clip(self._troupe, self._backdrop(rng), rng, self._kind)
        if kept is not None:
            _write(clip, kept)
        return clip

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
        read = np.stack([picture for _, picture in self._reader.read_many(refs)])
        return cut_out(read, SIZE, self.frames, rng)

    def _as_told(self) -> Studio:
        return Studio(
            self._performances, self._videos, self.frames, self.seed,
            kind=self._kind, cache=self._cache,
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


def _write(clip: SyntheticClip, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(file.name + ".part")
    with draft.open("wb") as opened:
        np.savez(opened, **{field.name: getattr(clip, field.name) for field in fields(clip)})
    draft.replace(file)


def _read(file: Path) -> SyntheticClip:
    with np.load(file, allow_pickle=False) as stored:
        values = {field.name: stored[field.name] for field in fields(SyntheticClip)}
    values["focal_px"] = float(values["focal_px"])
    values["behind_superpixel"] = bool(values["behind_superpixel"])
    return SyntheticClip(**values)
