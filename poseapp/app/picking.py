"""What a worker does for a round of suggestions: gather what is known of frames, and pick."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.app.posing import labelled_poses
from poseapp.app.tasks import Net
from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport, Report
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.suggestion import Suggestion
from poseapp.domain.video import Video, VideoKind
from poseapp.learn.select.base import Pool, Predicted, Selector
from poseapp.learn.select.frame_agent import FrameAgent
from poseapp.learn.select.matal import Matal
from poseapp.learn.select.registry import propose, selector_called
from poseapp.media.reader import FrameReader
from poseapp.store.project import Project


@dataclass(frozen=True, slots=True)
class Pick:
    """Pick frames from a snapshot of a project."""

    selector: str
    budget: int
    seed: int
    skeleton: Skeleton
    """Of the net where there is one, else of the project."""
    videos: tuple[Video, ...]
    candidates: tuple[FrameRef, ...]
    """Sorted."""
    stands_for: int
    """Frames of its video that each candidate speaks for."""
    labelled: tuple[FrameRef, ...]
    labels: LabelSet | None
    """What a person said of the labelled frames; None where the selector learns nothing of it."""
    agents: Path | None
    """Where a team, or a frame selection agent, has learnt; None where none has or is asked."""
    goal: int | None
    """Labels that there will be in the end; None leaves it to the agents."""
    net: Net | None
    """The net to be doubted; None before there is one."""
    device: str
    threads: int | None
    frames: FrameReader
    project: Path
    """Read for predictions, which never change once they are made."""
    cache: Path
    """Of the project."""
    store: Path
    """Of the program: where the net that describes frames is kept."""


def pick(request: Pick, report: Report) -> list[Suggestion]:
    """The frames to label next, best first; frames that cannot be read are left out."""
    selector = _ready(selector_called(request.selector), request, report)
    refs = (*request.candidates, *request.labelled)
    features = _features(request, refs, report)
    readable = np.isfinite(features[:, 0])
    count = len(request.candidates)
    rows, labelled = np.flatnonzero(readable[:count]), np.flatnonzero(readable[count:])
    candidates = tuple(request.candidates[row] for row in rows)
    known = tuple(request.labelled[row] for row in labelled)
    pool = Pool(
        request.skeleton,
        candidates,
        features[rows],
        np.full(len(candidates), request.stands_for),
        known,
        features[count + labelled],
        request.seed,
    )
    if selector.needs_net and request.net is not None and candidates:
        pool = _doubted(pool, selector, request, request.net, PartOfReport(report, 0.5, 0.9))
    return propose(selector, pool, request.budget, PartOfReport(report, 0.9, 1.0))


def _ready(selector: Selector, request: Pick, report: Report) -> Selector:
    """Agents with what they have learnt; all others as they are."""
    if request.agents is None:
        return selector
    try:
        if isinstance(selector, FrameAgent):
            return FrameAgent.load(request.agents)
        return Matal.load(request.agents, request.goal)
    except TrainingError:
        report.note("The file of the agents is damaged. They learn again with the next start.")
        return selector


def _doubted(pool: Pool, selector: Selector, request: Pick, net: Net, report: Report) -> Pool:
    """The pool with what the net says of it, as far as the selector asks for that."""
    asks, until = selector.asks, 0.4 if selector.asks else 1.0
    wanted = (*pool.candidates, *(pool.labelled if selector.compares_labels else ()))
    beliefs = _beliefs(request, net, wanted, PartOfReport(report, 0.0, until))
    count = len(pool.candidates)
    pool = replace(pool, predicted=beliefs.rows(np.arange(count)))
    if request.labels is None:
        return pool
    if selector.compares_labels:
        of_frame = (labelled_poses(request.labels, ref, pool.skeleton) for ref in pool.labelled)
        points = np.reshape([*chain.from_iterable(of_frame)], (-1, len(pool.skeleton), 2))
        said = beliefs.rows(np.arange(count, len(wanted)))
        return replace(pool, labelled_predicted=said, labelled_points=points)
    if not asks:
        return pool
    from poseapp.app.probing import Shown, probed

    shown = Shown(pool.candidates, pool.labelled, request.labels, request.videos, request.frames)
    part = PartOfReport(report, until, 1.0)
    return replace(
        pool, probed=probed(net.folder, pool.skeleton, shown, asks, net.device, part, request.cache)
    )


def _features(request: Pick, refs: tuple[FrameRef, ...], report: Report) -> NDArray[np.float32]:
    """(N, D), NaN for frames that cannot be read."""
    from poseapp.infer.features import best_descriptor, features

    describe = best_descriptor(request.store, device=request.device, threads=request.threads)
    part = PartOfReport(report, 0.0, 0.5, "Looking at frames")
    return features(refs, request.videos, request.frames, part, describe, request.cache)


def _beliefs(request: Pick, net: Net, refs: tuple[FrameRef, ...], report: Report) -> Predicted:
    """What the net says of these frames; where it was not asked before, it is now."""
    from poseapp.infer.beliefs import beliefs_of, beliefs_shelf
    from poseapp.infer.estimator import load_estimator
    from poseapp.infer.reading import Picture, wanted_of
    from poseapp.infer.shelf import Rows, fill, gathered

    estimator = load_estimator(net.folder, device=net.device, threads=net.threads)

    def ask(frames: list[int], pictures: list[Picture]) -> Rows:
        return beliefs_of(frames, estimator.predict(pictures), estimator.card.pose.stride)

    shelf = beliefs_shelf(request.cache, net.folder)
    wanted = wanted_of(refs, request.videos)
    rows = fill(shelf, wanted, request.frames, ask, report, estimator.batch)
    jump_px, swapped = _motion(request, refs)
    return Predicted(**gathered(refs, rows), jump_px=jump_px, swapped=swapped)


def _motion(
    request: Pick, refs: tuple[FrameRef, ...]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(N, K) jumps and (N, P) swaps: the worst of the bodies that stored predictions follow."""
    from poseapp.learn.select.motion import jumps, swaps

    row_of = {ref: row for row, ref in enumerate(refs)}
    jump_px = np.full((len(refs), len(request.skeleton)), np.nan, np.float32)
    swapped = np.zeros((len(refs), len(request.skeleton.pairs)), bool)
    with Project.open(request.project, read_only=True) as project:
        for video in request.videos:
            for frames, points in _paths(project, video, request.skeleton):
                found = [row_of.get(FrameRef(video.id, int(frame)), -1) for frame in frames]
                rows = np.array(found, int)
                asked = rows >= 0
                np.fmax.at(jump_px, rows[asked], jumps(frames, points)[asked])
                np.logical_or.at(
                    swapped, rows[asked], swaps(frames, points, request.skeleton)[asked]
                )
    return jump_px, swapped


def _paths(
    project: Project, video: Video, skeleton: Skeleton
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Frames and points, in the net's keypoints, of each body followed through a film.

    Pictures in a folder are no film: nobody knows how much time lies between them.
    """
    predictions = project.predictions.of_video(video.id)
    if video.kind is not VideoKind.FILE or predictions is None:
        return
    stored = {keypoint.uid: k for k, keypoint in enumerate(project.skeleton.keypoints)}
    for track in np.unique(predictions.tracks[predictions.tracks >= 0]):
        rows = np.flatnonzero(predictions.tracks == track)
        points = np.full((len(rows), len(skeleton), 2), np.nan, np.float32)
        for k, keypoint in enumerate(skeleton.keypoints):
            if keypoint.uid in stored:
                points[:, k] = predictions.points[rows, stored[keypoint.uid]]
        yield predictions.frames[rows], points
