"""Skeleton: keypoints, the bones between them, left/right pairs and body parts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import SkeletonError

_SIDE_LETTERS = {"l": "left", "r": "right"}


def spoken(name: str) -> str:
    """A name as words: `right_wrist`, `rightWrist` and `r_wrist` are "right wrist".

    Words all in capitals, such as "TTI", stay so.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = [word if word.isupper() else word.lower() for word in re.split(r"[\s_.\-]+", apart)]
    return " ".join(_SIDE_LETTERS.get(word.lower(), word) for word in words).strip() or name


def titled(name: str) -> str:
    """A name as it stands alone in a list: `left_ear` is "Left ear"."""
    words = spoken(name)
    return words[:1].upper() + words[1:]


class Side(StrEnum):
    """Which side of the body a keypoint is on; the canvas draws it by colour and shape."""

    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Keypoint:
    """One named point of a body."""

    name: str
    colour: str | None = None
    """`#RRGGBB`, or None for the colour of its side."""
    uid: int | None = field(default=None, compare=False)
    """The project's own number, kept when the keypoint is renamed or moved; None outside one."""


@dataclass(frozen=True, slots=True)
class BodyPart:
    """Keypoints that move together, by index."""

    name: str
    keypoints: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What is labelled. Bones, pairs and parts hold indices into `keypoints`.

    Raises:
        SkeletonError: when names repeat or an index points nowhere; all faults are named at once.
    """

    name: str
    keypoints: tuple[Keypoint, ...]
    bones: tuple[tuple[int, int], ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    """(left, right)"""
    parts: tuple[BodyPart, ...] = ()

    def __post_init__(self) -> None:
        if faults := self._faults():
            raise SkeletonError(f"The skeleton {self.name!r} cannot be used: {'; '.join(faults)}.")

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(keypoint.name for keypoint in self.keypoints)

    def index(self, name: str) -> int:
        """Position of the keypoint called `name`."""
        try:
            return self.names.index(name)
        except ValueError:
            raise SkeletonError(f"The skeleton {self.name!r} has no keypoint {name!r}.") from None

    def side(self, keypoint: int) -> Side:
        """The side that the left/right pairs give the keypoint."""
        for left, right in self.pairs:
            if keypoint == left:
                return Side.LEFT
            if keypoint == right:
                return Side.RIGHT
        return Side.CENTRE

    def flip_permutation(self) -> NDArray[np.intp]:
        """Where each keypoint's values come from when the picture is mirrored: (K,) indices."""
        order = np.arange(len(self))
        for left, right in self.pairs:
            order[left], order[right] = right, left
        return order

    def to_json(self) -> str:
        """A file a person can read and edit: everything by name."""
        names = self.names
        document = {
            "name": self.name,
            "keypoints": [
                {"name": k.name} | ({"colour": k.colour} if k.colour else {})
                for k in self.keypoints
            ],
            "bones": [[names[a], names[b]] for a, b in self.bones],
            "pairs": [[names[a], names[b]] for a, b in self.pairs],
            "parts": {part.name: [names[k] for k in part.keypoints] for part in self.parts},
        }
        return json.dumps(document, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Skeleton:
        """Read what `to_json` wrote, or a file written by hand.

        Raises:
            SkeletonError: when it is not such a document.
        """
        try:
            document = json.loads(text)
            return _from_document(document)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as why:
            raise SkeletonError(
                f"This is not a skeleton file ({why}). It needs a name and a list of keypoints, "
                "and may have bones, pairs and parts that use the keypoints' names."
            ) from why

    def with_uids(self, uids: Iterable[int]) -> Skeleton:
        """The same skeleton, its keypoints carrying the project's numbers."""
        numbered = zip(self.keypoints, uids, strict=True)
        return replace(self, keypoints=tuple(replace(k, uid=uid) for k, uid in numbered))

    def _faults(self) -> list[str]:
        faults = []
        count = len(self.keypoints)
        if not count:
            faults.append("it has no keypoints")
        names = self.names
        if repeated := sorted({n for n in names if names.count(n) > 1}):
            faults.append(f"{', '.join(repeated)} stands more than once")
        if not all(name.strip() for name in names):
            faults.append("a keypoint has no name")
        for kind, tuples in (
            ("bone", self.bones),
            ("pair", self.pairs),
            ("part", tuple(p.keypoints for p in self.parts)),
        ):
            if any(not 0 <= k < count for indices in tuples for k in indices):
                faults.append(f"a {kind} points to a keypoint that is not there")
        if any(a == b for a, b in (*self.bones, *self.pairs)):
            faults.append("a bone or pair joins a keypoint to itself")
        paired = [k for pair in self.pairs for k in pair]
        if len(paired) != len(set(paired)):
            faults.append("a keypoint is in two left/right pairs")
        return faults


def guess_pairs(names: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Left/right pairs that the names suggest: `left_ear`/`right_ear`, `wingL`/`wingR`.

    A name is paired with the one that it becomes when its left word is turned into a right one;
    where there is none, with the only one that differs in its digits alone (`paw1L`, `paw4R`).
    """
    names = tuple(names)
    pairs = []
    for left, name in enumerate(names):
        for mirrored in _mirrored_names(name):
            exact = [k for k, other in enumerate(names) if other == mirrored]
            digitless = re.sub(r"\d", "", mirrored)
            alike = exact or [k for k, n in enumerate(names) if re.sub(r"\d", "", n) == digitless]
            if len(alike) == 1 and alike[0] != left:
                pairs.append((left, alike[0]))
                break
    used = [k for pair in pairs for k in pair]
    return tuple(pair for pair in pairs if all(used.count(k) == 1 for k in pair))


_LEFT_WORDS = (
    (r"left", "right"),
    (r"Left", "Right"),
    (r"LEFT", "RIGHT"),
    (r"(?<![A-Za-z])l(?![A-Za-z])", "r"),
    (r"(?<![A-Z])L(?![a-z])", "R"),
    (r"(?<=[a-z])L(?![a-z])", "R"),
    (r"(?<![A-Za-z])L(?=[A-Z][a-z])", "R"),
    (r"(?<=[0-9])L(?=[A-Z])", "R"),
)


def _mirrored_names(name: str) -> list[str]:
    return [re.sub(left, right, name) for left, right in _LEFT_WORDS if re.search(left, name)]


def _from_document(document: Mapping[str, Any]) -> Skeleton:
    keypoints = tuple(
        Keypoint(entry) if isinstance(entry, str) else Keypoint(entry["name"], entry.get("colour"))
        for entry in document["keypoints"]
    )
    position = {keypoint.name: k for k, keypoint in enumerate(keypoints)}

    def pairs_of(key: str) -> tuple[tuple[int, int], ...]:
        return tuple((position[a], position[b]) for a, b in document.get(key, ()))

    parts = tuple(
        BodyPart(part, tuple(position[n] for n in members))
        for part, members in document.get("parts", {}).items()
    )
    return Skeleton(
        document.get("name", "skeleton"), keypoints, pairs_of("bones"), pairs_of("pairs"), parts
    )
