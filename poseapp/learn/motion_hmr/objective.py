"""What Motion-HMR minimises: aligned 3D, reprojection, and a weak prior (section 3.2, last part).

The alignment is taken as given when gradients flow: with squared errors that is exact, since at the
best alignment the error does not change with it (the envelope theorem), and no derivative of a
singular value decomposition is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import huber_loss

from poseapp.learn.motion_hmr.lessons import Lesson
from poseapp.nets.body.body import Body
from poseapp.nets.body.camera import weak_perspective
from poseapp.nets.body.pose_prior import PosePrior
from poseapp.nets.body.rotations import axis_angle_of_matrix
from poseapp.nets.motion_hmr.architecture import MEASURED_KEYPOINTS
from poseapp.nets.motion_hmr.clips import Clips
from poseapp.nets.motion_hmr.net import Bodies


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the parts of the loss."""

    space: float = 60.0
    """Aligned 3D; squared metres."""
    plane: float = 6.0
    """Reprojection; crop units."""
    turns: float = 0.0
    """Rotations of the joints, as matrices. Not in the paper's simplified loss; HMR has it, and a
    small budget gets much further with it."""
    shape: float = 1e-2
    pose: float = 1e-3
    pairs: int = 8
    """Of each clip that the loss is taken of, by chance: an unbiased part of all 30."""


def objective(
    said: tuple[Bodies, Bodies],
    lesson: Lesson,
    pairs: Tensor,
    body: Body,
    prior: PosePrior,
    weights: Weights,
) -> Tensor:
    """() the loss of what was said of (P,) pairs of a lesson, their presents and their futures."""
    clips = lesson.clips
    bodies = Bodies.joined(*said, dim=1)
    truth = torch.cat([lesson.points[:, pairs], lesson.points[:, pairs + 1]], dim=1)
    seen = torch.cat(
        [in_boxes(lesson.seen[:, frames], clips, pairs) for frames in (pairs, pairs + 1)], dim=1
    )
    turns = torch.cat([lesson.rotations[:, pairs], lesson.rotations[:, pairs + 1]], dim=1)
    turns = turns.flatten(0, 1)
    rotations = bodies.rotations().flatten(0, 1)
    shape = bodies.shape.flatten(0, 1)
    chosen = [body.keypoint_names.index(name) for name in MEASURED_KEYPOINTS]
    points = body.keypoints(rotations, shape)[0][:, chosen]
    truth = truth.flatten(0, 1)
    space = huber_loss(aligned(points, truth), truth, delta=0.2, reduction="sum") / len(points)
    flat = weak_perspective(points, bodies.camera.flatten(0, 1))
    apart = (flat - seen.flatten(0, 1)).abs().clamp(max=3)
    angles = axis_angle_of_matrix(rotations[:, 1:]).flatten(1)
    return (
        weights.space * space
        + weights.plane * apart.mean()
        + weights.turns * (rotations - turns).square().sum(dim=(1, 2, 3)).mean()
        + weights.shape * shape.square().mean()
        + weights.pose * prior.energy(angles).mean()
    )


def in_boxes(seen: Tensor, clips: Clips, pairs: Tensor) -> Tensor:
    """(B, P, K, 2) pixels → units of the boxes of the pairs."""
    return (seen - clips.middle[:, pairs, None]) * 2 / clips.side[:, None, None, None]


def aligned(points: Tensor, to: Tensor) -> Tensor:
    """(N, K, 3) moved, turned and scaled as near to `to` as can be; gradients through points only.

    The similarity of Umeyama, eq. 40 to 42, as in `domain.alignment`.
    """
    with torch.no_grad():
        mean, aim = points.mean(dim=1, keepdim=True), to.mean(dim=1, keepdim=True)
        x, y = points - mean, to - aim
        u, stretch, v = torch.linalg.svd(y.transpose(1, 2) @ x)
        sign = torch.ones_like(stretch)
        sign[:, 2] = torch.where(torch.linalg.det(u @ v) < 0, -1.0, 1.0)
        rotation = (u * sign[:, None]) @ v
        spread = x.square().sum(dim=(1, 2)).clamp(min=1e-12)
        scale = ((stretch * sign).sum(dim=1) / spread)[:, None, None]
    return scale * (points - mean) @ rotation.transpose(1, 2) + aim
