"""The body that comes with the app: see `resources/models/anny.md`."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import as_file, files

import torch
from safetensors import safe_open
from torch import Tensor

from poseapp.nets.body.body import Body, BodyData

_FILE = files("poseapp.resources") / "models" / "anny.safetensors"


@lru_cache(maxsize=1)
def shipped_body() -> Body:
    """Anny with 20 joints, 25 keypoints and 16 shape coefficients; loaded once, not to be moved.

    What runs on another device takes a copy (`copy.deepcopy(shipped_body()).to(device)`).
    """
    with as_file(_FILE) as path, safe_open(path, framework="pt") as opened:
        words = json.loads(opened.metadata()["body"])
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    joints, keypoints = words["joints"], words["keypoints"]
    vertices = len(tensors["template"])
    return Body(
        BodyData(
            name=words["name"],
            joint_names=tuple(joints),
            parents=tuple(words["parents"]),
            template=tensors["template"],
            shapes=tensors["shapes"].float(),
            joints=tensors["joints"],
            joint_shapes=tensors["joint_shapes"],
            skin=_skin(tensors["skin_joints"].long(), tensors["skin_weights"], len(joints)),
            faces=tensors["faces"].long(),
            keypoint_names=tuple(keypoints),
            regressor=_regressor(tensors, len(keypoints), vertices),
        )
    )


def _skin(joints: Tensor, weights: Tensor, count: int) -> Tensor:
    """(V, J) from the few joints of each vertex and their rounded shares."""
    dense = torch.zeros(len(joints), count).scatter_add_(1, joints, weights.float())
    return dense / dense.sum(dim=1, keepdim=True)


def _regressor(tensors: dict[str, Tensor], keypoints: int, vertices: int) -> Tensor:
    dense = torch.zeros(keypoints, vertices)
    row, column = tensors["keypoint_rows"].long(), tensors["keypoint_vertices"].long()
    dense[row, column] = tensors["keypoint_weights"]
    return dense
