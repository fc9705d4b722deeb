"""BVH: motion as a tree of offsets and Euler angles, both directions.

Lengths in a BVH file have no unit; the reader is told how many metres one is. The end of a chain
("End Site") becomes a joint of its own, called after its parent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from poseapp.domain.errors import MotionError
from poseapp.domain.motion import Motion
from poseapp.formats.atomic import taking_place_of, write_bytes

END = " end"
"""What the name of a chain's end has after its parent's."""
_DEEPEST = 200
_MOST_JOINTS = 2_000
_CHANNELS = frozenset(f"{axis}{kind}" for axis in "XYZ" for kind in ("position", "rotation"))


@dataclass(slots=True)
class _Tree:
    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    channels: list[list[str]] = field(default_factory=list)


def read_bvh(path: Path, metres: float = 1.0) -> Motion:
    """The motion in a BVH file whose unit of length is so many metres.

    Raises:
        MotionError: when it is damaged or no BVH.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as why:
        raise MotionError(f"{path.name} cannot be read ({why}). Choose another file.") from why
    try:
        return _motion(text, metres)
    except (ValueError, IndexError, StopIteration, OverflowError) as why:
        raise MotionError(
            f"{path.name} is not a BVH file that can be read ({why or 'it ends too early'}). "
            "Export it again, or choose another file."
        ) from why


def write_bvh(motion: Motion, path: Path) -> None:
    """Write a motion, in metres; what stood there is replaced when all is well.

    Raises:
        ExportError: when the disk is full or cannot be written.
    """
    with taking_place_of(path) as (draft,):
        write_bytes(draft, _text(motion).encode("utf-8"))


# -- reading -----------------------------------------------------------------------------------


def _motion(text: str, metres: float) -> Motion:
    head, found, body = text.partition("MOTION")
    if not found:
        raise ValueError("it has no MOTION")
    tree = _tree(iter(head.split()))
    values, seconds = _frames(body, sum(len(channels) for channels in tree.channels))
    rotations = np.tile(np.eye(3), (len(values), len(tree.names), 1, 1))
    offsets = metres * np.array(tree.offsets)
    root = np.tile(offsets[0], (len(values), 1))
    column = 0
    for joint, channels in enumerate(tree.channels):
        own = values[:, column : column + len(channels)]
        column += len(channels)
        turned = [n for n, channel in enumerate(channels) if channel.endswith("rotation")]
        if turned:
            order = "".join(channels[n][0] for n in turned)
            rotations[:, joint] = euler_to_matrix(order, own[:, turned])
        if joint == 0:
            for n, channel in enumerate(channels):
                if channel.endswith("position"):
                    root[:, "XYZ".index(channel[0])] = metres * own[:, n]
    return Motion(tuple(tree.names), tuple(tree.parents), offsets, rotations, root, 1 / seconds)


def euler_to_matrix(order: str, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, 3, 3) of (T, N) angles about these axes, the first applied last: intrinsic."""
    matrix = np.tile(np.eye(3), (len(degrees), 1, 1))
    for n, axis in enumerate(order):
        matrix = matrix @ Rotation.from_euler(axis, degrees[:, [n]], degrees=True).as_matrix()
    return matrix


def _tree(words: Iterator[str]) -> _Tree:
    if next(words) != "HIERARCHY" or next(words) != "ROOT":
        raise ValueError("it does not begin with HIERARCHY and ROOT")
    tree = _Tree()
    _joint(tree, words, _name(words), -1, 0)
    return tree


def _joint(tree: _Tree, words: Iterator[str], name: str, parent: int, depth: int) -> None:
    if depth > _DEEPEST or len(tree.names) >= _MOST_JOINTS:
        raise ValueError("it has too many joints")
    joint = len(tree.names)
    tree.names.append(name)
    tree.parents.append(parent)
    tree.offsets.append([0.0, 0.0, 0.0])
    tree.channels.append([])
    while (word := next(words)) != "}":
        if word == "OFFSET":
            tree.offsets[joint] = _finite([float(next(words)) for _ in range(3)])
        elif word == "CHANNELS":
            tree.channels[joint] = [_channel(next(words)) for _ in range(int(next(words)))]
        elif word == "JOINT":
            _joint(tree, words, _name(words), joint, depth + 1)
        elif word == "End":
            _expect(next(words), "Site")
            _expect(next(words), "{")
            _joint(tree, words, name + END, joint, depth + 1)
        else:
            raise ValueError(f"{word[:30]!r} is not expected there")


def _name(words: Iterator[str]) -> str:
    """Everything up to the brace: some programs write names with spaces."""
    parts = []
    while (word := next(words)) != "{":
        parts.append(word)
    return " ".join(parts)


def _expect(word: str, wanted: str) -> None:
    if word != wanted:
        raise ValueError(f"{word[:30]!r} stands where {wanted!r} should")


def _channel(word: str) -> str:
    if word not in _CHANNELS:
        raise ValueError(f"{word[:30]!r} is no channel")
    return word


def _finite(numbers: list[float]) -> list[float]:
    if not np.isfinite(numbers).all():
        raise ValueError("a number is not finite")
    return numbers


def _frames(body: str, channels: int) -> tuple[NDArray[np.float64], float]:
    """(T, channels) values, and the seconds of a frame."""
    words = body.split()
    _expect(words[0], "Frames:")
    _expect(" ".join(words[2:4]), "Frame Time:")
    count, seconds = int(words[1]), float(words[4])
    numbers = np.array(words[5:], np.float64)
    if count < 1 or not 1e-4 < seconds < 100:
        raise ValueError(f"{count} frames of {seconds} s make no motion")
    if len(numbers) != count * channels:
        raise ValueError(f"{count} frames of {channels} channels are not {len(numbers)} numbers")
    return np.array(_finite(numbers.tolist())).reshape(count, channels), seconds


# -- writing -----------------------------------------------------------------------------------


def _text(motion: Motion) -> str:
    lines = ["HIERARCHY"]
    order: list[int] = []
    _write_joint(motion, 0, 0, lines, order)
    columns = [motion.root]
    for joint in order:
        angles = Rotation.from_matrix(motion.rotations[:, joint]).as_euler("ZYX", degrees=True)
        columns.append(angles)
    lines += ["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1 / motion.fps:.9g}"]
    lines += [" ".join(f"{v:.9g}" for v in row) for row in np.concatenate(columns, axis=1)]
    return "\n".join(lines) + "\n"


def _write_joint(
    motion: Motion, joint: int, depth: int, lines: list[str], order: list[int]
) -> None:
    pad = "\t" * depth
    name = motion.names[joint]
    children = [c for c, parent in enumerate(motion.parents) if parent == joint]
    is_end = not children and joint > 0
    offset = " ".join(f"{v:.9g}" for v in motion.offsets[joint])
    lines += [
        f"{pad}End Site" if is_end else f"{pad}{'JOINT' if joint else 'ROOT'} {name}",
        f"{pad}{{",
        f"{pad}\tOFFSET {offset}",
    ]
    if not is_end:
        order.append(joint)
        place = "" if joint else "Xposition Yposition Zposition "
        lines.append(f"{pad}\tCHANNELS {3 if joint else 6} {place}Zrotation Yrotation Xrotation")
        for child in children:
            _write_joint(motion, child, depth + 1, lines, order)
    lines.append(f"{pad}}}")
