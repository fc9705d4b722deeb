"""A skeleton while it is being changed: faults allowed, indices kept right by themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.skeleton import BodyPart, Keypoint, Side, Skeleton, guess_pairs, spoken
from poseapp.learn.matal.anatomy import communities

_FEWEST_TOGETHER = 2
"""Keypoints of a part that is suggested."""


def different(name: str, taken: Collection[str]) -> str:
    """The name, numbered where it is taken."""
    unique, n = name, 2
    while unique in taken:
        unique, n = f"{name} {n}", n + 1
    return unique


@dataclass(slots=True)
class Point:
    """One keypoint of the draft; the objects themselves are what bones and pairs refer to."""

    keypoint: Keypoint
    parts: list[str] = field(default_factory=list)
    left: bool = False
    """Whether it is the left one of its pair."""
    partner: Point | None = None


class SkeletonDraft:
    """What the skeleton editor edits; `skeleton` builds the value or says what is wrong."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.name = skeleton.name
        self.points = [Point(keypoint) for keypoint in skeleton.keypoints]
        self.bones = [(self.points[a], self.points[b]) for a, b in skeleton.bones]
        for left, right in skeleton.pairs:
            self._join_pair(self.points[left], self.points[right])
        self._part_order = [part.name for part in skeleton.parts]
        for part in skeleton.parts:
            for k in part.keypoints:
                self.points[k].parts.append(part.name)

    def skeleton(self) -> Skeleton:
        """The value as it stands.

        Raises:
            SkeletonError: when it contradicts itself, all faults in one sentence.
        """
        number = {id(point): k for k, point in enumerate(self.points)}
        parts: dict[str, list[int]] = {name: [] for name in self._part_order}
        for k, point in enumerate(self.points):
            for name in point.parts:
                parts.setdefault(name, []).append(k)
        return Skeleton(
            self.name.strip() or "skeleton",
            tuple(point.keypoint for point in self.points),
            tuple((number[id(a)], number[id(b)]) for a, b in self.bones),
            tuple(
                (k, number[id(point.partner)])
                for k, point in enumerate(self.points)
                if point.left and point.partner is not None
            ),
            tuple(BodyPart(name, tuple(members)) for name, members in parts.items() if members),
        )

    def add(self, name: str) -> None:
        """Append a keypoint, its name made different from the others."""
        taken = {point.keypoint.name for point in self.points}
        self.points.append(Point(Keypoint(different(name, taken))))

    def remove(self, k: int) -> None:
        """Take a keypoint out with its bones and its pair."""
        gone = self.points.pop(k)
        self.bones = [bone for bone in self.bones if gone is not bone[0] and gone is not bone[1]]
        self._part_pair(gone)

    def move(self, k: int, by: int) -> int:
        """Move a keypoint in the order of clicking; returns where it stands now."""
        to = min(max(k + by, 0), len(self.points) - 1)
        self.points.insert(to, self.points.pop(k))
        return to

    def rename(self, k: int, name: str) -> None:
        self.points[k].keypoint = replace(self.points[k].keypoint, name=name.strip())

    def paint(self, k: int, colour: str | None) -> None:
        """Give a keypoint its own colour, or None for that of its side."""
        self.points[k].keypoint = replace(self.points[k].keypoint, colour=colour)

    def assign(self, k: int, parts: Iterable[str]) -> None:
        """Say which body parts a keypoint belongs to."""
        self.points[k].parts = list(dict.fromkeys(part for part in parts if part))

    def side(self, k: int) -> Side:
        point = self.points[k]
        if point.partner is None:
            return Side.CENTRE
        return Side.LEFT if point.left else Side.RIGHT

    def pair(self, k: int, partner: int | None) -> None:
        """Let two keypoints be each other's mirror image; None makes `k` a centre one."""
        self._part_pair(self.points[k])
        if partner is None or partner == k:
            return
        self._part_pair(self.points[partner])
        first, second = self.points[k], self.points[partner]
        if guess_pairs((second.keypoint.name, first.keypoint.name)) == ((0, 1),):
            first, second = second, first
        self._join_pair(first, second)

    def turn_pair(self, k: int) -> None:
        """Exchange which of a pair is the left one."""
        point = self.points[k]
        if point.partner is not None:
            point.left, point.partner.left = point.partner.left, point.left

    def guess_pairs(self) -> int:
        """Pair what the names suggest and is not paired yet; returns how many pairs were made."""
        names = [point.keypoint.name for point in self.points]
        made = 0
        for left, right in guess_pairs(names):
            if self.points[left].partner is None and self.points[right].partner is None:
                self._join_pair(self.points[left], self.points[right])
                made += 1
        return made

    def suggest_parts(self) -> int:
        """Group keypoints that are in no part yet by their bones; returns how many parts were made.

        A part is called after the keypoint that most bones of it meet in.
        """
        number = {id(point): k for k, point in enumerate(self.points)}
        bones = [(number[id(a)], number[id(b)]) for a, b in self.bones]
        taken = {part for point in self.points for part in point.parts}
        made = 0
        for group in communities(bones, len(self.points)):
            members = [k for k in group.keypoints if not self.points[k].parts]
            if len(members) < _FEWEST_TOGETHER:
                continue
            within = [k for bone in bones if {*bone} <= {*members} for k in bone]
            name = spoken(self.points[max(members, key=within.count)].keypoint.name)
            name = different(name, taken)
            taken.add(name)
            for k in members:
                self.points[k].parts.append(name)
            made += 1
        return made

    def toggle_bone(self, a: int, b: int) -> None:
        """Draw a bone between two keypoints, or take it away when it is there."""
        if a == b:
            return
        first, second = self.points[a], self.points[b]
        kept = [bone for bone in self.bones if {id(p) for p in bone} != {id(first), id(second)}]
        self.bones = kept if len(kept) < len(self.bones) else [*kept, (first, second)]

    def _join_pair(self, left: Point, right: Point) -> None:
        left.partner, right.partner = right, left
        left.left, right.left = True, False

    def _part_pair(self, point: Point) -> None:
        if point.partner is not None:
            point.partner.partner, point.partner.left = None, False
        point.partner, point.left = None, False


