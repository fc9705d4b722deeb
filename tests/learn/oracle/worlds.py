"""A made-up world of frames that come in kinds, and an estimator that remembers poses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video, VideoKind
from poseapp.learn.oracle.estimator import Guesses
from poseapp.learn.select.distances import distances
from poseapp.learn.select.probed import OF_CANDIDATES, OF_LABELS, Aspect, Probed

SKELETON = Skeleton(
    "walker",
    tuple(
        Keypoint(n) for n in ("nose", "left_shoulder", "right_hip", "right_shoulder", "left_hip")
    ),
    pairs=((1, 3), (4, 2)),
)
STANDING = np.array([[50.0, 10], [30, 30], [70, 90], [70, 30], [30, 90]])


def video(number: int, frames: int, kind: VideoKind = VideoKind.FILE) -> Video:
    return Video(VideoId(number), Path(f"/made/{number}.mp4"), 200, 200, frames, 30.0, kind)


def body(number: int, frame: int, points: np.ndarray, track=None) -> Instance:
    return Instance(FrameRef(VideoId(number), frame), points, visibility_of(points), track=track)


def walk(videos: int, frames: int) -> LabelSet:
    """A body that walks 2 px a frame, in every frame of every video."""
    instances = [
        body(v, f, STANDING + np.array([2.0 * f, 5.0 * v]))
        for v in range(1, videos + 1)
        for f in range(frames)
    ]
    return LabelSet(
        SKELETON, tuple(video(v, frames) for v in range(1, videos + 1)), tuple(instances)
    )


def crowded(seed: int = 0) -> tuple[LabelSet, dict[FrameRef, np.ndarray]]:
    """Eight kinds of frames, of which one makes up four fifths: poses go with looks.

    Videos 1 to 8 are there to be asked for, 9 to 16 hold each kind alike to measure on.
    """
    rng = np.random.default_rng(seed)
    kinds = rng.normal(0, 10, (8, 6))
    poses = STANDING + rng.uniform(-30, 30, (8, 5, 2))
    sizes = [160, *[6] * 7]
    instances, looks = [], {}
    for number in range(1, 17):
        kind = (number - 1) % 8
        for frame in range(sizes[kind] if number <= 8 else 5):
            instances.append(body(number, frame, poses[kind] + rng.normal(0, 1, (5, 2))))
            looks[instances[-1].frame] = (kinds[kind] + rng.normal(0, 1, 6)).astype(np.float32)
    videos = tuple(video(n, 200) for n in range(1, 17))
    return LabelSet(SKELETON, videos, tuple(instances)), looks


@dataclass(frozen=True)
class Memory:
    """Guesses the pose of the labelled frame that looks the most alike, surer where it is near."""

    labels: LabelSet
    looks: dict[FrameRef, np.ndarray]

    def features(self, refs):
        return np.array([self.looks[ref] for ref in refs], np.float32).reshape(len(refs), -1)

    def fit(self, refs, seed):
        return Remembering(self, tuple(refs))


@dataclass(frozen=True)
class Remembering:
    memory: Memory
    refs: tuple[FrameRef, ...]

    def guess(self, refs):
        away = distances(self.memory.features(refs), self.memory.features(self.refs))
        nearest = away.argmin(axis=1)
        labels = self.memory.labels
        points = np.stack([labels.at(self.refs[n])[0].points for n in nearest])
        doubt = np.repeat(away.min(axis=1)[:, None] / 100, points.shape[1], axis=1)
        doubt = doubt.clip(0, 1).astype(np.float32)
        return Guesses(points, 1 - doubt, doubt, doubt, 10 * doubt)

    def probe(self, question):
        """Its insides are what frames look like."""
        asked = self._insides(question.frames, len(question.labelled))
        taught = self._insides(question.labelled, len(question.labelled))
        taught |= {Aspect.POSE: question.poses, Aspect.LOSS: np.zeros(len(question.labelled))}
        return Probed(
            {aspect: asked[aspect] for aspect in set(question.aspects) - OF_LABELS},
            {aspect: taught[aspect] for aspect in set(question.aspects) - OF_CANDIDATES},
            question.skill,
        )

    def _insides(self, refs, labelled):
        looks = self.memory.features(refs)
        doubt = self.guess(refs).entropy
        return {
            Aspect.EMBEDDING: looks,
            Aspect.LEVELS: np.repeat(looks[:, None], 4, axis=1),
            Aspect.SHARED: np.tile(looks[:, :, None, None], (1, 1, 8, 8)).astype(np.float16),
            Aspect.PEAKS: np.stack([1 - doubt, doubt], axis=2),
            Aspect.PLACES: np.tile(doubt[..., None, None], (1, 1, 8, 8)),
            Aspect.SPREAD: np.tile(doubt[..., None, None], (1, 1, 2, 2)),
            Aspect.GRADIENT: np.repeat(doubt, 2, axis=1),
            Aspect.CONTINUITY: doubt.sum(axis=1),
            Aspect.EXPECTED_GRADIENT: np.repeat(doubt[:, :1], labelled, axis=1),
        }
