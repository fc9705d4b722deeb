"""What was computed once for a frame and need not be again: rows by frame, one file a video."""

from __future__ import annotations

import hashlib
import logging
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.report import Report
from poseapp.domain.video import Video
from poseapp.infer.reading import FrameReader, Picture, Wanted, read_in_chunks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns of one video, a row a frame."""

    frames: NDArray[np.int64]
    """(N,) ascending, each once."""
    columns: Mapping[str, NDArray]
    """By name, each (N, …)."""

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Parts of one video that follow each other."""
        names = parts[0].columns
        columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in names}
        return cls(np.concatenate([part.frames for part in parts]), columns)

    def find(self, frames: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Which of `frames` have a row, and the numbers of those rows."""
        place = np.searchsorted(self.frames, frames)
        known = place < len(self.frames)
        known[known] = self.frames[place[known]] == frames[known]
        return known, place[known]

    def merged(self, newer: Rows) -> Rows:
        """Both; where a frame is in both, the newer row stands."""
        frames = np.concatenate([newer.frames, self.frames])
        frames, rows = np.unique(frames, return_index=True)
        columns = {
            name: np.concatenate([values, self.columns[name]])[rows]
            for name, values in newer.columns.items()
        }
        return Rows(frames, columns)


class Shelf:
    """Rows of one kind in the cache folder; without a folder nothing is kept."""

    def __init__(self, folder: Path | None, kind: str) -> None:
        self._folder = folder
        self._kind = kind

    def read(self, video: Video) -> Rows | None:
        """What is kept of this video; a file that cannot be read counts as missing."""
        file = self._file(video)
        if file is None or not file.exists():
            return None
        try:
            with file.open("rb") as opened, np.load(opened) as stored:
                columns = {name: stored[name] for name in stored.files}
        except (OSError, ValueError, zipfile.BadZipFile):
            return None
        return Rows(columns.pop("frames"), columns)

    def add(self, video: Video, rows: Rows) -> Rows:
        """Keep these rows beside those that are there already; all of them."""
        before = self.read(video)
        merged = before.merged(rows) if before else rows
        if (file := self._file(video)) is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_name(f"{file.name}.{os.getpid()}.part")
            with draft.open("wb") as out:
                np.savez(out, allow_pickle=False, frames=merged.frames, **merged.columns)
            draft.replace(file)
        return merged

    def _file(self, video: Video) -> Path | None:
        if self._folder is None:
            return None
        name = video.fingerprint or f"{video.path}{video.images}"
        mark = hashlib.sha256(name.encode()).hexdigest()[:16]
        return self._folder / f"{self._kind}-{mark}.npz"


Compute = Callable[[list[int], list[Picture]], Rows]
"""From frame numbers and their pictures to a row for each."""


def fill(
    shelf: Shelf,
    wanted: Sequence[Wanted],
    frames: FrameReader,
    compute: Compute,
    report: Report,
    batch: int = 8,
) -> dict[VideoId, Rows]:
    """All rows of these videos, after the missing wanted ones were computed and kept.

    Frames that cannot be read have no row. What is done when a person stops it is kept.
    """
    kept = {one.video.id: shelf.read(one.video) for one in wanted}
    missing = [_without(one, kept[one.video.id]) for one in wanted]
    total = sum(len(one.refs()) for one in missing)
    done = 0
    for one in missing:
        parts: list[Rows] = []
        try:
            for numbers, pictures in read_in_chunks(frames, one.refs(), batch, _leave_out):
                parts.append(compute(numbers, pictures))
                done += len(numbers)
                report.progress(done / total, f"{one.video.name}: frame {done:,} of {total:,}")
        finally:
            if parts:
                kept[one.video.id] = shelf.add(one.video, Rows.joined(parts))
    return {video: rows for video, rows in kept.items() if rows is not None}


def _without(one: Wanted, known: Rows | None) -> Wanted:
    if known is None:
        return one
    frames = np.array([ref.frame for ref in one.refs()], np.int64)
    there, _ = known.find(frames)
    return Wanted(one.video, tuple(int(frame) for frame in frames[~there]))


def _leave_out(ref: FrameRef, error: VideoUnreadableError) -> None:
    log.info("frame %d of video %d is left out: %s", ref.frame, ref.video, error)


def gathered(refs: Sequence[FrameRef], rows: Mapping[VideoId, Rows]) -> dict[str, NDArray]:
    """The columns with one row for each ref, in their order; NaN where there is none."""
    result: dict[str, NDArray] = {}
    videos = np.array([ref.video for ref in refs])
    frames = np.array([ref.frame for ref in refs], np.int64)
    for video, of_video in rows.items():
        places = np.flatnonzero(videos == video)
        known, numbers = of_video.find(frames[places])
        for name, values in of_video.columns.items():
            shape = (len(refs), *values.shape[1:])
            column = result.setdefault(name, np.full(shape, np.nan, np.float32))
            column[places[known]] = values[numbers]
    return result
