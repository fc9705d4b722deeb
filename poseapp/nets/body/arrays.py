"""What a body is made of, in NumPy: the window draws meshes with it and never loads torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

Floats = NDArray[np.float32]

ANNY = "Anny"
"""The name of the body that comes with the app."""
_FILE = files("poseapp.resources") / "models" / "anny.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class BodyArrays:
    """A body of J joints, V vertices, K keypoints and S shape coefficients; axes as `Body` has."""

    name: str
    joint_names: tuple[str, ...]
    parents: tuple[int, ...]
    """(J,) each before its children; -1 for the root, which comes first."""
    template: Floats
    """(V, 3) vertices of the average body at rest."""
    shapes: Floats
    """(S, V, 3) what a coefficient of 1, one standard deviation, adds."""
    joints: Floats
    """(J, 3) of the average body at rest."""
    joint_shapes: Floats
    """(S, J, 3)"""
    skin: Floats
    """(V, J) shares with which the joints move a vertex; a row sums to 1."""
    faces: NDArray[np.int64]
    """(F, 3) vertex numbers, counterclockwise from outside."""
    keypoint_names: tuple[str, ...]
    regressor: Floats
    """(K, V) a keypoint as a weighted mean of vertices; a row sums to 1."""
    pose_shapes: Floats | None = None
    """(9 (J - 1), V, 3) what the joints' rotations minus the identity add, where a model has it."""


@lru_cache(maxsize=1)
def shipped_arrays() -> BodyArrays:
    """Anny with 20 joints, 25 keypoints and 16 shape coefficients; read once, not to be changed."""
    with as_file(_FILE) as path, safe_open(path, framework="np") as opened:
        words = json.loads(opened.metadata()["body"])
        stored = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    joints, keypoints = words["joints"], words["keypoints"]
    return BodyArrays(
        name=words["name"],
        joint_names=tuple(joints),
        parents=tuple(words["parents"]),
        template=stored["template"],
        shapes=stored["shapes"].astype(np.float32),
        joints=stored["joints"],
        joint_shapes=stored["joint_shapes"],
        skin=_skin(stored["skin_joints"], stored["skin_weights"], len(joints)),
        faces=stored["faces"].astype(np.int64),
        keypoint_names=tuple(keypoints),
        regressor=_regressor(stored, len(keypoints)),
    )


def _skin(joints: NDArray, weights: NDArray, count: int) -> Floats:
    """(V, J) from the few joints of each vertex and their rounded shares."""
    dense = np.zeros((len(joints), count), np.float32)
    np.add.at(dense, (np.arange(len(joints))[:, None], joints.astype(np.int64)), weights)
    return dense / dense.sum(axis=1, keepdims=True)


def _regressor(stored: dict[str, NDArray], keypoints: int) -> Floats:
    dense = np.zeros((keypoints, len(stored["template"])), np.float32)
    row, column = stored["keypoint_rows"].astype(int), stored["keypoint_vertices"].astype(int)
    dense[row, column] = stored["keypoint_weights"]
    return dense
