"""Read CMU's motion capture in the three ways that it comes in a data pack: 127 sequences.

The data was obtained from mocap.cs.cmu.edu, whose database was created with funding from NSF
EIA-0196217; it is free for research and commercial use and may not be resold as data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from poseapp.domain.motion import Motion
from poseapp.formats.bvh import read_bvh
from poseapp.learn.synth.performance import Performance, performance, performance_of_motion
from poseapp.learn.synth.retarget import BodyAtRest, named_points

UNIT_M = 0.0254 / 0.45
"""Of CMU's lengths."""
HELD_OUT = ("soccer", "stylised", "uneven", "washwindow")
"""Styles that nothing learns from: what was learnt is measured on them."""
_STYLES = {"01": "playground", "02": "varied", "03": "uneven"}
"""What the subjects do whose places of joints are there."""


def performances(folder: Path, body: BodyAtRest) -> list[Performance]:
    """Every sequence, called style/sequence."""
    stylised = [
        (file.stem, read_bvh(file, UNIT_M)) for file in sorted((folder / "bvh").glob("*.bvh"))
    ]
    angles = _angles(folder / "cmu_expmap_30fps.npz", stylised[0][1])
    found = [performance_of_motion(f"stylised/{stem}", motion, body) for stem, motion in stylised]
    found += [performance_of_motion(name, motion, body) for name, motion in angles]
    for name, names, places, fps in _places(folder / "cmu_asfamc_positions_30fps.npz"):
        points = named_points(names, places, bone_ends=True)
        found.append(performance(name, points, fps, body))
    return found


def _angles(path: Path, like: Motion) -> Iterator[tuple[str, Motion]]:
    """Exponential maps of the skeleton whose joints, in the same order, a BVH file has.

    They turn the other way, since row vectors are multiplied from the left, and their arms are
    stretched out at rest where the file's hang.
    """
    like = replace(like, offsets=_arms_stretched_out(like))
    with np.load(path, allow_pickle=False) as stored:
        for name, values in _sequences(stored["expmap"], stored["lengths"], stored["names"]):
            rows = values.reshape(len(values), -1, 3)
            turns = Rotation.from_rotvec(-rows[:, 1:].reshape(-1, 3)).as_matrix()
            rotations = turns.reshape(len(rows), -1, 3, 3)
            part, style, sequence = name.split("/")
            called = f"{style.removesuffix('_extra')}/{sequence} {part}"
            fps = float(stored["fps"])
            yield called, replace(like, rotations=rotations, root=rows[:, 0] * UNIT_M, fps=fps)


def _arms_stretched_out(hanging: Motion) -> NDArray[np.float64]:
    """(J, 3) offsets with what lies under a shoulder turned sideways by a right angle."""
    offsets = hanging.offsets.copy()
    for joint, parent in enumerate(hanging.parents):
        for shoulder, sign in (("LeftShoulder", 1.0), ("RightShoulder", -1.0)):
            above = parent
            while above >= 0 and hanging.names[above] != shoulder:
                above = hanging.parents[above]
            if above >= 0:
                x, y, z = hanging.offsets[joint]
                offsets[joint] = (-sign * y, sign * x, z)
    return offsets


def _places(path: Path) -> Iterator[tuple[str, list[str], NDArray[np.float64], float]]:
    with np.load(path, allow_pickle=False) as stored:
        for name, values in _sequences(stored["xyz"], stored["lengths"], stored["names"]):
            called = f"{_STYLES[name[:2]]}/{name}"
            yield called, stored["joint_names"].tolist(), values, float(stored["fps"])


def _sequences(
    values: NDArray, lengths: NDArray[np.int64], names: NDArray[np.str_]
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    parts = np.split(values.astype(np.float64), np.cumsum(lengths)[:-1])
    yield from zip(names.tolist(), parts, strict=True)
