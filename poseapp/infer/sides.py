"""Left and right put back where a detector swapped them, as when limbs blur or no face is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.skeleton import spoken
from poseapp.infer.seen_person import Floats, SeenPerson

LONGEST_S = 0.5
"""A pair that is the other way round for longer is taken to be so; a longer gap tells nothing."""
LONGEST_WHOLE_S = 2.0
"""The same of a whole body, which cannot turn round from one frame to the next as limbs can."""
_TORSO = ("left shoulder", "left hip")
_TWO_JUMPS = 4.0
"""What two swaps cost: at each of them both points jump by their distance."""
_BLURRED = 0.02
"""Of the person's size in the picture: points of a pair that are nearer are hardly told apart."""
_BROAD = 0.6
"""Of how broad shoulders or hips mostly get: whoever turns is narrower where the sides pass."""


def unswapped(person: SeenPerson) -> SeenPerson:
    """The person with the points of each pair the way round in which they jump least.

    First the whole body, told by shoulders and hips, but for pairs that would jump more, such as
    eyes that a net knew; then each pair. What a person put there (scores of 1) stays.
    """
    pairs = _pairs(person.names)
    turned = _turned_whole(person, [p for p in pairs if spoken(person.names[p[0]]) in _TORSO])
    for pair in pairs:
        whole = _swapped(person, pair, turned)
        person = whole if _jumped(whole, pair) <= _jumped(person, pair) else person
        person = _swapped(person, pair, _turned(person, pair))
    return person


def _pairs(names: Sequence[str]) -> list[list[int]]:
    words = [spoken(name) for name in names]
    mirrored = {word: word.replace("left", "right") for word in words if "left" in word}
    return [[words.index(a), words.index(b)] for a, b in mirrored.items() if b in words]


def _swapped(person: SeenPerson, pair: list[int], turned: NDArray[np.intp]) -> SeenPerson:
    """With the pair the other way round in the frames at these places."""
    points, scores = person.points.copy(), person.scores.copy()
    for values in (points, scores):
        values[turned[:, None], pair] = values[turned[:, None], pair[::-1]]
    return replace(person, points=points, scores=scores)


def _jumped(person: SeenPerson, pair: list[int]) -> float:
    """How far the pair jumps through all frames, as it is."""
    return float(_jumps(person.points[_both(person, pair)][:, pair], _size(person))[0].sum())


def _turned(person: SeenPerson, pair: list[int]) -> NDArray[np.intp]:
    """Places of the frames in which the pair is to be turned round."""
    places = np.flatnonzero(_both(person, pair))
    jumps = _jumps(person.points[places][:, pair], _size(person))
    return _cheapest(person, places, jumps, _labelled(person, pair)[places], LONGEST_S)


def _turned_whole(person: SeenPerson, torso: Sequence[list[int]]) -> NDArray[np.intp]:
    """Places of the frames in which the whole body is to be turned round.

    Only jumps between frames in which shoulders or hips are about as broad as they get tell
    something, and only where they are explained: after a cut nothing is where it was either way.
    """
    there = np.zeros(len(person.frames), bool)
    labelled = there.copy()
    for pair in torso:
        there |= _both(person, pair)
        labelled |= _labelled(person, pair)
    places = np.flatnonzero(there)
    jumps, telling = np.zeros((2, max(len(places) - 1, 0))), np.zeros(max(len(places) - 1, 0))
    for pair in torso:
        points = np.nan_to_num(person.points[places][:, pair])
        broad = _broad(points, _both(person, pair)[places])
        tells = broad[1:] & broad[:-1]
        ways = np.minimum(_jumps(points, _size(person)), _TWO_JUMPS / 2)
        jumps += np.where(tells, ways, 0.0)
        telling += tells
    stays, swaps = jumps / np.maximum(telling, 1)
    return _cheapest(person, places, (stays, swaps), labelled[places], LONGEST_WHOLE_S)


def _broad(points: Floats, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(N,) whether a pair of (N, 2, 2) points is about as far apart as it gets."""
    if not seen.any():
        return seen
    breadth = np.linalg.norm(points[:, 0] - points[:, 1], axis=1)
    return seen & (breadth >= _BROAD * np.percentile(breadth[seen], 90))


def _both(person: SeenPerson, pair: list[int]) -> NDArray[np.bool_]:
    """(T,) whether both points of the pair are there."""
    found = np.isfinite(person.points[:, pair]).all(axis=(1, 2))
    return np.asarray(found & (person.scores[:, pair] > 0).all(axis=1))


def _labelled(person: SeenPerson, pair: list[int]) -> NDArray[np.bool_]:
    """(T,) whether a person put both there."""
    return np.asarray((person.scores[:, pair] >= 1).all(axis=1))


def _cheapest(
    person: SeenPerson,
    places: NDArray[np.intp],
    jumps: tuple[Floats, Floats],
    kept: NDArray[np.bool_],
    longest_s: float,
) -> NDArray[np.intp]:
    """Which of the (N,) places are turned round on the cheapest way through them, by Viterbi.

    `jumps` cost (N - 1,) each, between neighbours of which none or both are turned, and of which
    one is; `kept` ones are not.
    """
    if len(places) < 2:
        return places[:0]
    apart = np.diff(person.frames[places]) / person.fps
    stays, swaps = (np.where(apart > LONGEST_S, 0.0, way) for way in jumps)
    wrong = np.where(kept, np.inf, _TWO_JUMPS / (longest_s * person.fps))
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
    if not seen.any():
        return 0.0
    extent = np.nanmax(person.points[seen], axis=1) - np.nanmin(person.points[seen], axis=1)
    return float(np.median(np.linalg.norm(extent, axis=1)))
