"""SMPL and SMPL-X from a file that the user brings: their licences forbid shipping them.

Both have the axes of `Body`. Keypoints are found like this (see docs/bodies.md): shoulders,
elbows, wrists, hips, knees, ankles and the neck are the model's own joints; nose, eyes, ears, toes
and heels are single vertices; the top of the head is the highest vertex at rest.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import BodyError
from poseapp.nets.body.arrays import BodyArrays, Floats

if TYPE_CHECKING:
    from poseapp.nets.body.body import Body

SHAPES = 10
"""Coefficients of shape that are used; files hold up to 400, expressions among them."""

_JOINTS = (
    *("pelvis", "left hip", "right hip", "spine1", "left knee", "right knee", "spine2"),
    *("left ankle", "right ankle", "spine3", "left foot", "right foot", "neck", "left collar"),
    *("right collar", "head", "left shoulder", "right shoulder", "left elbow", "right elbow"),
    *("left wrist", "right wrist"),
)
"""The first 22 joints of every model of the family."""

_KEYPOINT_JOINTS = (
    "neck",
    *(
        f"{side} {joint}"
        for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
)

_VERTICES = {
    6890: {
        "nose": 332,
        "left eye": 2800,
        "right eye": 6260,
        "left ear": 583,
        "right ear": 4071,
        "left big toe": 3216,
        "right big toe": 6617,
        "left small toe": 3226,
        "right small toe": 6624,
        "left heel": 3387,
        "right heel": 6787,
    },
    10475: {
        "nose": 9120,
        "left eye": 9448,
        "right eye": 9929,
        "left ear": 6,
        "right ear": 616,
        "left big toe": 5770,
        "right big toe": 8463,
        "left small toe": 5780,
        "right small toe": 8474,
        "left heel": 8846,
        "right heel": 8634,
    },
}
"""By the number of a model's vertices: SMPL's and SMPL-X's."""

_NEEDED = ("v_template", "shapedirs", "posedirs", "weights", "J_regressor", "kintree_table", "f")

Arrays = dict[str, NDArray]


def load_smpl(path: Path) -> Body:
    """The body in an `.npz` file of the SMPL family; fails as `smpl_arrays` does."""
    from poseapp.nets.body.body import Body  # loads torch, which the window does not

    return Body(smpl_arrays(path))


def smpl_arrays(path: Path) -> BodyArrays:
    """The arrays in an `.npz` file of the SMPL family.

    Raises:
        BodyError: when it is not such a file; a pickle is refused, since reading one runs code.
    """
    if path.suffix.lower() in {".pkl", ".pickle"}:
        raise BodyError(
            f"{path.name} is a pickle, which may run code when it is read, so it is not opened. "
            "Choose the .npz file of the same model, or save the pickle's arrays "
            f"({', '.join(_NEEDED)}) with numpy.savez on a machine where you trust it."
        )
    data = _body_data(_read(path), path)
    _check_sizes(data, path)
    return data


def _read(path: Path) -> Arrays:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
            missing = [name for name in _NEEDED if name not in stored.files]
            if not missing:
                return {name: stored[name] for name in _NEEDED}
    except (OSError, ValueError, AttributeError, EOFError, zipfile.BadZipFile) as why:
        raise BodyError(
            f"{path.name} cannot be read as a body ({why}). Choose the .npz file of SMPL or SMPL-X."
        ) from why
    raise BodyError(
        f"{path.name} is not a body of the SMPL family: it lacks {', '.join(missing)}. "
        "Choose the .npz file of SMPL or SMPL-X."
    )


def _body_data(arrays: Arrays, path: Path) -> BodyArrays:
    try:
        template = _floats(arrays["v_template"])
        shapes = _floats(arrays["shapedirs"])[..., :SHAPES].transpose(2, 0, 1)
        regressor = _floats(arrays["J_regressor"])
        parents = arrays["kintree_table"][0].astype(np.int64)
        names, keypoints = _keypoints(template, regressor)
        bent = _floats(arrays["posedirs"]).transpose(2, 0, 1)
        return BodyArrays(
            name=path.stem,
            joint_names=_joint_names(len(regressor)),
            parents=(-1, *(int(parent) for parent in parents[1:])),
            template=template,
            shapes=np.ascontiguousarray(shapes),
            joints=regressor @ template,
            joint_shapes=np.matmul(regressor, shapes),
            skin=_floats(arrays["weights"]),
            faces=arrays["f"].astype(np.int64),
            keypoint_names=names,
            regressor=keypoints,
            pose_shapes=np.ascontiguousarray(bent),
        )
    except (ValueError, TypeError, IndexError, RuntimeError, KeyError) as why:
        raise BodyError(
            f"The arrays of {path.name} do not fit together ({why}). "
            "Choose the .npz file of SMPL or SMPL-X as it was downloaded."
        ) from why


def _check_sizes(data: BodyArrays, path: Path) -> None:
    joints, vertices = len(data.joints), len(data.template)
    fits = (
        data.template.shape == (vertices, 3)
        and data.shapes.shape[1:] == (vertices, 3)
        and data.skin.shape == (vertices, joints)
        and len(data.parents) == joints
        and all(0 <= parent < joint for joint, parent in enumerate(data.parents) if joint)
        and data.pose_shapes is not None
        and data.pose_shapes.shape == (9 * (joints - 1), vertices, 3)
        and len(data.faces) > 0
        and bool(((data.faces >= 0) & (data.faces < vertices)).all())
    )
    if not fits:
        raise BodyError(
            f"The arrays of {path.name} differ in their numbers of vertices or joints. "
            "Choose the .npz file of SMPL or SMPL-X as it was downloaded."
        )


def _keypoints(template: Floats, joint_regressor: Floats) -> tuple[tuple[str, ...], Floats]:
    points = {name: joint_regressor[_JOINTS.index(name)] for name in _KEYPOINT_JOINTS}
    single = _VERTICES.get(len(template), {}) | {"head top": int(template[:, 1].argmax())}
    for name, vertex in single.items():
        points[name] = np.zeros(len(template), np.float32)
        points[name][vertex] = 1.0
    return tuple(points), np.stack(list(points.values()))


def _joint_names(count: int) -> tuple[str, ...]:
    return (*_JOINTS, *(f"joint {j}" for j in range(len(_JOINTS), count)))[:count]


def _floats(array: NDArray) -> Floats:
    return np.ascontiguousarray(array, np.float32)
