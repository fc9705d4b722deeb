"""ASF and AMC, Acclaim's pair of skeleton and motion: read only.

A bone of ASF turns at its beginning; so the joint of that name lies where the bone begins, and the
end of a bone on which nothing hangs becomes a joint of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from poseapp.domain.errors import MotionError
from poseapp.domain.motion import Motion
from poseapp.formats.bvh import END

INCH_M = 0.0254
_MOST_BONES = 2_000
_Parsed = TypeVar("_Parsed")
_FREEDOMS = {"rx": "x", "ry": "y", "rz": "z"}


@dataclass(frozen=True, slots=True, eq=False)
class Bone:
    """One bone of a skeleton file."""

    name: str
    step: NDArray[np.float64]
    """(3,) from its beginning to its end at rest, in the file's unit."""
    axis: Rotation
    """How the axes that its angles are about lie at rest."""
    freedoms: tuple[str, ...]
    """The axes of the angles that a motion gives, in their order."""


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What an ASF file says."""

    bones: tuple[Bone, ...]
    """The root first, then each after the one it hangs on."""
    parents: tuple[int, ...]
    root_order: tuple[str, ...]
    unit_m: float
    degrees: bool


def read_amc(skeleton: Path, motion: Path, fps: float = 120.0) -> Motion:
    """The motion in an AMC file, for the skeleton in an ASF file.

    CMU's unit, inches over the file's `length`, is taken to metres; AMC holds no frame rate, and
    CMU's is 120.

    Raises:
        MotionError: when a file is damaged, or they do not belong together.
    """
    tree = _read(skeleton, _skeleton)
    values = _read(motion, lambda text: _frames(text, tree))
    return _assembled(tree, values, fps)


def _read(path: Path, parse: Callable[[str], _Parsed]) -> _Parsed:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as why:
        raise MotionError(f"{path.name} cannot be read ({why}). Choose another file.") from why
    try:
        return parse(text)
    except (ValueError, IndexError, KeyError, OverflowError) as why:
        raise MotionError(
            f"{path.name} cannot be read as the ASF or AMC file it should be ({why}). "
            "Choose the .asf and .amc files of one subject."
        ) from why


# -- the skeleton --------------------------------------------------------------------------------


def _skeleton(text: str) -> Skeleton:
    sections = _sections(text)
    units = {w[0]: w[1] for line in sections["units"] if len(w := line.split()) > 1}
    degrees = units.get("angle", "deg") == "deg"
    root = {w[0]: w[1:] for line in sections["root"] if (w := line.split())}
    names = {"root": Bone("root", np.zeros(3), _axis(["0", "0", "0", "XYZ"], True), ())}
    for block in "\n".join(sections["bonedata"]).split("begin")[1:]:
        bone = _bone(block.partition("end")[0], degrees)
        names[bone.name] = bone
    if len(names) > _MOST_BONES:
        raise ValueError("it has too many bones")
    order, parents = _hierarchy(sections["hierarchy"], names)
    length = float(units.get("length", "1"))
    if not 1e-6 < length < 1e6:
        raise ValueError(f"{length} is no unit of length")
    moves = tuple(word.lower() for word in root["order"])
    if set(moves) - {"tx", "ty", "tz", "rx", "ry", "rz"}:
        raise ValueError(f"the root's order {' '.join(moves)} is not known")
    return Skeleton(tuple(names[name] for name in order), parents, moves, INCH_M / length, degrees)


def _sections(text: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(":"):
            current = sections.setdefault(stripped[1:].split()[0] if stripped[1:] else "", [])
        elif not stripped.startswith("#"):
            current.append(stripped)
    missing = {"units", "root", "bonedata", "hierarchy"} - sections.keys()
    if missing:
        raise ValueError(f"it has no {', '.join(sorted(missing))}")
    return sections


def _bone(block: str, degrees: bool) -> Bone:
    found = {w[0]: w[1:] for line in block.splitlines() if (w := line.split())}
    direction = np.array(found["direction"][:3], np.float64)
    step = float(found["length"][0]) * direction / max(float(np.linalg.norm(direction)), 1e-12)
    if step.shape != (3,) or not np.isfinite(step).all():
        raise ValueError(f"bone {found['name'][0]} has no length")
    freedoms = tuple(_FREEDOMS.get(word.lower(), "") for word in found.get("dof", ()))
    return Bone(found["name"][0], step, _axis(found["axis"], degrees), freedoms)


def _axis(words: list[str], degrees: bool) -> Rotation:
    """The angles are about fixed axes, the first letter's first."""
    angles = np.array(words[:3], np.float64)
    if not np.isfinite(angles).all():
        raise ValueError("an axis is not finite")
    return Rotation.from_euler(words[3].lower(), angles, degrees=degrees)


