"""Individuals through a video: the bodies that each frame shows, joined from frame to frame.

A frame shows its labels, and the predictions that no label stands for; one that was marked as empty
shows nobody. Bodies are followed by where they are; labels of one track are one individual,
however often it was lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from poseapp.app.posing import not_labelled
from poseapp.domain.ids import TrackId, VideoId
from poseapp.domain.pose import Instance, Visibility
from poseapp.infer.track import Tracker
from poseapp.store.project import Project

FEWEST_FRAMES = 5
"""Who was seen on fewer frames, none of them labelled, was hardly there."""
_HIDDEN = 0.5
"""How sure a person is of a point that they could not see."""
_SUREST = 0.999
"""A net can be; 1 is a person's word."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """One individual's keypoints."""

    name: str
    frames: NDArray[np.int64]
    """(T,) ascending."""
    points: NDArray[np.float64]
    """(T, K, 2) pixels, NaN where absent."""
    scores: NDArray[np.float64]
    """(T, K) confidences in 0..1; 1 where a person put a point."""
    labelled: NDArray[np.bool_]
    """(T,) whether a person said so."""


@dataclass(slots=True)
class _Thread:
    """What is known of an individual while the video is walked through."""

    bodies: dict[int, Instance] = field(default_factory=dict)
    track: TrackId | None = None


def followed(project: Project, video: VideoId) -> tuple[Followed, ...]:
    """Everybody in a video, in the order in which they appear."""
    names = {track.id: track.name for track in project.labels.tracks()}
    tracker = Tracker(mirrored=project.skeleton.flip_permutation())
    threads = _merged(_threads(shown_bodies(project, video), tracker))
    kept = [
        thread for thread in threads if _was_there(thread, project.videos.get(video).frame_count)
    ]
    kept.sort(key=lambda thread: min(thread.bodies))
    free = (name for n in count(1) if (name := f"Person {n}") not in names.values())
    return tuple(
        _followed(names[thread.track] if thread.track else next(free), thread.bodies)
        for thread in kept
    )


def shown_bodies(project: Project, video: VideoId) -> dict[int, tuple[Instance, ...]]:
    """The bodies of every frame that shows some, by frame in ascending order."""
    labels: dict[int, list[Instance]] = defaultdict(list)
    snapshot = project.labels.snapshot()
    for instance in snapshot.instances:
        if instance.frame.video == video:
            labels[instance.frame.frame].append(instance)
    empty = {ref.frame for ref in snapshot.empty_frames if ref.video == video}
    predicted: dict[int, list[Instance]] = defaultdict(list)
    predictions = project.predictions.of_video(video)
    for instance in predictions.instances() if predictions is not None else ():
        if instance.frame.frame not in empty:
            predicted[instance.frame.frame].append(instance)
    frames = sorted(labels.keys() | predicted.keys())
    return {
        frame: (*labels[frame], *not_labelled(labels[frame], predicted[frame])) for frame in frames
    }


def scores_of(instance: Instance) -> NDArray[np.float64]:
    """(K,) how sure each keypoint is: as a person saw it, or else as the net said."""
    if instance.id is None and instance.scores is not None:
        return np.where(instance.present, np.minimum(instance.scores, _SUREST), 0.0)
    sure = np.where(instance.visibility == Visibility.OCCLUDED, _HIDDEN, 1.0)
    return np.where(instance.present, sure, 0.0)


def _threads(shown: Mapping[int, Sequence[Instance]], tracker: Tracker) -> list[_Thread]:
    threads: dict[int, _Thread] = defaultdict(_Thread)
    for frame, bodies in shown.items():
        seen = [body for body in bodies if body.present.any()]
        if not seen:
            continue
        numbers = tracker.follow(frame, np.stack([body.points for body in seen]))
        for number, body in zip(numbers.tolist(), seen, strict=True):
            thread = threads[number]
            thread.bodies[frame] = body
            thread.track = body.track if body.track is not None else thread.track
    return list(threads.values())


def _merged(threads: Sequence[_Thread]) -> list[_Thread]:
    """Threads of one track joined, but for frames on which it would be in two places."""
    merged: list[_Thread] = []
    by_track: dict[TrackId, _Thread] = {}
    for thread in threads:
        first = by_track.get(thread.track) if thread.track is not None else None
        if first is not None and not first.bodies.keys() & thread.bodies.keys():
            first.bodies.update(thread.bodies)
            continue
        merged.append(thread)
        if thread.track is not None:
            by_track.setdefault(thread.track, thread)
    return merged


def _was_there(thread: _Thread, frame_count: int) -> bool:
    labelled = any(body.id is not None for body in thread.bodies.values())
    return labelled or len(thread.bodies) >= min(FEWEST_FRAMES, frame_count)


def _followed(name: str, bodies: Mapping[int, Instance]) -> Followed:
    frames = sorted(bodies)
    through = [bodies[frame] for frame in frames]
    return Followed(
        name,
        np.array(frames, np.int64),
        np.stack([body.points for body in through]),
        np.stack([scores_of(body) for body in through]),
        np.array([body.id is not None for body in through]),
    )
