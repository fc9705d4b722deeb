"""The body: a mesh that a shape makes and a pose bends (linear blend skinning), in torch.

Axes of a body: x to its left, y up, z forward, metres. A pose gives every joint a rotation
against its parent, about axes that lie as the body's own when it is at rest; so the identity
everywhere is the rest mesh. The root's rotation turns the whole body about the root.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from poseapp.nets.body.arrays import BodyArrays


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """Bodies in their own axes, the root where the shape at rest has it."""

    vertices: Tensor
    """(B, V, 3)"""
    joints: Tensor
    """(B, J, 3)"""
    keypoints: Tensor
    """(B, K, 3)"""


class Body(nn.Module):
    """Rotations (B, J, 3, 3) and shape (B, S) → where everything is; differentiable in both.

    It shares the memory of the arrays that it is made of.
    """

    template: Tensor
    shapes: Tensor
    joints: Tensor
    joint_shapes: Tensor
    skin: Tensor
    faces: Tensor
    regressor: Tensor
    pose_shapes: Tensor | None
    carried: Tensor
    carried_shapes: Tensor
    shares: Tensor

    def __init__(self, data: BodyArrays) -> None:
        super().__init__()
        self.name = data.name
        self.joint_names = data.joint_names
        self.keypoint_names = data.keypoint_names
        self.parents = data.parents
        self._levels, self._order = _levels(data.parents)
        for name in (
            *("template", "shapes", "joints", "joint_shapes", "skin", "faces", "regressor"),
            "pose_shapes",
        ):
            array = getattr(data, name)
            tensor = None if array is None else torch.from_numpy(array)
            self.register_buffer(name, tensor, persistent=False)
        self._prepare_keypoints()

    @property
    def shape_count(self) -> int:
        """How many shape coefficients there are."""
        return len(self.shapes)

    def rest_vertices(self, shape: Tensor) -> Tensor:
        """(B, V, 3) of (B, S)."""
        return self.template + torch.einsum("bs,svx->bvx", shape, self.shapes)

    def rest_joints(self, shape: Tensor) -> Tensor:
        """(B, J, 3) of (B, S)."""
        return self.joints + torch.einsum("bs,sjx->bjx", shape, self.joint_shapes)

    def forward(self, rotations: Tensor, shape: Tensor) -> Posed:
        """The whole body.

        Args:
            rotations: (B, J, 3, 3), each against the joint's parent.
            shape: (B, S) standard deviations.
        """
        turns, moves, joints = self._joint_motions(rotations, shape)
        rest = self.rest_vertices(shape)
        if self.pose_shapes is not None:
            bent = rotations[:, 1:] - torch.eye(3, dtype=rotations.dtype, device=rotations.device)
            rest = rest + torch.einsum("bp,pvx->bvx", bent.flatten(1), self.pose_shapes)
        motions = torch.cat([turns, moves[..., None]], dim=-1).flatten(2)
        blended = (self.skin @ motions).unflatten(-1, (3, 4))
        vertices = (blended[..., :3] @ rest[..., None]).squeeze(-1) + blended[..., 3]
        return Posed(vertices, joints, self.regressor @ vertices)

    def keypoints(self, rotations: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K, 3) keypoints and (B, J, 3) joints, without the mesh: what training needs.

        A keypoint is a mean of vertices, a vertex a mean of what its joints carry: so each joint
        carries its share of a keypoint as one point, and the result is `forward`'s, but for
        what `pose_shapes` adds.
        """
        turns, moves, joints = self._joint_motions(rotations, shape)
        carried = self.carried + torch.einsum("bs,skjx->bkjx", shape, self.carried_shapes)
        turned = torch.einsum("bjxy,bkjy->bkx", turns, carried)
        return turned + torch.einsum("kj,bjx->bkx", self.shares, moves), joints

    def _joint_motions(self, rotations: Tensor, shape: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """How each joint carries a point p of the body at rest: turn @ p + move; and the joints."""
        rest = self.rest_joints(shape)
        turns, places = [rotations[:, :1]], [rest[:, :1]]
        for joints, parents, above in self._levels:
            bones = rest[:, joints] - rest[:, parents]
            turned, placed = turns[-1][:, above], places[-1][:, above]
            places.append(placed + (turned @ bones[..., None]).squeeze(-1))
            turns.append(turned @ rotations[:, joints])
        turn = torch.cat(turns, dim=1)[:, self._order]
        joints = torch.cat(places, dim=1)[:, self._order]
        return turn, joints - (turn @ rest[..., None]).squeeze(-1), joints

    def _prepare_keypoints(self) -> None:
        shares = torch.einsum("kv,vj->kjv", self.regressor, self.skin)
        self.register_buffer("carried", shares @ self.template, persistent=False)
        of_shapes = torch.einsum("kjv,svx->skjx", shares, self.shapes)
        self.register_buffer("carried_shapes", of_shapes, persistent=False)
        self.register_buffer("shares", shares.sum(dim=-1), persistent=False)


Level = tuple[list[int], list[int], list[int]]


def _levels(parents: tuple[int, ...]) -> tuple[list[Level], list[int]]:
    """Joints equally far from the root, which can be turned together, and the joints' places.

    A level is joints, their parents, and where those stand in the level above. The places say
    where each joint stands when all levels are put one after the other.
    """
    levels: list[Level] = []
    above, flat = [0], [0]
    while joints := [joint for joint, parent in enumerate(parents) if parent in above]:
        over = [parents[joint] for joint in joints]
        levels.append((joints, over, [above.index(parent) for parent in over]))
        above = joints
        flat += joints
    return levels, [flat.index(joint) for joint in range(len(parents))]
