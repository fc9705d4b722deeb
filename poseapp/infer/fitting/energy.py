"""How badly bodies explain keypoints: the energy that a fit brings down, in nats.

Everything is minus a log likelihood: keypoints are seen with noise that grows with the person in
the picture and are now and then quite wrong, poses are as people take them, shapes are as people
have them, and limbs accelerate as limbs do.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poseapp.infer.fitting.guess import Guess
from poseapp.infer.fitting.seen import Seen
from poseapp.nets.body.body import Body
from poseapp.nets.body.pose_prior import shipped_prior
from poseapp.nets.body.rotations import axis_angle_of_matrix, matrix_of_axis_angle
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.body.transfer import transferred

OUTLIERS = 4.0
"""Degrees of freedom of the errors of keypoints: the fewer, the more of them may be quite wrong."""
NOISE = 0.01
"""Error of a keypoint as a share of the person's size in the picture."""
TRUSTED_NOISE = 0.005
"""The same when a person put it there."""
POSE_SHARE = 0.3
"""How much the likelihood of poses counts: frames follow each other and are not independent."""
ACCELERATION = 10.0
"""Metres per second squared, of joints."""
UNKNOWN_SPREAD = 0.5
"""Radians, of joints about which nothing is known."""


def misses(seen: Seen, found: Tensor) -> Tensor:
    """(B,) from (B, K, 2): Student's t, so that a keypoint far off pulls less than a near one."""
    cost = (OUTLIERS + 2) / 2 * torch.log1p(_squared(seen, found, NOISE) / OUTLIERS)
    return (cost * seen.weights).sum(dim=1)


def trusted_misses(seen: Seen, found: Tensor) -> Tensor:
    """(B,) the same of keypoints that a person put there: none of them is quite wrong."""
    return 0.5 * (_squared(seen, found, TRUSTED_NOISE) * seen.weights).sum(dim=1)


def _squared(seen: Seen, found: Tensor, noise: float) -> Tensor:
    """(B, K) distances in standard deviations, squared."""
    apart = ((found - seen.points) ** 2).sum(dim=-1)
    return apart / (noise * seen.size_px[:, None]) ** 2


def strangeness(body: Body, guess: Guess) -> Tensor:
    """(B,) how unlike people the poses are; of a body without a prior, how unlike the usual one."""
    if body.joint_names == shipped_body().joint_names:
        return POSE_SHARE * shipped_prior().energy(guess.angles.flatten(1))
    apart = (guess.angles - mean_pose(body)).flatten(1) / UNKNOWN_SPREAD
    return POSE_SHARE * 0.5 * apart.square().sum(dim=1)


def mean_pose(body: Body) -> Tensor:
    """(J - 1, 3) axis angles of the usual pose."""
    angles = shipped_prior().mean().view(1, -1, 3)
    rotations = torch.cat([torch.eye(3)[None, None], matrix_of_axis_angle(angles)], dim=1)
    return axis_angle_of_matrix(transferred(rotations, shipped_body(), body))[0, 1:]


def jerkiness(joints: Tensor, frames: Tensor, fps: float) -> Tensor:
    """() of (T, J, 3) metres at (T,) frame numbers; only evenly spaced frames are compared."""
    if len(joints) < 3:
        return joints.new_zeros(())
    steps = frames.diff()
    even = steps[1:] == steps[:-1]
    seconds = steps[:-1].to(joints.dtype) / fps
    acceleration = joints.diff(dim=0).diff(dim=0) / seconds[:, None, None] ** 2
    return 0.5 * (acceleration[even] / ACCELERATION).square().sum()
