"""Before and after: the frames on which two nets differ most, to be judged by eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, RunId
from poseapp.domain.metrics import pixel_errors
from poseapp.domain.pose import Instance
from poseapp.domain.run import Run, RunKind
from poseapp.store.project import Project

LOOKED_AT = 240
"""Frames over all videos, evenly spread: enough to find what changed, soon read."""
_APART_S = 1.0
"""Frames nearer than this look alike, so that one of them will do."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A frame as two nets see it."""

    frame: FrameRef
    before: tuple[Instance, ...]
    after: tuple[Instance, ...]
    keypoint: int
    """The one that moved farthest."""
    moved_px: float
    """How far it did."""
    change: float
    """Mean distance of all keypoints in px."""


def predictions_of(project: Project, training: RunId) -> RunId | None:
    """The newest run that predicted videos with the net of this training."""
    of_net = [run for run in project.runs.all(RunKind.INFERENCE) if run.parent == training]
    return of_net[-1].id if of_net else None


def training_before(project: Project, training: RunId) -> Run | None:
    """The newest training before this one whose net has predicted something."""
    earlier: list[Run] = []
    for run in project.runs.all(RunKind.TRAINING):
        if run.id == training:
            break
        earlier.append(run)
    return next((r for r in reversed(earlier) if predictions_of(project, r.id)), None)


def pairs(project: Project, before: RunId, after: RunId, most: int = 6) -> tuple[Pair, ...]:
    """The frames that changed most between two runs over the videos, the farthest first.

    Only frames that both runs predicted are compared, at most `LOOKED_AT` of them.
    """
    found = []
    for ref in _spread(project):
        old, new = project.predictions.at(ref, before), project.predictions.at(ref, after)
        if old and new and (pair := _compared(ref, old, new)) is not None:
            found.append(pair)
    found.sort(key=lambda pair: -pair.change)
    return _apart(project, found, most)


def _spread(project: Project) -> list[FrameRef]:
    videos = project.videos.all()
    total = sum(video.frame_count for video in videos)
    refs = []
    for video in videos:
        share = max(1, round(LOOKED_AT * video.frame_count / max(total, 1)))
        numbers = np.linspace(0, video.frame_count - 1, min(share, video.frame_count))
        refs += [FrameRef(video.id, int(n)) for n in numbers.round()]
    return refs


def _compared(
    ref: FrameRef, before: tuple[Instance, ...], after: tuple[Instance, ...]
) -> Pair | None:
    """Each body of the newer run is compared with the older one that is nearest to it."""
    apart = [_nearest(body, before) for body in after]
    known = [distances for distances in apart if distances is not None]
    if not known:
        return None
    moved = np.nanmax(np.where(np.isnan(known), -1.0, known), axis=0)
    keypoint = int(moved.argmax())
    return Pair(ref, before, after, keypoint, float(moved[keypoint]), float(np.nanmean(known)))


def _nearest(body: Instance, others: tuple[Instance, ...]) -> NDArray[np.float64] | None:
    """(K,) distances to the nearest body, NaN where either lacks the keypoint."""
    distances = [pixel_errors(body.points, other.points) for other in others]
    known = [d for d in distances if np.isfinite(d).any()]
    return min(known, key=lambda d: float(np.nanmean(d)), default=None)


def _apart(project: Project, found: list[Pair], most: int) -> tuple[Pair, ...]:
    gap = {video.id: _APART_S * (video.fps or 1.0) for video in project.videos.all()}
    kept: list[Pair] = []
    for pair in found:
        at = pair.frame
        near = (
            p.frame.video == at.video and abs(p.frame.frame - at.frame) < gap[at.video]
            for p in kept
        )
        if len(kept) < most and not any(near):
            kept.append(pair)
    return tuple(kept)
