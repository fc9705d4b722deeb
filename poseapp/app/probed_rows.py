"""What was probed of frames, kept for as long as the same net is asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.video import Video
from poseapp.infer.predict import digest
from poseapp.infer.reading import wanted_of
from poseapp.infer.shelf import Rows, Shelf, gathered
from poseapp.learn.select.probed import Aspect

_COLUMN = "values"


class ProbedRows:
    """A shelf for each aspect of one net; those of other nets are thrown away."""

    def __init__(
        self,
        cache: Path | None,
        run_folder: Path,
        aspects: Collection[Aspect],
        labels: LabelSet,
        videos: Sequence[Video],
    ) -> None:
        """What is measured against the labels is kept for these `labels` alone."""
        folder, net = cache / "probed" if cache else None, digest(run_folder)
        against = {Aspect.EXPECTED_GRADIENT: f"-{labels.digest()[:16]}"}
        kinds = {aspect: f"{net}-{aspect}{against.get(aspect, '')}" for aspect in aspects}
        self._videos = videos
        self._shelves = {aspect: Shelf(folder, kind) for aspect, kind in kinds.items()}
        self._rows: dict[Aspect, dict[VideoId, Rows]] = {
            aspect: {v.id: rows for v in videos if (rows := shelf.read(v)) is not None}
            for aspect, shelf in self._shelves.items()
        }
        if folder is not None:
            _tidy(folder, net, kinds)

    def missing(self, refs: Sequence[FrameRef]) -> tuple[FrameRef, ...]:
        """Those of which an aspect is not known."""
        lacking: set[FrameRef] = set()
        for wanted in wanted_of(refs, self._videos):
            ours = wanted.refs()
            frames = np.array([ref.frame for ref in ours], np.int64)
            for of_videos in self._rows.values():
                rows = of_videos.get(wanted.video.id)
                there = np.zeros(len(ours), bool) if rows is None else rows.find(frames)[0]
                lacking.update(ours[n] for n in np.flatnonzero(~there))
        return tuple(ref for ref in refs if ref in lacking)

    def gathered(
        self,
        refs: Sequence[FrameRef],
        new: Sequence[FrameRef],
        found: Mapping[Aspect, NDArray],
    ) -> dict[Aspect, NDArray]:
        """Every aspect with a row for each of `refs`, after what was `found` of `new` was kept."""
        for aspect, values in found.items():
            if np.isfinite(values).any():  # else no body was seen, and the rows have no shape
                self._keep(aspect, new, values)
        nothing = np.full((len(refs), 1), np.nan)
        return {
            aspect: gathered(refs, rows).get(_COLUMN, nothing)
            for aspect, rows in self._rows.items()
        }

    def _keep(self, aspect: Aspect, refs: Sequence[FrameRef], values: NDArray) -> None:
        of_video = np.array([ref.video for ref in refs])
        frames = np.array([ref.frame for ref in refs], np.int64)
        for video in self._videos:
            if (of_video == video.id).any():
                own = of_video == video.id
                rows = Rows(frames[own], {_COLUMN: values[own]})
                self._rows[aspect][video.id] = self._shelves[aspect].add(video, rows)


def _tidy(folder: Path, net: str, kinds: Mapping[Aspect, str]) -> None:
    """Remove what other nets said, and what was measured against other labels."""
    for file in folder.glob("*.npz"):
        asked = any(file.name.startswith(f"{net}-{aspect}") for aspect in kinds)
        current = any(file.name.startswith(f"{kind}-") for kind in kinds.values())
        if not file.name.startswith(net) or (asked and not current):
            file.unlink(missing_ok=True)
