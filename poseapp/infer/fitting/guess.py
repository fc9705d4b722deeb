"""A body's parameters while they are being improved, and where they put the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from poseapp.domain.body_motion import BodyMotion
from poseapp.infer.fitting.low_pass import LowPass
from poseapp.infer.fitting.seen import Seen
from poseapp.infer.seen_person import SeenPerson
from poseapp.nets.body.body import Body
from poseapp.nets.body.rotations import (
    axis_angle_of_matrix,
    matrix_of_axis_angle,
    matrix_of_six,
    six_of_matrix,
)

RAY, BUILD = 0.08, 3.0
"""Units of guesses in which a step moves the body about as much as one radian of a joint does."""


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

    def freed(self) -> Guess:
        """Itself, to be improved from here on."""
        for value in self.parameters():
            value.requires_grad_()
        return self

    def nothing(self) -> Guess:
        """Zeros of the same sizes."""
        return Guess(*(torch.zeros(value.shape) for value in self.parameters()))

    def passed(self, low_pass: LowPass) -> Guess:
        """Without its quick parts, where its frames follow each other."""
        return Guess(*[*map(low_pass, self.parameters()[:-1]), self.build])

    def __add__(self, change: Guess) -> Guess:
        pairs = zip(self.parameters(), change.parameters(), strict=True)
        return Guess(*(value + by for value, by in pairs))

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


def placed(body: Body, guess: Guess, seen: Seen) -> Placed:
    """Where the guess has the body's joints, and those of its keypoints that were `seen`."""
    shape = guess.shape.expand(len(guess.root), -1)
    keypoints, joints = body.keypoints(guess.rotations(), shape)
    moved = keypoints[:, seen.chosen] + guess.translation()[:, None]
    flat = seen.focal_px * moved[..., :2] / moved[..., 2:].clamp(min=0.05)
    return Placed(flat, joints + guess.translation()[:, None])


def guess_of(motion: BodyMotion) -> Guess:
    """The motion's parameters, to be improved."""
    rotations = torch.from_numpy(motion.rotations).float()
    place = torch.from_numpy(motion.translation).float()
    return Guess(
        six_of_matrix(matrix_of_axis_angle(rotations[:, 0])),
        rotations[:, 1:].clone(),
        place[:, :2] / place[:, 2:] / RAY,
        place[:, 2].log(),
        torch.from_numpy(motion.shape).float() / BUILD,
    ).freed()


@torch.no_grad()
def motion_of(body: Body, guess: Guess, seen: Seen, person: SeenPerson) -> BodyMotion:
    """The guess as a motion, with its distance from what was seen of the person."""
    apart = (placed(body, guess, seen).seen - seen.points).norm(dim=-1).double().numpy()
    counted = seen.weights.numpy() > 0
    total = counted.sum(axis=1)
    mean = np.where(counted, apart, 0).sum(axis=1) / np.maximum(total, 1)
    return BodyMotion(
        body.name,
        person.size,
        seen.focal_px,
        person.frames,
        axis_angle_of_matrix(guess.rotations()).double().numpy(),
        guess.shape.detach().double().numpy(),
        guess.translation().double().numpy(),
        np.where(total > 0, mean, np.nan),
    )
