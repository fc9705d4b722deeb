"""Which keypoint of a project each imported one is: guessed by name, then taken over."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import FormatError
from poseapp.domain.pose import Instance, Visibility
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.skeleton import BodyPart, Skeleton

if TYPE_CHECKING:
    from poseapp.formats.base import Imported  # its readers are heavy: loaded when needed

Names = tuple[str | None, ...]
"""For each imported keypoint what it is called here; None where it is left out."""

_ALIKE = 0.8
"""Share of letters in the same order from which two names may mean one point."""
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_SAME = {"snout": "nose"}
_MOST_NAMED = 8


def guessed(theirs: Sequence[str], ours: Sequence[str]) -> Names:
    """Our name for each of theirs, none used twice: equal, else spelt otherwise, else alike.

    Names of different sides are never taken for each other.
    """
    names: list[str | None] = [name if name in ours else None for name in theirs]
    likeness = {
        (k, n): _likeness(their, our)
        for k, their in enumerate(theirs)
        for n, our in enumerate(ours)
        if names[k] is None and our not in theirs
    }
    for (k, n), alike in sorted(likeness.items(), key=lambda item: (-item[1], item[0])):
        if alike >= _ALIKE and names[k] is None and ours[n] not in names:
            names[k] = ours[n]
    return tuple(names)


def taken_over(imported: Imported, names: Names) -> Imported:
    """The import with its keypoints called so; a note says what is lost with those left out.

    Positions, the three visibilities, scores and tracks stay as they are. Bodies that have no
    point left are left out too.

    Raises:
        FormatError: when no keypoint is left, or two would have one name.
    """
    theirs = imported.labels.skeleton
    if fault := fault_in(theirs.names, names):
        raise FormatError(fault)
    if names == theirs.names:
        return imported
    kept = [k for k, name in enumerate(names) if name is not None]
    bodies = (_cut(instance, kept) for instance in imported.labels.instances)
    left = tuple(body for body in bodies if body is not None)
    labels = replace(imported.labels, skeleton=_renamed(theirs, names), instances=left)
    predictions = tuple(_cut_predictions(found, kept) for found in imported.predictions)
    notes = (*imported.notes, *losses(imported, names))
    return replace(imported, labels=labels, predictions=predictions, notes=notes)


def fault_in(theirs: Sequence[str], names: Names) -> str:
    """Why keypoints cannot be called so, as a sentence; empty when they can."""
    used = [name for name in names if name is not None]
    if not used:
        return "Every keypoint is left out. Say for at least one what it is here."
    if not all(name.strip() for name in used):
        return "A keypoint has no name. Type one, or leave it out."
    twice = next((name for name in used if used.count(name) > 1), None)
    if twice is None:
        return ""
    both = [their for their, our in zip(theirs, names, strict=True) if our == twice]
    return f"{' and '.join(both)} cannot both be {twice}. Choose another for one."


def arranged(instance: Instance, columns: Sequence[int], size: int) -> Instance:
    """The body in a skeleton of `size` keypoints, where its own stand at `columns`."""
    points = np.full((size, 2), np.nan)
    visibility = np.full(size, Visibility.ABSENT, np.uint8)
    points[columns] = instance.points
    visibility[columns] = instance.visibility
    scores = None
    if instance.scores is not None:
        scores = np.zeros(size, np.float32)
        scores[columns] = instance.scores
    return replace(instance, points=points, visibility=visibility, scores=scores)


def _cut(instance: Instance, kept: list[int]) -> Instance | None:
    """The body with these keypoints; None when none of its points is left."""
    visibility = instance.visibility[kept]
    if instance.present.any() and not visibility.any():
        return None
    scores = None if instance.scores is None else instance.scores[kept]
    return replace(instance, points=instance.points[kept], visibility=visibility, scores=scores)


def _cut_predictions(found: PredictionSet, kept: list[int]) -> PredictionSet:
    points = found.points[:, kept]
    rows = _seen(points) | ~_seen(found.points)
    return replace(
        found,
        frames=found.frames[rows],
        points=points[rows],
        scores=found.scores[:, kept][rows],
        tracks=found.tracks[rows],
    )


def _seen(points: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) whether a body has any position."""
    return np.asarray(np.isfinite(points).any(axis=(1, 2)))


def _renamed(theirs: Skeleton, names: Names) -> Skeleton:
    """What is left of a skeleton, under its new names."""
    place = {k: n for n, k in enumerate(k for k, name in enumerate(names) if name is not None)}
    keypoints = tuple(
        replace(keypoint, name=name)
        for keypoint, name in zip(theirs.keypoints, names, strict=True)
        if name is not None
    )

    def inside(pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((place[a], place[b]) for a, b in pairs if a in place and b in place)

    parts = (
        BodyPart(part.name, tuple(place[k] for k in part.keypoints if k in place))
        for part in theirs.parts
    )
    return Skeleton(
        theirs.name,
        keypoints,
        inside(theirs.bones),
        inside(theirs.pairs),
        tuple(part for part in parts if part.keypoints),
    )


def losses(imported: Imported, names: Names) -> tuple[str, ...]:
    """What `taken_over` leaves out, as sentences; cheap."""
    theirs = imported.labels.skeleton
    out = np.array([name is None for name in names])
    if not out.any():
        return ()
    present = imported.labels.visibility() != Visibility.ABSENT
    placed = int(present[:, out].sum())
    bodies = int((present.any(axis=1) & ~present[:, ~out].any(axis=1)).sum())
    for found in imported.predictions:
        bodies += int((_seen(found.points) & ~_seen(found.points[:, ~out])).sum())
    gone = [theirs.names[k] for k in np.flatnonzero(out)]
    listed = ", ".join(gone[:_MOST_NAMED])
    more = f" and {len(gone) - _MOST_NAMED} more" if len(gone) > _MOST_NAMED else ""
    points = "1 placed point" if placed == 1 else f"{placed:,} placed points"
    notes = [f"Left out as you chose: {listed}{more}, with {points}."]
    if bodies:
        who = "1 body" if bodies == 1 else f"{bodies:,} bodies"
        notes.append(f"{who} had no other point and {'is' if bodies == 1 else 'are'} left out.")
    return tuple(notes)


def _likeness(one: str, other: str) -> float:
    """0..1; 1 where names differ in spelling only, 0 where their sides differ."""
    (side, word), (other_side, other_word) = _spelt(one), _spelt(other)
    if side != other_side:
        return 0.0
    return SequenceMatcher(None, word, other_word, autojunk=False).ratio()


def _spelt(name: str) -> tuple[str, str]:
    """(side, the rest in small letters without what divides words)."""
    side, rest = "", []
    for token in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+", name):
        for word in _parted(token.casefold()):
            if word in _SIDES and not side:
                side = _SIDES[word]
            else:
                rest.append(_SAME.get(word, word))
    return side, "".join(rest)


def _parted(word: str) -> tuple[str, ...]:
    """`leftear` as `left`, `ear`; any other word as it is."""
    found = re.fullmatch(r"(left|right)(\w+)|(\w+)(left|right)", word)
    return tuple(filter(None, found.groups())) if found else (word,)