def layout(skeleton: Skeleton, pose: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """(K, 2) positions in 0..1 to draw a skeleton at: those of `pose`, or found from its bones.

    Without a pose the keypoints are laid out so that their distances follow the number of bones
    between them, left ones at the right, as on a person who faces the camera.
    """
    count = len(skeleton)
    if pose is not None and len(pose) == count and np.isfinite(pose).all():
        return _fitted(np.asarray(pose, dtype=np.float64))
    distance = _bone_distances(skeleton)
    return _fitted(_spread(distance, _upright(skeleton, distance)))


_ACROSS = {Side.LEFT: 1, Side.RIGHT: -1, Side.CENTRE: 0}
_STEPS = 150
_APART = 1.0
"""Bones by which the two sides are drawn farther apart than they are joined."""


def _upright(skeleton: Skeleton, distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, 2) where to begin: the first keypoint on top, the sides mirror images of each other."""
    count = len(skeleton)
    number = np.arange(count)
    for left, right in skeleton.pairs:
        number[right] = number[left]
    across = np.array([_ACROSS[skeleton.side(k)] for k in range(count)], dtype=np.float64)
    wide = 0.6 + 0.15 * (number % 5)
    aside = np.where(across == 0, 0.02 * number, across * wide)
    return np.stack([aside, distance[0] + 0.05 * number], axis=1)


def _spread(distance: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, 2) positions whose distances are near the wanted ones (stress majorisation)."""
    weight = 1 / np.maximum(distance, 1.0) ** 2
    np.fill_diagonal(weight, 0.0)
    laplacian = np.diag(weight.sum(axis=1)) - weight
    inverse = np.linalg.pinv(laplacian)
    for _ in range(_STEPS):
        apart = np.linalg.norm(points[:, None] - points[None], axis=2)
        ratio = -weight * distance / np.maximum(apart, 1e-6)
        np.fill_diagonal(ratio, 0.0)
        np.fill_diagonal(ratio, -ratio.sum(axis=1))
        points = inverse @ (ratio @ points)
    return points


def _bone_distances(skeleton: Skeleton) -> NDArray[np.float64]:
    count = len(skeleton)
    distance = np.full((count, count), np.inf)
    np.fill_diagonal(distance, 0.0)
    for a, b in skeleton.bones:
        distance[a, b] = distance[b, a] = 1.0
    for via in range(count):
        distance = np.minimum(distance, distance[:, via, None] + distance[None, via, :])
    longest = distance[np.isfinite(distance)].max(initial=1.0)
    distance = np.where(np.isfinite(distance), distance, longest + 1.5)
    sides = np.array([_ACROSS[skeleton.side(k)] for k in range(count)])
    across = (np.multiply.outer(sides, sides) < 0).astype(np.float64)
    return np.asarray(distance + _APART * across, dtype=np.float64)


def _fitted(points: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = points.min(axis=0), points.max(axis=0)
    size = max(float((high - low).max()), 1e-9)
    return np.asarray((points - (low + high) / 2) / size + 0.5, dtype=np.float64)
