"""People and hands out of the box: estimators for their skeletons that no label taught.

The detector scans the first frame of a film and then every few frames; between, each person or hand
is looked for where the frame before left it, which takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.human import places_of
from poseapp.domain.skeleton import Skeleton
from poseapp.infer.heat import heat
from poseapp.infer.people import crowd, hands, landmarks
from poseapp.infer.people.detector import Detector, scan
from poseapp.infer.people.names import (
    BODIES,
    CROWD_FILE,
    DETECTOR_FILE,
    HANDS,
    LANDMARKS_FILE,
    MOST_PEOPLE,
)
from poseapp.infer.people.regions import Region
from poseapp.infer.people.sighting import Landmarker, Sighting
from poseapp.infer.session import Net
from poseapp.nets.card import Card
from poseapp.nets.heatmaps import gaussians
from poseapp.nets.pipeline import Bodies

SCAN_EVERY = 15
"""Frames between two scans while somebody is followed."""
SCAN_EMPTY_EVERY = 5
"""Frames between two scans while nobody is."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is looked for, and how."""

    detectors: Mapping[str, Detector]
    """By their net's file in a run's folder, the best first; the last one is always there."""
    landmarker: Landmarker
    middles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keypoints that lie amid two landmarks."""


KINDS = {
    BODIES: Kind(
        {CROWD_FILE: crowd.DETECTOR, DETECTOR_FILE: landmarks.DETECTOR},
        landmarks.LANDMARKER,
        {
            "neck": ("left shoulder", "right shoulder"),
            "pelvis": ("left hip", "right hip"),
            "mid hip": ("left hip", "right hip"),
        },
    ),
    HANDS: Kind({DETECTOR_FILE: hands.DETECTOR}, hands.LANDMARKER),
}
"""By the net in a card."""


class People:
    """Loads once; looks at pictures one by one, or follows a film through `film`.

    The people are hands where the card's net is that of hands.
    """

    batch = 4

    def __init__(
        self, card: Card, landmarks: Net, detector: Net, file: str = DETECTOR_FILE
    ) -> None:
        """`file` says which of the kind's detectors it is."""
        self.card = card
        self._kind = KINDS[card.net]
        self._landmarks = landmarks
        self._finder = detector
        self._detector = self._kind.detectors[file]
        self._sources = _sources(card.skeleton, self._kind)

    @classmethod
    def load(cls, folder: Path, *, device: str = "auto", threads: int | None = None) -> People:
        """The net in a run's folder.

        Raises:
            InferenceError: when its card or a net is missing or damaged.
        """
        card = Card.read(folder)
        there = (name for name in KINDS[card.net].detectors if (folder / name).is_file())
        detector = next(there, DETECTOR_FILE)
        nets = (
            Net(folder / file, device=device, threads=threads)
            for file in (LANDMARKS_FILE, detector)
        )
        return cls(card, *nets, file=detector)

    @property
    def device(self) -> str:
        """What it really computes on, in words."""
        return self._landmarks.device

    def film(self) -> Following:
        """An estimator for the frames of one film in order."""
        return Following(self)

    def predict(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Bodies]:
        """The people in each BGR picture, without regard to the others."""
        return [self.bodies(self.found(picture), picture) for picture in pictures]

    def heat(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Where keypoints may be in a BGR picture: see `heat.heat`."""
        (bodies,) = self.predict([picture])
        return heat(bodies, self.card.pose, (picture.shape[1], picture.shape[0]))

    def found(
        self, picture: NDArray[np.uint8], known: list[Sighting] | None = None
    ) -> list[Sighting]:
        """`known` people, and others that a scan of the picture shows."""
        people = list(known or ())
        for region, _ in scan(picture, self._finder.outputs, self._detector):
            if len(people) >= MOST_PEOPLE:
                break
            (first,) = self._look(picture, [region])
            if first is None or _is_among(first.region, people):
                continue
            (again,) = self._look(picture, [first.region])
            if again is not None and not _is_among(again.region, people):
                people.append(again)
        return people

    def followed(self, picture: NDArray[np.uint8], people: list[Sighting]) -> list[Sighting]:
        """The same people a frame later; who is gone, or has become another's double, is left."""
        kept: list[Sighting] = []
        for person in self._look(picture, [p.region for p in people]):
            if person is not None and not _is_among(person.region, kept):
                kept.append(person)
        return kept

    def bodies(self, people: list[Sighting], picture: NDArray[np.uint8]) -> Bodies:
        """The same people by the skeleton's keypoints; what lies outside the picture is absent."""
        count, side = len(self._sources), self.card.pose.width // self.card.pose.stride
        points = np.full((len(people), count, 2), np.nan)
        scores = np.zeros((len(people), count), np.float32)
        maps = np.full((len(people), count, side, side), 1e-6, np.float32)
        for n, person in enumerate(people):
            for k, sources in enumerate(self._sources):
                if sources:
                    points[n, k] = person.points[list(sources)].mean(axis=0)
                    scores[n, k] = person.scores[list(sources)].min()
                    maps[n, k] = self._map(person, sources)
        size = np.array([picture.shape[1], picture.shape[0]])
        inside = ((points >= -0.5) & (points < size - 0.5)).all(axis=2)
        points[~inside], scores[~inside] = np.nan, 0.0
        return Bodies(points, scores, maps, tuple(person.framing for person in people))

    def _look(self, picture: NDArray[np.uint8], regions: Sequence[Region]) -> list[Sighting | None]:
        return self._kind.landmarker.look(picture, regions, self._landmarks.outputs)

    def _map(self, person: Sighting, sources: tuple[int, ...]) -> NDArray[np.float32]:
        if len(sources) == 1:
            return person.heatmaps[sources[0]].clip(1e-6)
        middle = person.framing.to_input(person.points[list(sources)].mean(axis=0, keepdims=True))
        stride = self.card.pose.stride
        side = self.card.pose.width // stride
        return gaussians((middle - (stride - 1) / 2) / stride, (side, side), 2.0)[0].clip(1e-6)


class Following:
    """Remembers who was where in the frame before."""

    def __init__(self, people: People) -> None:
        self._net = people
        self._people: list[Sighting] = []
        self._since_scan = SCAN_EVERY

    def predict(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Bodies]:
        """The people in the next frames."""
        return [self._next(picture) for picture in pictures]

    def _next(self, picture: NDArray[np.uint8]) -> Bodies:
        before = len(self._people)
        self._people = self._net.followed(picture, self._people)
        self._since_scan += 1
        lost = len(self._people) < before
        pause = SCAN_EVERY if self._people and not lost else SCAN_EMPTY_EVERY
        if self._since_scan >= pause:
            self._people = self._net.found(picture, self._people)
            self._since_scan = 0
        return self._net.bodies(self._people, picture)


def _sources(skeleton: Skeleton, kind: Kind) -> list[tuple[int, ...]]:
    """Of each keypoint, the landmarks amid which it lies; none where there is no such landmark."""
    names = kind.landmarker.names
    sources: list[tuple[int, ...]] = [()] * len(skeleton)
    for name, keypoint in places_of(skeleton).items():
        wanted = kind.middles.get(name, (name,))
        if all(part in names for part in wanted):
            sources[keypoint] = tuple(names.index(part) for part in wanted)
    return sources


def _is_among(region: Region, people: list[Sighting]) -> bool:
    return any(region.is_like(person.region) for person in people)