def _hierarchy(lines: list[str], names: dict[str, Bone]) -> tuple[list[str], tuple[int, ...]]:
    order, parents = ["root"], [-1]
    for line in lines:
        words = line.split()
        if not words or words[0] in ("begin", "end"):
            continue
        for child in words[1:]:
            if child not in names or child in order:
                raise ValueError(f"bone {child} hangs nowhere or twice")
            parents.append(order.index(words[0]))
            order.append(child)
    return order, tuple(parents)


# -- the motion ----------------------------------------------------------------------------------


def _frames(text: str, tree: Skeleton) -> dict[str, NDArray[np.float64]]:
    """(T, N) values of each bone; bones that are never named stand still."""
    known = {bone.name: len(bone.freedoms) for bone in tree.bones}
    known["root"] = len(tree.root_order)
    frames: list[dict[str, list[float]]] = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0][0] in "#:":
            continue
        if words[0].isdigit() and len(words) == 1:
            frames.append({})
        else:
            frames[-1][words[0]] = [float(word) for word in words[1:]]
    if not frames:
        raise ValueError("it has no frames")
    moved = frames[0].keys()
    if "root" not in moved or moved - known.keys():
        raise ValueError(f"the skeleton has no {', '.join(sorted(moved - known.keys())) or 'root'}")
    values = {name: np.array([frame[name] for frame in frames]) for name in moved}
    for name, array in values.items():
        if array.shape != (len(frames), known[name]) or not np.isfinite(array).all():
            raise ValueError(f"{name} has not {known[name]} numbers in every frame")
    return values


def _assembled(tree: Skeleton, values: dict[str, NDArray[np.float64]], fps: float) -> Motion:
    count = len(values["root"])
    rotations = np.tile(np.eye(3), (count, len(tree.bones), 1, 1))
    steps = np.array([bone.step for bone in tree.bones]) * tree.unit_m
    offsets = np.array([steps[max(parent, 0)] for parent in tree.parents])
    root, turns = _root(tree, values["root"])
    rotations[:, 0] = turns
    for n, bone in enumerate(tree.bones[1:], start=1):
        if bone.name in values and any(bone.freedoms):
            own = _turns("".join(bone.freedoms), values[bone.name], tree.degrees)
            rotations[:, n] = (bone.axis * own * bone.axis.inv()).as_matrix()
    leaves = [n for n in range(1, len(tree.bones)) if n not in tree.parents]
    still = np.tile(np.eye(3), (count, len(leaves), 1, 1))
    return Motion(
        (*(bone.name for bone in tree.bones), *(tree.bones[n].name + END for n in leaves)),
        (*tree.parents, *leaves),
        np.concatenate([offsets, steps[leaves]]),
        np.concatenate([rotations, still], axis=1),
        root,
        fps,
    )


def _root(
    tree: Skeleton, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    places = np.zeros((len(values), 3))
    for column, word in enumerate(tree.root_order):
        if word[0] == "t":
            places[:, "xyz".index(word[1])] = values[:, column] * tree.unit_m
    turned = [column for column, word in enumerate(tree.root_order) if word[0] == "r"]
    order = "".join(tree.root_order[column][1] for column in turned)
    return places, _turns(order, values[:, turned], tree.degrees).as_matrix()


def _turns(order: str, angles: NDArray[np.float64], degrees: bool) -> Rotation:
    """About fixed axes, the first angle's first."""
    turned = Rotation.identity(len(angles))
    for n, axis in enumerate(order):
        turned = Rotation.from_euler(axis, angles[:, [n]], degrees=degrees) * turned
    return turned
