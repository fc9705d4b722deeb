"""How badly bodies explain keypoints: the energy that `body_fit` brings down, in nats.

Everything is minus a log likelihood: keypoints are seen with noise that grows with the person in
the picture and are now and then quite wrong, poses are as people take them, shapes are as people
have them, and limbs accelerate as limbs do.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from poseapp.nets.body.body import Body
from poseapp.nets.body.pose_prior import shipped_prior
from poseapp.nets.body.rotations import (
    axis_angle_of_matrix,
    matrix_of_axis_angle,
    matrix_of_six,
)
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
RAY, BUILD = 0.08, 3.0
"""Units of guesses in which a step moves the body about as much as one radian of a joint does."""
UNKNOWN_SPREAD = 0.5
"""Radians, of joints about which nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Keypoints of T frames, as the energy needs them."""

    points: Tensor
    """(T, K, 2) pixels from the picture's middle; zero where absent."""
    weights: Tensor
    """(T, K) in 0..1; 0 where absent."""
    size_px: Tensor
    """(T,) how large the person is in the picture."""
    focal_px: float

    def of(self, frames: Tensor) -> Seen:
        """Some of the frames, or frames more than once."""
        return Seen(self.points[frames], self.weights[frames], self.size_px[frames], self.focal_px)


@dataclass(slots=True, eq=False)
class Guess:
    """Parameters that are being improved, for B frames."""

    root: Tensor
    """(B, 6)"""
    angles: Tensor
    """(B, J - 1, 3)"""
    ray: Tensor
    """(B, 2) where the body's origin is seen: `RAY` times this over the focal length, in pixels
    from the middle."""
    log_depth: Tensor
    """(B,) of metres."""
    build: Tensor
    """(S,), or (B, S) while frames are guesses on their own: the shape over `BUILD`."""

    @property
    def shape(self) -> Tensor:
        """(S,) or (B, S) standard deviations."""
        return BUILD * self.build

    def parameters(self) -> list[Tensor]:
        """All of them."""
        return [self.root, self.angles, self.ray, self.log_depth, self.build]

    def rotations(self) -> Tensor:
        """(B, J, 3, 3) matrices."""
        root = matrix_of_six(self.root)[:, None]
        return torch.cat([root, matrix_of_axis_angle(self.angles)], dim=1)

    def translation(self) -> Tensor:
        """(B, 3) metres, of the body's origin."""
        depth = self.log_depth.exp()[:, None]
        return torch.cat([RAY * self.ray * depth, depth], dim=1)


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A guess as the camera has it."""

    seen: Tensor
    """(B, K, 2) keypoints in pixels from the middle."""
    joints: Tensor
    """(B, J, 3) metres in the camera's axes."""


def placed(body: Body, chosen: list[int], guess: Guess, focal_px: float) -> Placed:
    """The body's `chosen` keypoints and its joints."""
    shape = guess.shape.expand(len(guess.root), -1)
    keypoints, joints = body.keypoints(guess.rotations(), shape)
    moved = keypoints[:, chosen] + guess.translation()[:, None]
    flat = focal_px * moved[..., :2] / moved[..., 2:].clamp(min=0.05)
    return Placed(flat, joints + guess.translation()[:, None])


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
