"""Bones and body parts of a skeleton as MATAL sees them: a tree of bones, and parts of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import SelectionError
from poseapp.domain.skeleton import BodyPart, Skeleton

MOST_PARTS = 6
SPACES = 1 + MOST_PARTS
"""The whole body and its parts."""

_FEWEST_BONES = 2
"""One bone has a single product, its squared length, and all cosines of it are 1."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the bones, by number."""

    name: str
    bones: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A tree of bones and the parts whose poses are compared."""

    bones: tuple[tuple[int, int], ...]
    """(child, parent) keypoints, away from the root."""
    parts: tuple[Part, ...]
    """The whole body first, then at most `MOST_PARTS` parts."""

    @classmethod
    def of(cls, skeleton: Skeleton, truth: NDArray | None = None) -> Anatomy:
        """The skeleton's bones as a tree, with the skeleton's parts or else its communities.

        A part holds the bones that lead to its keypoints, so that an arm includes the bone it
        hangs by and a finger the one from the wrist. Where fewer than two bones are drawn,
        keypoints that stay near each other in the (B, K, 2) labels `truth` are joined, without
        labels in their order.

        Raises:
            SelectionError: when there are fewer than two bones and fewer than three keypoints.
        """
        count = len(skeleton)
        bones = _rooted(_tree(skeleton.bones, count), count)
        if len(bones) < _FEWEST_BONES:
            bones = _rooted(_tree(_nearest_first(truth, count), count), count)
        if len(bones) < _FEWEST_BONES:
            raise SelectionError(
                f"The skeleton {skeleton.name!r} has {count} keypoints, too few to compare "
                "poses by their bones. Choose another selector."
            )
        whole = Part("whole body", tuple(range(len(bones))))
        parts = _parts(skeleton.parts, bones) or _parts(communities(bones, len(skeleton)), bones)
        return cls(bones, (whole, *parts))


def _tree(bones: Sequence[tuple[int, int]], keypoints: int) -> list[tuple[int, int]]:
    """The bones that close no circle, earlier ones first: a spanning forest."""
    group = list(range(keypoints))
    kept = []
    for a, b in bones:
        if group[a] != group[b]:
            kept.append((a, b))
            old, new = group[b], group[a]
            group = [new if g == old else g for g in group]
    return kept


def _nearest_first(truth: NDArray | None, keypoints: int) -> list[tuple[int, int]]:
    """All pairs of keypoints, those first that are usually the nearest."""
    pairs = list(combinations(range(keypoints), 2))
    if truth is None or not pairs:
        return pairs
    apart = np.array([np.linalg.norm(truth[:, a] - truth[:, b], axis=1) for a, b in pairs])
    seen = np.isfinite(apart)
    usual = np.where(seen, apart, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    usual[~seen.any(axis=1)] = np.inf
    return [pairs[n] for n in np.argsort(usual, kind="stable")]


def _rooted(tree: Sequence[tuple[int, int]], keypoints: int) -> tuple[tuple[int, int], ...]:
    """(child, parent) of each bone; the root of each tree is the keypoint nearest to all others."""
    hops = _hops(tree, keypoints)
    reach = np.where(np.isfinite(hops), hops, 0).sum(axis=1)
    rooted = []
    for a, b in tree:
        linked = np.flatnonzero(np.isfinite(hops[a]))
        root = int(linked[reach[linked].argmin()])
        rooted.append((a, b) if hops[root, a] > hops[root, b] else (b, a))
    return tuple(rooted)


def _hops(tree: Sequence[tuple[int, int]], keypoints: int) -> NDArray[np.float64]:
    """(K, K) bones between keypoints, infinite where they are not joined (Floyd–Warshall)."""
    hops = np.full((keypoints, keypoints), np.inf)
    np.fill_diagonal(hops, 0)
    for a, b in tree:
        hops[a, b] = hops[b, a] = 1
    for via in range(keypoints):
        hops = np.minimum(hops, hops[:, via, None] + hops[via])
    return hops


def _parts(groups: Sequence[BodyPart], bones: Sequence[tuple[int, int]]) -> tuple[Part, ...]:
    """Those with two bones or more; of too many the largest, in their order."""
    named = [
        Part(group.name, tuple(n for n, (child, _) in enumerate(bones) if child in group.keypoints))
        for group in groups
    ]
    usable = [part for part in named if _FEWEST_BONES <= len(part.bones) < len(bones)]
    largest = sorted(usable, key=lambda part: -len(part.bones))[:MOST_PARTS]
    return tuple(part for part in usable if part in largest)


def communities(bones: Sequence[tuple[int, int]], keypoints: int) -> tuple[BodyPart, ...]:
    """Groups of keypoints with more bones inside than between them, at most `MOST_PARTS`.

    Greedy modularity: Clauset, Newman and Moore, "Finding community structure in very large
    networks", 2004.
    """
    shares = np.zeros((keypoints, keypoints))
    for a, b in bones:
        shares[a, b] = shares[b, a] = 1 / (2 * len(bones))
    groups = [[k] for k in range(keypoints) if shares[k].any()]
    shares = shares[np.ix_(*[[g[0] for g in groups]] * 2)]
    while len(groups) > 1:
        ends = shares.sum(axis=1)
        gain = np.where(shares > 0, 2 * (shares - np.outer(ends, ends)), -np.inf)
        np.fill_diagonal(gain, -np.inf)
        a, b = sorted(divmod(int(gain.argmax()), len(groups)))
        if not np.isfinite(gain[a, b]) or (gain[a, b] <= 0 and len(groups) <= MOST_PARTS):
            break
        groups[a] += groups.pop(b)
        shares[a] += shares[b]
        shares[:, a] += shares[:, b]
        shares = np.delete(np.delete(shares, b, axis=0), b, axis=1)
    return tuple(BodyPart(f"group {n}", tuple(sorted(g))) for n, g in enumerate(groups, start=1))
