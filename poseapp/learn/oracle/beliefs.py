"""What a net says of the whole pool, as selectors are told it in the app."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, TrackId, VideoId
from poseapp.domain.metrics import box_size, oks
from poseapp.domain.video import VideoKind
from poseapp.learn.oracle.annotator import Annotator
from poseapp.learn.oracle.estimator import Guesses, OpenNet, Question, TrainedNet
from poseapp.learn.select.base import Predicted
from poseapp.learn.select.motion import MOST_FRAMES, jumps, swaps
from poseapp.learn.select.probed import Aspect, Probed


def beliefs(annotator: Annotator, net: TrainedNet) -> Predicted:
    """One row a frame of the pool, about the body the net doubts most."""
    guesses = net.guess(annotator.pool)
    jump_px, swapped = _motion(annotator, guesses.points)
    doubted = most_doubted(annotator, annotator.pool, guesses)
    return Predicted(
        guesses.points[doubted].astype(np.float32),
        guesses.scores[doubted],
        guesses.entropy[doubted],
        guesses.second_ratio[doubted],
        guesses.second_px[doubted],
        jump_px[doubted],
        swapped[doubted],
    )


def insides(
    annotator: Annotator,
    net: OpenNet,
    labelled: Sequence[FrameRef],
    aspects: Collection[Aspect],
    skill: float,
) -> Probed:
    """What the net's insides say of the pool, one row a frame."""
    previous = np.full(sum(len(annotator.bodies_in(ref)) for ref in annotator.pool), -1)
    for rows, frames in _paths(annotator).values():
        close = np.diff(frames) <= MOST_FRAMES
        previous[rows[1:]] = np.where(close, rows[:-1], -1)
    poses = annotator.bodies(labelled)
    return net.probe(Question(aspects, annotator.pool, previous, labelled, poses, skill))


def skill(annotator: Annotator, net: TrainedNet, unlearnt: Sequence[FrameRef]) -> float:
    """Mean OKS of a net on frames that it has not learnt; 0 where no body there has a size."""
    truth = annotator.bodies(unlearnt)
    likeness = oks(net.guess(unlearnt).points, truth, box_size(truth) ** 2)
    known = likeness[np.isfinite(likeness)]
    return float(known.mean()) if len(known) else 0.0


def most_doubted(
    annotator: Annotator, refs: Sequence[FrameRef], guesses: Guesses
) -> NDArray[np.intp]:
    """(N,) for each frame the row of its body with the least confidence."""
    doubted, first = [], 0
    for ref in refs:
        count = len(annotator.bodies_in(ref))
        doubted.append(first + int(guesses.scores[first : first + count].mean(axis=1).argmin()))
        first += count
    return np.array(doubted, np.intp)


def _motion(
    annotator: Annotator, points: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(M, K) jumps and (M, P) swaps, along each individual of each film."""
    skeleton = annotator.labels.skeleton
    jump_px = np.full(points.shape[:2], np.nan, np.float32)
    swapped = np.zeros((len(points), len(skeleton.pairs)), bool)
    for rows, frames in _paths(annotator).values():
        jump_px[rows] = jumps(np.array(frames), points[rows])
        swapped[rows] = swaps(np.array(frames), points[rows], skeleton)
    return jump_px, swapped


def _paths(
    annotator: Annotator,
) -> dict[tuple[VideoId, TrackId | None], tuple[list[int], list[int]]]:
    """The rows of bodies and their frames that belong to one individual in one film.

    Several bodies of a frame without a track cannot be told apart: they have no path.
    """
    films = {v.id for v in annotator.labels.videos if v.kind is VideoKind.FILE}
    paths: dict[tuple[VideoId, TrackId | None], tuple[list[int], list[int]]] = {}
    bodies = [body for ref in annotator.pool for body in annotator.bodies_in(ref)]
    for row, body in enumerate(bodies):
        if body.frame.video in films:
            rows, frames = paths.setdefault((body.frame.video, body.track), ([], []))
            rows.append(row)
            frames.append(body.frame.frame)
    return {who: path for who, path in paths.items() if len(set(path[1])) == len(path[1])}
