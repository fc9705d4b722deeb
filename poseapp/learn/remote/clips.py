"""Clips: one individual's frames around its labels, ready to be paired."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import Report
from poseapp.domain.video import VideoKind
from poseapp.learn.batches import Sample, make_sample
from poseapp.learn.remote.individuals import Presence, presences
from poseapp.learn.remote.partners import action_set
from poseapp.learn.remote.shots import STILL, changes, shots, small_copy
from poseapp.learn.train.plan import FrameReader, Plan

MOST_FRAMES = 3000
"""Held in memory, 0.2 MB each at 128 px; of more every second, third, … unlabelled one is left."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """N frames of one individual in order; rows count from 0."""

    video: VideoId
    frames: NDArray[np.intp]
    """(N,) ascending, perhaps with gaps."""
    samples: tuple[Sample, ...]
    """Points are NaN but where the individual is labelled."""
    labelled: NDArray[np.bool_]
    """(N,)"""
    shots: NDArray[np.intp]
    """(N,)"""
    moves: bool
    """Whether any frame differs from the one before."""

    def ref(self, row: int | np.intp) -> FrameRef:
        return FrameRef(self.video, int(self.frames[row]))

    def anchors(self, taught: Collection[FrameRef]) -> list[int]:
        """Rows of the labelled frames that may be learnt from."""
        return [int(row) for row in np.flatnonzero(self.labelled) if self.ref(row) in taught]

    def partners(self, anchor: int, window: int, taught: Collection[FrameRef]) -> NDArray[np.intp]:
        """Rows of the unlabelled frames that the labelled one may be paired with.

        None across a cut, and none that is as near to a label that is kept apart as to one that
        may be learnt from: those would give away what the label measures.
        """
        known = np.flatnonzero(self.labelled)
        apart = np.array([self.ref(row) not in taught for row in known])
        distance = np.abs(self.frames[:, None] - self.frames[known])
        far = np.full(len(self.frames), np.iinfo(np.intp).max)
        nearest_taught = distance[:, ~apart].min(axis=1) if (~apart).any() else far
        nearest_apart = distance[:, apart].min(axis=1) if apart.any() else far
        free = (
            ~self.labelled & (self.shots == self.shots[anchor]) & (nearest_taught < nearest_apart)
        )
        inside = action_set(int(self.frames[anchor]), window, self.frames[free])
        return np.flatnonzero(np.isin(self.frames, inside) & free)


def usable_anchors(clip: Clip, window: int, taught: Collection[FrameRef]) -> list[int]:
    """Rows of the labels that have a partner; none where nothing moves."""
    if not clip.moves:
        return []
    return [a for a in clip.anchors(taught) if len(clip.partners(a, window, taught))]


def make_clips(
    labels: LabelSet, frames: FrameReader, plan: Plan, window: int, report: Report
) -> list[Clip]:
    """A clip for every body and every time it is in the picture; all labels count as labelled."""
    found = presences(labels)
    reach = _thinned(found, [presence.reach(window) for presence in found])
    wanted: dict[FrameRef, list[tuple[int, int]]] = {}
    for n, (presence, numbers) in enumerate(zip(found, reach, strict=True)):
        for row, number in enumerate(numbers):
            wanted.setdefault(FrameRef(presence.video, number), []).append((n, row))
    middles = [p.middles(numbers) for p, numbers in zip(found, reach, strict=True)]
    samples: list[list[Sample]] = [[] for _ in found]
    copies: list[list[NDArray[np.float32]]] = [[] for _ in found]
    for done, (ref, picture) in enumerate(frames.read_many(sorted(wanted))):
        report.progress(done / len(wanted), f"frame {done + 1} of {len(wanted)}")
        size, copy = (picture.shape[1], picture.shape[0]), small_copy(picture)
        for n, row in wanted[ref]:
            (framing,) = plan.framings(size, [middles[n][row : row + 1]])
            points = found[n].bodies.get(ref.frame, _unknown(labels))
            samples[n].append(make_sample(picture, framing, points))
            copies[n].append(copy)
    return [
        _clip(presence, numbers, samples[n], np.stack(copies[n]), _is_film(labels, presence))
        for n, (presence, numbers) in enumerate(zip(found, reach, strict=True))
    ]


def _clip(
    presence: Presence,
    numbers: list[int],
    samples: list[Sample],
    copies: NDArray[np.float32],
    film: bool,
) -> Clip:
    return Clip(
        presence.video,
        np.array(numbers, np.intp),
        tuple(samples),
        np.array([number in presence.bodies for number in numbers]),
        shots(copies, film=film),
        bool((changes(copies) > STILL).any()),
    )


def _is_film(labels: LabelSet, presence: Presence) -> bool:
    return labels.video(presence.video).kind is VideoKind.FILE


def _thinned(found: Sequence[Presence], reach: list[list[int]]) -> list[list[int]]:
    step = -(-sum(map(len, reach)) // MOST_FRAMES)
    return [
        [n for n in numbers if n in presence.bodies or n % step == 0]
        for presence, numbers in zip(found, reach, strict=True)
    ]


def _unknown(labels: LabelSet) -> NDArray[np.float64]:
    return np.full((len(labels.skeleton), 2), np.nan)
