"""Replay: a project's labels learnt again, in the order they were made and in orders by chance.

The labels are cross-validated, so that each measures once, and both orders learn from and are
measured on the same frames by the same estimator.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.metrics import pixel_errors
from poseapp.domain.pose import Origin
from poseapp.domain.report import Report
from poseapp.learn.batches import ENOUGH_VIDEOS
from poseapp.learn.oracle.annotator import Annotator, apart
from poseapp.learn.oracle.estimator import Learner
from poseapp.learn.oracle.worth import FEWEST_FRAMES, Replays
from poseapp.learn.select.words import counted

_FOLDS = 10
_FEWEST_FOLDS = 4
_STEPS = 8
"""Numbers of labels on a curve, evenly apart, of which one is half of all."""
_FEWEST_TAUGHT = 8


@dataclass(frozen=True, slots=True)
class Order:
    """The labelled frames, first made first."""

    frames: tuple[FrameRef, ...]
    together: int
    """So many at the start were brought in at once: their order says nothing."""

    @classmethod
    def of(cls, labels: LabelSet, chance: np.random.Generator) -> Order:
        """As the numbers of the labels tell, which rise as they are made.

        Frames without any keypoint are left out; those brought in come first, in any order.
        """
        made: list[tuple[int, FrameRef]] = []
        brought_in: list[FrameRef] = []
        for ref in labels.frames:
            bodies = [body for body in labels.at(ref) if body.present.any()]
            if bodies and all(body.origin is Origin.IMPORTED for body in bodies):
                brought_in.append(ref)
            elif bodies:
                made.append((min(body.id or 0 for body in bodies), ref))
        chance.shuffle(brought_in)
        return cls((*brought_in, *(ref for _, ref in sorted(made))), len(brought_in))

    def first(self, most: int) -> Order:
        """Its first frames."""
        return Order(self.frames[:most], min(self.together, most))

    def of_these(self, frames: Collection[FrameRef]) -> list[FrameRef]:
        """The order of some frames alone."""
        wanted = set(frames)
        return [ref for ref in self.frames if ref in wanted]


def everything(labels: LabelSet, order: Order) -> Annotator:
    """Knows the labels of these frames, all of which may be learnt from."""
    return Annotator(labels.only(order.frames), tuple(sorted(order.frames)), ())


def replay(
    annotator: Annotator,
    learner: Learner,
    order: Order,
    report: Report,
    *,
    repeats: int = 4,
    seed: int = 0,
) -> Replays:
    """Learn the annotator's pool again and again.

    Args:
        annotator: knows the labels.
        learner: learns them; both orders are its own `update` on frames alone.
        order: of the pool.
        report: told after every learning, where it may be stopped.
        repeats: orders by chance in each fold.
        seed: of these orders.

    Raises:
        SelectionError: when there are too few labels, or they lie too close to each other.
        JobCancelled: when a person stopped it.
    """
    folds = split(annotator)
    labels = _numbers(min(len(taught) for taught, _ in folds))
    known = order.together <= labels[-1] / 2
    yours, by_chance = [], []
    for fold, (taught, measured) in enumerate(folds):
        chance = np.random.default_rng((seed, fold))
        orders = [[taught[n] for n in chance.permutation(len(taught))] for _ in range(repeats)]
        orders += [order.of_these(taught)] if known else []
        errors = []
        for number, frames in enumerate(orders):
            report.progress((fold + number / len(orders)) / len(folds), "Replaying your labels")
            errors.append(_errors(annotator, learner, frames, labels, measured))
        by_chance.append(np.mean(errors[:repeats], axis=0))
        yours.append(errors[-1])
    measurable = np.isfinite(by_chance).all(axis=1) & np.isfinite(yours).all(axis=1)
    if measurable.sum() < _FEWEST_FOLDS:
        raise SelectionError("The replay found no keypoints to measure. Check the labels.")
    mine = np.array(yours)[measurable] if known else None
    return Replays(labels, mine, np.array(by_chance)[measurable])


def split(annotator: Annotator) -> list[tuple[list[FrameRef], list[FrameRef]]]:
    """(to learn from, to measure on) of each fold; sorted.

    Whole videos are held out where there are enough, else a block of time of each; frames nearer
    to them than half a second are in neither.

    Raises:
        SelectionError: when too little is left to learn from.
    """
    frames = annotator.pool
    if len(frames) < FEWEST_FRAMES:
        missing = FEWEST_FRAMES - len(frames)
        raise SelectionError(
            f"With {counted(len(frames), 'labelled frame')} nothing can be told yet. "
            f"Label {missing} more."
        )
    by_video: dict[VideoId, list[FrameRef]] = {}
    for ref in frames:
        by_video.setdefault(ref.video, []).append(ref)
    groups = _videos(by_video) if len(by_video) >= ENOUGH_VIDEOS else _blocks(by_video)
    gap = {video.id: apart(video) for video in annotator.labels.videos}
    folds = []
    for measured in groups:
        taught = _apart(frames, measured, gap)
        if len(taught) >= _FEWEST_TAUGHT:
            folds.append((taught, measured))
    if len(folds) < _FEWEST_FOLDS:
        raise SelectionError(
            "The labelled frames lie too close to each other to learn from some and measure on "
            "others. Label frames at other times or in other videos."
        )
    return folds


def _videos(by_video: dict[VideoId, list[FrameRef]]) -> list[list[FrameRef]]:
    """Whole videos in groups of about as many frames, the largest dealt out first."""
    groups: list[list[FrameRef]] = [[] for _ in range(min(_FOLDS, len(by_video)))]
    for frames in sorted(by_video.values(), key=len, reverse=True):
        min(groups, key=len).extend(frames)
    return [sorted(group) for group in groups]


def _blocks(by_video: dict[VideoId, list[FrameRef]]) -> list[list[FrameRef]]:
    """The first tenth of every video, the second tenth, and so on."""
    cut = [np.array_split(np.arange(len(frames)), _FOLDS) for frames in by_video.values()]
    found = []
    for fold in range(_FOLDS):
        rows = zip(by_video.values(), cut, strict=True)
        found.append([frames[n] for frames, parts in rows for n in parts[fold]])
    return [block for block in found if block]


def _apart(
    frames: Sequence[FrameRef], measured: Sequence[FrameRef], gap: Mapping[VideoId, int]
) -> list[FrameRef]:
    """The frames that are not nearer than the gap of their video to any that is measured."""
    at = {ref.video: np.array([m.frame for m in measured if m.video == ref.video])
          for ref in measured}  # fmt: skip
    return [
        ref
        for ref in frames
        if ref.video not in at or np.abs(at[ref.video] - ref.frame).min() >= gap[ref.video]
    ]


def _numbers(most: int) -> NDArray[np.intp]:
    """Numbers of labels after which is measured."""
    return np.unique(np.linspace(0, most, _STEPS + 1)[1:].round().astype(np.intp))


def _errors(
    annotator: Annotator,
    learner: Learner,
    frames: Sequence[FrameRef],
    labels: NDArray[np.intp],
    measured: Sequence[FrameRef],
) -> list[float]:
    """Mean error in pixels after so many of these frames."""
    truth = annotator.bodies(measured)
    errors = []
    for number in labels:
        net = learner.update(None, sorted(frames[:number]), 0, 1)[-1]
        away = pixel_errors(net.guess(measured).points, truth)
        found = away[np.isfinite(away)]
        errors.append(float(found.mean()) if len(found) else float("nan"))
    return errors
