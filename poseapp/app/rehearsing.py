"""What a worker does to teach MATAL's agents: look at the labelled frames, and let them play."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport, Report
from poseapp.learn.matal.settings import Settings
from poseapp.learn.oracle.settings import Effort, Sight
from poseapp.media.reader import FrameReader

if TYPE_CHECKING:
    from poseapp.learn.oracle.annotator import Annotator
    from poseapp.learn.oracle.seen import Seen

CHECKPOINT = "agents.checkpoint.safetensors"
_SEED = 0


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Teach agents on these labels."""

    labels: LabelSet
    """Every frame has a keypoint."""
    frames: FrameReader
    settings: Settings
    sight: Sight
    known: int
    """Labelled frames of the project, of which `labels` may be a part."""
    device: str
    """That describes frames; the agents compute on the CPU."""
    threads: int | None
    cache: Path
    """Of the project."""
    store: Path
    """Of the program: where the net that describes frames is kept."""
    out: Path
    """The run's folder: the team, and until it is done what it goes on from."""


@dataclass(frozen=True, slots=True)
class Taught:
    """How it went."""

    earned: list[float]
    """Per cent of accuracy that each episode brought."""
    frames: int
    """That were played with."""


def teach(request: Rehearse, report: Report) -> Taught:
    """Let a team learn and leave it in the run's folder; a stopped one is gone on with.

    Raises:
        TrainingError: when too few frames can be read, or the disk takes no more.
        JobCancelled: when a person stopped it; what was learnt so far is kept.
    """
    from poseapp.learn.oracle.annotator import Annotator
    from poseapp.learn.oracle.frozen_trunk import FrozenTrunk
    from poseapp.learn.oracle.rehearsal import Rehearsal, first_weights, rehearse
    from poseapp.learn.train import checkpoint

    looks = _looks(request, PartOfReport(report, 0.0, 0.05))
    annotator = Annotator(request.labels.only(looks), tuple(sorted(looks)), ())
    seen = _see(request, annotator, PartOfReport(report, 0.05, 0.2))
    settings, start = first_weights(request.settings)
    trunk = FrozenTrunk(seen, Effort())
    game = Rehearsal(annotator, trunk, annotator.pool, settings, looks=looks)
    playing, saved = PartOfReport(report, 0.2, 1.0, "Playing"), request.out / CHECKPOINT
    team = rehearse(game, settings, _SEED, playing, start=start, saved=saved)
    replace(team, trained_on=request.known).save(request.out)
    shutil.rmtree(_sights(request), ignore_errors=True)
    kept = checkpoint.load(saved)
    return Taught(kept[1]["history"] if kept else [], game.labels)


def _looks(request: Rehearse, report: Report) -> dict[FrameRef, NDArray[np.float32]]:
    """How the frames look to the agents when they pick; those that cannot be read are left out."""
    from poseapp.infer.features import best_descriptor, features

    refs = request.labels.frames
    describe = best_descriptor(request.store, device=request.device, threads=request.threads)
    videos, cache = request.labels.videos, request.cache
    rows = features(refs, videos, request.frames, report, describe, cache)
    return {ref: row for ref, row in zip(refs, rows, strict=True) if np.isfinite(row[0])}


def _see(request: Rehearse, annotator: Annotator, report: Report) -> Seen:
    """What the trunk sees of the frames; kept until the team is done, and of these labels alone."""
    from poseapp.learn.oracle.course import digest
    from poseapp.learn.oracle.seen import look

    facts = {"labels": annotator.labels.digest(), "sight": asdict(request.sight)}
    folder = _sights(request) / digest(facts)
    for other in _sights(request).glob("*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return look(annotator, request.frames, request.sight, folder, report)


def _sights(request: Rehearse) -> Path:
    return request.cache / "agents"
