"""Poses of one body taken by another, whose limbs lie otherwise at rest."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from poseapp.nets.body.body import Body
from poseapp.nets.body.rotations import matrix_of_axis_angle

_LIMBS = tuple(
    (f"{side} {joint}", f"{side} {end}")
    for side in ("left", "right")
    for joint, end in (
        ("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"),
    )
)  # fmt: skip


def transferred(rotations: Tensor, source: Body, target: Body) -> Tensor:
    """(B, J, 3, 3) of the source's joints → (B, J', 3, 3) of the target's of the same names.

    Limbs point as they did, whether they hang or are stretched out at rest; joints that the source
    does not have stay at rest.
    """
    if source.joint_names == target.joint_names:
        return rotations
    world = _of_world(rotations, source)
    still = torch.eye(3, dtype=rotations.dtype, device=rotations.device)
    turned: list[Tensor] = []
    local = []
    for joint, (name, parent) in enumerate(zip(target.joint_names, target.parents, strict=True)):
        above = turned[parent] if joint else still.expand(len(rotations), 3, 3)
        if name in source.joint_names:
            own = world[:, source.joint_names.index(name)] @ _rest_turn(name, source, target)
        else:
            own = above
        turned.append(own)
        local.append(above.transpose(1, 2) @ own)
    return torch.stack(local, dim=1)


def _of_world(rotations: Tensor, body: Body) -> Tensor:
    """(B, J, 3, 3) against the world instead of the parent."""
    world = [rotations[:, 0]]
    for joint, parent in enumerate(body.parents[1:], start=1):
        world.append(world[parent] @ rotations[:, joint])
    return torch.stack(world, dim=1)


def _rest_turn(name: str, source: Body, target: Body) -> Tensor:
    """(3, 3) the least turn of the target's limb at rest to the source's; none for other joints."""
    end = dict(_LIMBS).get(name)
    if end is None:
        return torch.eye(3, dtype=target.joints.dtype)
    start, aim = (normalize(_bone(body, name, end), dim=0) for body in (target, source))
    axis = torch.linalg.cross(start, aim)
    angle = torch.atan2(axis.norm(), start @ aim)
    return matrix_of_axis_angle(normalize(axis, dim=0) * angle)


def _bone(body: Body, name: str, end: str) -> Tensor:
    first, last = (body.joints[body.joint_names.index(joint)] for joint in (name, end))
    return last - first
