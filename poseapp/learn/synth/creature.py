"""Made-up animals of many shapes with true answers, for teaching agents what any animal needs.

A kind of animal is drawn by chance: a spine, pairs of limbs, perhaps a tail, seen from above or
from the side. Its films show different individuals in different places, and mostly what is common:
one way of moving makes up most of a film, others are rare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video
from poseapp.learn.synth.painting import Drawing, background, capsule, cloth

_SIDE = 208
"""Pixels of a picture's sides."""
_BOUT = 12
"""Frames in which an animal moves in one way."""
_WAYS = 5
_FPS = 10.0


@dataclass(frozen=True, slots=True)
class _Segment:
    """A bone and how it may move; keypoint n + 1 is the end of segment n, keypoint 0 the root."""

    name: str
    start: int
    length: float
    """In lengths of the trunk."""
    angle: float
    """At rest, against the segment it hangs from."""
    swing: float
    beat: float
    """Phase of its swing."""
    half_width: float
    cloth: str


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """One way of moving: what every segment adds to its rest."""

    lean: NDArray[np.float64]
    swing: NDArray[np.float64]
    short: NDArray[np.float64]
    """Share of its length that a segment shows: the rest points at the camera."""
    pace: float


class Kind:
    """One kind of animal and its films: labels, and pictures like any reader of frames."""

    def __init__(self, seed: int, films: int = 8, frames: int = 320) -> None:
        rng = np.random.default_rng([seed, 0])
        self._seed = seed
        self._above = bool(rng.random() < 0.5)
        self._segments = _body_plan(rng, above=self._above)
        self._ways = [_way(rng, len(self._segments)) for _ in range(_WAYS)]
        self._common = rng.dirichlet(np.full(_WAYS, 0.5), films)
        lengths = np.maximum(_BOUT, (frames * rng.dirichlet(np.full(films, 1.5))).astype(int))
        self.labels = self._labelled(lengths.tolist())

    def read_many(self, refs: Sequence[FrameRef]) -> Iterator[tuple[FrameRef, NDArray[np.uint8]]]:
        """The pictures of these frames, in their order."""
        for ref in refs:
            yield ref, self.picture(ref)

    def picture(self, ref: FrameRef) -> NDArray[np.uint8]:
        """(H, W, 3) BGR."""
        look = _look(self._seed, int(ref.video))
        rng = np.random.default_rng([self._seed, 3, ref.video, ref.frame])
        x, y = rng.integers(0, np.subtract(look.place.shape[1::-1], _SIDE))
        picture = look.place[y : y + _SIDE, x : x + _SIDE].copy()
        points = self._points(ref)
        unit = look.size_px
        for n in sorted(range(len(self._segments)), key=lambda n: self._segments[n].half_width):
            segment = self._segments[n]
            wide = segment.half_width * unit
            outline = capsule(points[segment.start], points[n + 1], wide, 0.75 * wide)
            Drawing(outline, look.cloths[segment.cloth])(picture)
        noisy = picture + rng.normal(0, 3, (_SIDE, _SIDE, 1))
        return np.clip(noisy * look.light, 0, 255).astype(np.uint8)

    def _labelled(self, lengths: Sequence[int]) -> LabelSet:
        names = ("root", *(segment.name for segment in self._segments))
        bones = tuple((segment.start, n + 1) for n, segment in enumerate(self._segments))
        skeleton = Skeleton(f"kind {self._seed}", tuple(Keypoint(n) for n in names), bones)
        videos, instances = [], []
        for number, frames in enumerate(lengths, start=1):
            video = VideoId(number)
            where = Path(f"kind{self._seed}-{number}.mp4")
            videos.append(Video(video, where, _SIDE, _SIDE, frames, _FPS))
            for frame in range(frames):
                points = self._points(FrameRef(video, frame))
                inside = np.all((points >= 0) & (points <= _SIDE - 1), axis=1, keepdims=True)
                seen = np.where(inside, points, np.nan)
                instances.append(Instance(FrameRef(video, frame), seen, visibility_of(seen)))
        return LabelSet(skeleton, tuple(videos), tuple(instances))

    def _points(self, ref: FrameRef) -> NDArray[np.float64]:
        """(K, 2) pixels."""
        look = _look(self._seed, int(ref.video))
        bout = np.random.default_rng([self._seed, 2, ref.video, ref.frame // _BOUT])
        way = self._ways[bout.choice(_WAYS, p=self._common[int(ref.video) - 1])]
        heading = bout.uniform(0, 2 * np.pi) if self._above else bout.normal(0, 0.15)
        mirrored = not self._above and bout.random() < 0.5
        time = ref.frame / _FPS + 10 * bout.random()
        points = _posed(self._segments, way, time, heading + 0.2 * np.sin(0.7 * time))
        points *= look.size_px
        if mirrored:
            points[:, 0] *= -1
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        return points - middle + _SIDE / 2 + bout.normal(0, 0.05 * _SIDE, 2)


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """An individual and the place it is filmed in."""

    size_px: float
    """Of the trunk's length."""
    light: float
    place: NDArray[np.uint8]
    cloths: dict[str, NDArray[np.uint8]]


@lru_cache(maxsize=64)
def _look(kind: int, film: int) -> _Look:
    rng = np.random.default_rng([kind, 1, film])
    cloths = {name: cloth(rng, rng.uniform(40, 220, 3)) for name in ("trunk", "limbs", "tail")}
    place = background(rng, _SIDE, _SIDE)
    return _Look(_SIDE * rng.uniform(0.22, 0.32), rng.uniform(0.6, 1.1), place, cloths)


def _body_plan(rng: np.random.Generator, *, above: bool) -> list[_Segment]:
    """A spine that ends in a head, pairs of limbs along it, and perhaps a tail."""
    plan: list[_Segment] = []

    def grow(name: str, start: int, angle: float, numbers: tuple[float, ...], part: str) -> int:
        length, swing, beat, half_width = numbers
        plan.append(_Segment(name, start, length, angle, swing, beat, half_width, part))
        return len(plan)

    spine = [0]
    pieces = int(rng.integers(2, 5))
    for n in range(pieces):
        numbers = 1 / pieces, rng.uniform(0.05, 0.3), 0.8 * n, rng.uniform(0.12, 0.2)
        spine.append(grow(f"spine{n + 1}", spine[-1], 0.0, numbers, "trunk"))
    numbers = rng.uniform(0.2, 0.4), 0.4, 0.0, rng.uniform(0.1, 0.16)
    grow("head", spine[-1], 0.0, numbers, "trunk")
    for pair in range(int(rng.integers(1, 4))):
        start = spine[int(rng.integers(0, len(spine)))]
        pieces, hang = int(rng.integers(1, 4)), rng.uniform(1.0, 2.1)
        knee, swing = rng.uniform(-0.9, 0.9), rng.uniform(0.3, 0.9)
        sizes = [(rng.uniform(0.2, 0.4), rng.uniform(0.04, 0.09)) for _ in range(pieces)]
        for side, sign, beat in (("left", 1, 0.0), ("right", -1 if above else 1, np.pi)):
            at = start
            for n, (length, half_width) in enumerate(sizes):
                angle = sign * (hang if n == 0 else knee)
                numbers = length, swing, beat + pair + n, half_width
                at = grow(f"{side}{pair + 1}_{n + 1}", at, angle, numbers, "limbs")
    at = 0
    for n in range(int(rng.integers(0, 4))):
        numbers = rng.uniform(0.15, 0.35), 0.5, 0.7 * n, 0.04
        at = grow(f"tail{n + 1}", at, np.pi if n == 0 else 0.0, numbers, "tail")
    return plan


def _way(rng: np.random.Generator, segments: int) -> _Way:
    return _Way(
        rng.normal(0, 0.35, segments),
        rng.uniform(0, 1.4, segments),
        1 - rng.uniform(0, 0.6, segments) * (rng.random(segments) < 0.3),
        rng.uniform(0.5, 4),
    )


def _posed(
    segments: Sequence[_Segment], way: _Way, time: float, heading: float
) -> NDArray[np.float64]:
    """(K, 2) in lengths of the trunk, the root at 0."""
    points, headings = np.zeros((len(segments) + 1, 2)), np.full(len(segments) + 1, heading)
    for n, segment in enumerate(segments):
        beat = np.sin(2 * np.pi * way.pace * time / _FPS + segment.beat)
        turn = segment.angle + way.lean[n] + segment.swing * way.swing[n] * beat
        headings[n + 1] = headings[segment.start] + turn
        step = np.array([np.cos(headings[n + 1]), np.sin(headings[n + 1])])
        points[n + 1] = points[segment.start] + segment.length * way.short[n] * step
    return points
