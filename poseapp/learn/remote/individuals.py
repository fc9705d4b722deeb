"""Individuals: the labels of one body through time, cut where it left the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from poseapp.domain.ids import VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.metrics import box_size
from poseapp.domain.pose import Instance
from poseapp.learn.train.plan import middle

_REACH = 2.5
"""Body sizes that an individual without a track may be away from where it was labelled last."""


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """One body while it is in the picture: no labelled frame in between lacks it."""

    video: VideoId
    bodies: dict[int, NDArray[np.float64]]
    """Labelled frame → (K, 2) pixels, NaN where absent; in order."""
    first: int
    last: int
    """Frames beyond which it was labelled as not there, or where the video ends."""

    def reach(self, window: int) -> list[int]:
        """Its frames within so many of one of its labels, in order."""
        near = {n for f in self.bodies for n in range(f - window, f + window + 1)}
        return sorted(n for n in near if self.first <= n <= self.last)

    def middles(self, frames: list[int]) -> NDArray[np.float64]:
        """(N, 2) where its middle is: on a line between labels, held still before and after."""
        known = np.array([middle(body) for body in self.bodies.values()])
        at = list(self.bodies)
        return np.stack([np.interp(frames, at, column) for column in known.T], axis=1)


def presences(labels: LabelSet) -> list[Presence]:
    """Every body's times in the picture, video by video."""
    found: list[Presence] = []
    for video in labels.videos:
        looked = sorted(
            {r.frame for r in (*labels.frames, *labels.empty_frames) if r.video == video.id}
        )
        of_video = [i for i in labels.instances if i.frame.video == video.id and i.present.any()]
        for bodies in _individuals(of_video):
            found += _cut(video.id, bodies, looked, video.frame_count)
    return found


def _individuals(instances: list[Instance]) -> list[dict[int, NDArray[np.float64]]]:
    """By track where there is one, else by who is nearest from label to label."""
    tracked: dict[int, dict[int, NDArray[np.float64]]] = {}
    loose: dict[int, list[NDArray[np.float64]]] = {}
    for instance in instances:
        if instance.track is not None:
            tracked.setdefault(instance.track, {})[instance.frame.frame] = instance.points
        else:
            loose.setdefault(instance.frame.frame, []).append(instance.points)
    return [*tracked.values(), *_linked(loose)]


def _linked(
    bodies: dict[int, list[NDArray[np.float64]]],
) -> list[dict[int, NDArray[np.float64]]]:
    chains: list[dict[int, NDArray[np.float64]]] = []
    for frame in sorted(bodies):
        here = bodies[frame]
        last = [next(reversed(chain.values())) for chain in chains]
        away = np.array([[_away(one, other) for other in here] for one in last])
        taken = set()
        away = away.reshape(len(last), len(here))
        for row, column in zip(*linear_sum_assignment(away), strict=True):
            if away[row, column] <= _REACH:
                chains[row][frame] = here[column]
                taken.add(int(column))
        chains += [{frame: body} for n, body in enumerate(here) if n not in taken]
    return chains


def _away(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Between their middles, in sizes of the larger."""
    size = max(float(box_size(one)), float(box_size(other)), 1.0)
    return float(np.linalg.norm(np.subtract(middle(one), middle(other)))) / size


def _cut(
    video: VideoId, bodies: dict[int, NDArray[np.float64]], looked: list[int], count: int
) -> list[Presence]:
    """A new presence wherever a labelled frame in between lacks the body."""
    parts: list[Presence] = []
    run: dict[int, NDArray[np.float64]] = {}
    since = 0
    for frame in [*looked, count]:
        if frame in bodies:
            run[frame] = bodies[frame]
            continue
        if run:
            parts.append(Presence(video, run, since, frame - 1))
            run = {}
        since = frame + 1
    return parts
