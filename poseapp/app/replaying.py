"""What a worker does to tell whether labelling is worth it: replay a project's labels."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from poseapp.domain.labels import LabelSet
from poseapp.domain.metrics import box_size
from poseapp.domain.report import PartOfReport, Report
from poseapp.learn.oracle.settings import Sight
from poseapp.learn.oracle.worth import Replays, Worth, worth
from poseapp.media.reader import FrameReader
from poseapp.store.project import Project

if TYPE_CHECKING:
    from poseapp.learn.oracle.replay import Order

MOST_FRAMES = 1500
"""Of more labelled frames the first are replayed; the curve goes on from there."""
_SIGHT = Sight(copies=0)
_METHOD = 2
"""Raised when replays come out differently from before."""
_SHARE_OF_LOOKING = 0.4


@dataclass(frozen=True, slots=True)
class Weigh:
    """Say what the labels of a project were worth, and what more would be."""

    project: Path
    cache: Path
    """Of the project: replays are kept there, until the labels change."""
    more: int
    """Labels of the next batch."""


def weigh(request: Weigh, report: Report) -> Worth:
    """Replay the labels as they are now, unless that was done before.

    Raises:
        SelectionError: when there are too few labels, or they lie too close to each other.
        JobCancelled: when a person stopped it.
    """
    from poseapp.learn.oracle.course import digest
    from poseapp.learn.oracle.replay import Order

    with Project.open(request.project, read_only=True) as project:
        labels = project.labels.snapshot()
    there = {video.id for video in labels.videos if video.path.exists()}
    labels = labels.only([ref for ref in labels.frames if ref.video in there])
    order = Order.of(labels, np.random.default_rng(0))
    now, order = len(order.frames), order.first(MOST_FRAMES)
    facts = {
        "method": _METHOD,
        "labels": labels.digest(),
        "order": [[ref.video, ref.frame] for ref in order.frames],
    }
    kept = _Kept(request.cache / "worth" / "replays.json", digest(facts))
    replays = kept.find()
    if replays is None:
        replays = _replays(labels, order, request.cache, report)
        kept.keep(replays)
    sizes = box_size(labels.points())
    body_px = float(np.median(sizes[np.isfinite(sizes)])) if np.isfinite(sizes).any() else 0.0
    return worth(replays, now, request.more, body_px, _notes(now, order, replays))


def _replays(labels: LabelSet, order: Order, cache: Path, report: Report) -> Replays:
    from poseapp.learn.oracle.linear_readout import LinearReadout
    from poseapp.learn.oracle.replay import everything, replay, split
    from poseapp.learn.oracle.seen import look

    teacher = everything(labels, order)
    split(teacher)  # before any work is done for labels that cannot be split
    frames = FrameReader(labels.videos, cache)
    looking = PartOfReport(report, 0.0, _SHARE_OF_LOOKING)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="draft-") as scratch:
        seen = look(teacher, frames, _SIGHT, Path(scratch) / "seen", looking)
        frames.close()
        learner = LinearReadout(seen)
        return replay(teacher, learner, order, PartOfReport(report, _SHARE_OF_LOOKING, 1.0))


def _notes(now: int, order: Order, replays: Replays) -> tuple[str, ...]:
    notes = []
    if replays.yours is None:
        notes.append(
            f"{order.together} of the {len(order.frames)} labelled frames were imported, so that "
            "nothing tells in which order they were labelled. Chance alone is replayed."
        )
    if now > len(order.frames):
        notes.append(f"The first {len(order.frames):,} labelled frames are replayed.")
    return tuple(notes)


class _Kept:
    """The replays of the labels as they were last, in one file."""

    def __init__(self, file: Path, digest: str) -> None:
        self._file = file
        self._digest = digest

    def find(self) -> Replays | None:
        """Those of these labels; a file that cannot be read is as good as none."""
        try:
            document: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if document.get("digest") != self._digest:
            return None
        yours = document["yours"]
        return Replays(
            np.array(document["labels"], np.intp),
            None if yours is None else np.array(yours, np.float64),
            np.array(document["random"], np.float64),
        )

    def keep(self, replays: Replays) -> None:
        """Write them whole or not at all."""
        document = {
            "digest": self._digest,
            "labels": replays.labels.tolist(),
            "yours": None if replays.yours is None else replays.yours.tolist(),
            "random": replays.random.tolist(),
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._file.parent, prefix="draft-") as scratch:
            draft = Path(scratch) / self._file.name
            draft.write_text(json.dumps(document), encoding="utf-8")
            draft.replace(self._file)
