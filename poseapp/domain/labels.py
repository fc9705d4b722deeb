"""LabelSet: a frozen snapshot of everything labelled, which training and export work from."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, TrackId, VideoId
from poseapp.domain.pose import Instance
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.video import Video


@dataclass(frozen=True, slots=True)
class Track:
    """One individual through time."""

    id: TrackId
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class LabelSet:
    """Skeleton, videos, tracks and labelled instances, sorted by frame.

    `empty_frames` are frames that a person marked as showing no animal.
    """

    skeleton: Skeleton
    videos: tuple[Video, ...]
    instances: tuple[Instance, ...]
    tracks: tuple[Track, ...] = ()
    empty_frames: frozenset[FrameRef] = frozenset()
    _by_frame: dict[FrameRef, tuple[Instance, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = {video.id for video in self.videos}
        grouped: dict[FrameRef, list[Instance]] = {}
        for instance in self.instances:
            if len(instance.visibility) != len(self.skeleton):
                raise ValueError(
                    f"an instance has {len(instance.visibility)} keypoints, "
                    f"the skeleton {len(self.skeleton)}"
                )
            if instance.frame.video not in known:
                raise ValueError(f"an instance stands in unknown video {instance.frame.video}")
            grouped.setdefault(instance.frame, []).append(instance)
        by_frame = {ref: tuple(grouped[ref]) for ref in sorted(grouped)}
        object.__setattr__(self, "_by_frame", by_frame)
        object.__setattr__(
            self, "instances", tuple(i for group in by_frame.values() for i in group)
        )

    @property
    def frames(self) -> tuple[FrameRef, ...]:
        """The labelled frames in order."""
        return tuple(self._by_frame)

    def video(self, video: VideoId) -> Video:
        """The video with this number; KeyError when it is not in the set."""
        for candidate in self.videos:
            if candidate.id == video:
                return candidate
        raise KeyError(video)

    def at(self, frame: FrameRef) -> tuple[Instance, ...]:
        """The instances labelled in a frame."""
        return self._by_frame.get(frame, ())

    def only(self, frames: Collection[FrameRef]) -> LabelSet:
        """The same set with the labels of these frames alone."""
        wanted = set(frames)
        kept = tuple(i for i in self.instances if i.frame in wanted)
        return replace(self, instances=kept, empty_frames=self.empty_frames & wanted)

    def points(self) -> NDArray[np.float64]:
        """(N, K, 2) pixels of all instances, NaN where absent."""
        stacked = [i.points for i in self.instances]
        return np.stack(stacked) if stacked else np.empty((0, len(self.skeleton), 2))

    def visibility(self) -> NDArray[np.uint8]:
        """(N, K) of `Visibility`."""
        stacked = [i.visibility for i in self.instances]
        return np.stack(stacked) if stacked else np.empty((0, len(self.skeleton)), np.uint8)

    def digest(self) -> str:
        """sha256 over what is labelled: equal exactly when a training would see the same labels."""
        sha = hashlib.sha256(self.skeleton.to_json().encode())
        for video in self.videos:
            sha.update(f"{video.id}|{video.fingerprint or video.path}\n".encode())
        for instance in self.instances:
            sha.update(f"{instance.frame.video},{instance.frame.frame},{instance.track}".encode())
            sha.update(instance.visibility.tobytes())
            sha.update(instance.points.tobytes())
        for empty in sorted(self.empty_frames):
            sha.update(f"empty {empty.video},{empty.frame}".encode())
        return sha.hexdigest()


def most_instances_per_frame(instances: Iterable[Instance]) -> int:
    """How many bodies the fullest frame shows: 1 means whole-frame nets suffice."""
    counts: dict[FrameRef, int] = {}
    for instance in instances:
        counts[instance.frame] = counts.get(instance.frame, 0) + 1
    return max(counts.values(), default=0)
