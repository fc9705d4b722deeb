"""Left and right put back where a detector swapped them for a moment, as when limbs blur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.skeleton import spoken
from poseapp.infer.seen_person import Floats, SeenPerson

LONGEST_S = 0.5
"""A pair that is the other way round for longer is taken to be so; a longer gap tells nothing."""
_TWO_JUMPS = 4.0
"""What two swaps cost: at each of them both points jump by their distance."""
_BLURRED = 0.02
"""Of the person's size in the picture: points of a pair that are nearer are hardly told apart."""


def unswapped(person: SeenPerson) -> SeenPerson:
    """The person with the points of each pair the way round in which they jump least.

    What a person put there (scores of 1) stays.
    """
    points, scores = person.points.copy(), person.scores.copy()
    for pair in _pairs(person.names):
        turned = _turned(person, pair)[:, None]
        for values in (points, scores):
            values[turned, pair] = values[turned, pair[::-1]]
    return replace(person, points=points, scores=scores)


def _pairs(names: Sequence[str]) -> list[list[int]]:
    words = [spoken(name) for name in names]
    mirrored = {word: word.replace("left", "right") for word in words if "left" in word}
    return [[words.index(a), words.index(b)] for a, b in mirrored.items() if b in words]


def _turned(person: SeenPerson, pair: list[int]) -> NDArray[np.int64]:
    """Places of the frames in which the pair is to be turned round, by Viterbi."""
    both = np.isfinite(person.points[:, pair]).all(axis=(1, 2)) & (person.scores[:, pair] > 0).all(
        axis=1
    )
    places = np.flatnonzero(both)
    if len(places) < 2:
        return places[:0]
    stays, swaps = _jumps(person.points[places][:, pair], _size(person))
    apart = np.diff(person.frames[places]) / person.fps
    stays[apart > LONGEST_S] = swaps[apart > LONGEST_S] = 0.0
    kept = (person.scores[places][:, pair] >= 1).all(axis=1)
    wrong = np.where(kept, np.inf, _TWO_JUMPS / (LONGEST_S * person.fps))
    total, back = np.array([0.0, wrong[0]]), []
    for n in range(1, len(places)):
        ways = total[:, None] + np.array(
            [[stays[n - 1], swaps[n - 1]], [swaps[n - 1], stays[n - 1]]]
        )
        back.append(ways.argmin(axis=0))
        total = ways.min(axis=0) + np.array([0.0, wrong[n]])
    state = [int(total.argmin())]
    for before in reversed(back):
        state.append(int(before[state[-1]]))
    return places[np.array(state[::-1]) == 1]


def _jumps(points: Floats, size: float) -> tuple[Floats, Floats]:
    """(N - 1,) each: how far (N, 2, 2) points get from frame to frame, as they are and swapped.

    In their distance from each other.
    """
    between = np.linalg.norm(points[:, 0] - points[:, 1], axis=1)
    unit = np.maximum(between[1:], between[:-1]) + _BLURRED * size

    def way(to: Floats) -> Floats:
        return np.linalg.norm(to - points[:-1], axis=2).sum(axis=1) / unit

    return way(points[1:]), way(points[1:, ::-1])


def _size(person: SeenPerson) -> float:
    """Median diagonal of the boxes round the keypoints."""
    seen = np.any(np.isfinite(person.points), axis=(1, 2))
    extent = np.nanmax(person.points[seen], axis=1) - np.nanmin(person.points[seen], axis=1)
    return float(np.median(np.linalg.norm(extent, axis=1)))
