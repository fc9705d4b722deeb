"""Poses taken over by a body that rests otherwise."""

import numpy as np
import torch

from poseapp.nets.body.arrays import BodyArrays
from poseapp.nets.body.body import Body
from poseapp.nets.body.rotations import matrix_of_axis_angle
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.body.transfer import transferred


def _stretched() -> Body:
    """The shipped body's joints with straight arms to the sides, and one joint more."""
    own = shipped_body()
    joints = own.joints.numpy().copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        shoulder, elbow, wrist = (
            own.joint_names.index(f"{side} {name}") for name in ("shoulder", "elbow", "wrist")
        )
        joints[elbow] = joints[shoulder] + np.array((sign * 0.3, 0, 0))
        joints[wrist] = joints[elbow] + np.array((sign * 0.25, 0, 0))
    count = len(own.joint_names) + 1
    names = (*own.joint_names, "left hand")
    parents = (*own.parents, own.joint_names.index("left wrist"))
    joints = np.concatenate([joints, joints[[parents[-1]]] + np.float32(0.1)])
    keypoints = np.eye(count, dtype=np.float32)
    return Body(
        BodyArrays(
            "stretched", names, parents, joints, np.zeros((1, count, 3), np.float32), joints,
            np.zeros((1, count, 3), np.float32), keypoints, np.zeros((0, 3), np.int64),
            names, keypoints,
        )
    )  # fmt: skip


def test_limbs_point_as_they_did():
    own, other = shipped_body(), _stretched()
    chance = torch.Generator().manual_seed(0)
    turns = matrix_of_axis_angle(0.5 * torch.randn(4, 20, 3, generator=chance))
    moved = transferred(turns, own, other)
    ours = own.keypoints(turns, torch.zeros(4, own.shape_count))[1]
    theirs = other.keypoints(moved, torch.zeros(4, 1))[1]
    for side in ("left", "right"):
        for first, last in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee")):
            a, b = own.joint_names.index(f"{side} {first}"), own.joint_names.index(f"{side} {last}")
            directions = [
                torch.nn.functional.normalize(j[:, b] - j[:, a], dim=1) for j in (ours, theirs)
            ]
            torch.testing.assert_close(*directions, atol=1e-5, rtol=0)


def test_the_same_joints_keep_the_same_rotations():
    own = shipped_body()
    turns = matrix_of_axis_angle(torch.ones(2, 20, 3))
    assert transferred(turns, own, own) is turns
