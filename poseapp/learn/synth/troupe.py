"""The troupe: performances by people of all shapes before cameras of all kinds, in clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from poseapp.learn.synth.performance import Performance, mirror_order, mirrored
from poseapp.nets.body.body import Body
from poseapp.nets.body.rotations import matrix_of_axis_angle, matrix_of_six, six_of_matrix

Floats = NDArray[np.float64]

SIZE = (320, 240)
"""Of the pictures."""
SPEEDS = (0.75, 1.3)
"""Frames of the performance in one of the clip: videos differ in frame rate, people in haste."""
SHAPE_SPREAD = 0.9
FOCALS = (0.6, 1.6)
"""Focal lengths, in diagonals of the picture."""
HEIGHTS = (0.3, 0.9)
"""A person of 1.7 m, in heights of the picture."""
PITCH, ROLL = np.deg2rad(12), np.deg2rad(4)
"""Standard deviations of the camera's."""
_PERSON_M = 1.7
_LOWER = ("pelvis", "hip", "knee", "ankle")
LENT = 0.5
"""Chance of a free clip that trunk and arms are another performance's than the legs."""
HELD = 0.15
"""Radians by which each joint of a free clip is held otherwise throughout, about each axis."""


@dataclass(frozen=True, slots=True, eq=False)
class Shots:
    """B clips of T frames of one person each, as the camera has them."""

    rotations: Tensor
    """(B, T, J, 3, 3), the root's against the camera."""
    shape: Tensor
    """(B, S)"""
    translation: Tensor
    """(B, T, 3) metres, of the body's origin."""
    focal_px: Tensor
    """(B,)"""

    def pixels(self, points: Tensor) -> Tensor:
        """(B, T, K, 3) metres in the camera's axes → (B, T, K, 2)."""
        middle = torch.tensor([(side - 1) / 2 for side in SIZE], dtype=points.dtype)
        flat = points[..., :2] / points[..., 2:].clamp(min=0.05)
        return self.focal_px[:, None, None, None] * flat + middle


class Troupe:
    """Performances, and their mirror images, ready to be cut into clips."""

    def __init__(
        self, body: Body, performances: Sequence[Performance], frames: int, *, free: bool = False
    ) -> None:
        """Performances of a body in clips of so many frames.

        Where they are `free`, people also move as nobody was captured: see `_freely`.
        """
        order = mirror_order(body.joint_names)
        longest = int(frames * SPEEDS[1]) + 2
        kept = [one for one in performances if len(one) >= longest]
        if not kept:
            raise ValueError(f"no performance has the {longest} frames of a clip")
        both = [*kept, *(mirrored(one, order) for one in kept)]
        pose = torch.from_numpy(np.concatenate([one.pose for one in both])).float()
        self._six = six_of_matrix(matrix_of_axis_angle(pose))
        self._root = torch.from_numpy(np.concatenate([one.root for one in both])).float()
        self._lengths = np.array([len(one) for one in both])
        self._firsts = np.cumsum(self._lengths) - self._lengths
        self._chances = _chances([one.style for one in both], self._lengths)
        self.body, self.frames = body, frames
        self._free = free
        self._upper = [n for n, name in enumerate(body.joint_names) if not name.endswith(_LOWER)]

    def shots(self, rng: np.random.Generator, count: int) -> Shots:
        """So many clips; the same for the same generator."""
        which = rng.choice(len(self._lengths), count, p=self._chances)
        speed = rng.uniform(*SPEEDS, count)
        spare = self._lengths[which] - (self.frames - 1) * speed - 2
        first = self._firsts[which] + rng.uniform(0, 1, count) * spare
        times = torch.from_numpy(first[:, None] + speed[:, None] * np.arange(self.frames))
        before = times.long()
        share = (times - before).float()
        six = _mixed(self._six, before, share)
        root = _mixed(self._root, before, share)
        view = torch.from_numpy(_views(rng, count)).float()
        rotations = matrix_of_six(six)
        if self._free:
            rotations = self._freely(rotations, rng)
        rotations[:, :, 0] = view[:, None] @ rotations[:, :, 0]
        focal = rng.uniform(*FOCALS, count) * np.hypot(*SIZE)
        depth = focal * _PERSON_M / (rng.uniform(*HEIGHTS, count) * SIZE[1])
        middle = rng.uniform(-0.3, 0.3, (count, 2)) * SIZE / focal[:, None] * depth[:, None]
        place = torch.from_numpy(np.concatenate([middle, depth[:, None]], axis=1)).float()
        way = (view[:, None] @ (root - root[:, [self.frames // 2]])[..., None]).squeeze(-1)
        moved = place[:, None] + way
        moved[..., 2].clamp_(min=1.0)
        shape = rng.normal(0, SHAPE_SPREAD, (count, self.body.shape_count))
        return Shots(
            rotations,
            torch.from_numpy(shape).float(),
            moved,
            torch.from_numpy(focal).float(),
        )

    def _freely(self, rotations: Tensor, rng: np.random.Generator) -> Tensor:
        """(B, T, J, 3, 3) with the upper half of others in some clips, and limbs held otherwise.

        Captures hold few of the poses that bodies can take; a net that meets no others answers
        them with those.
        """
        count, _, joints = rotations.shape[:3]
        lent = np.flatnonzero(rng.random(count) < LENT)
        other = torch.from_numpy(rng.permutation(count)[lent])
        mixed = rotations.clone()
        mixed[lent[:, None], :, self._upper] = rotations[other[:, None], :, self._upper]
        held = rng.normal(0, HELD, (count, 1, joints, 3))
        held[:, :, 0] = 0
        return mixed @ matrix_of_axis_angle(torch.from_numpy(held).float())

    def keypoints(self, shots: Shots) -> tuple[Tensor, Tensor]:
        """(B, T, K, 3) keypoints and (B, T, J, 3) joints in the camera's axes."""
        clips, frames = shots.translation.shape[:2]
        shape = shots.shape.repeat_interleave(frames, dim=0)
        found = self.body.keypoints(shots.rotations.flatten(0, 1), shape)
        keypoints, joints = (values.unflatten(0, (clips, frames)) for values in found)
        place = shots.translation[:, :, None]
        return keypoints + place, joints + place


def _chances(styles: list[str], lengths: NDArray[np.int64]) -> Floats:
    """Of a performance to be picked: the root of its style's length, shared out by length."""
    of_style = {style: sum(lengths[[s == style for s in styles]]) for style in set(styles)}
    weights = np.array(
        [n / np.sqrt(of_style[style]) for style, n in zip(styles, lengths, strict=True)]
    )
    return weights / weights.sum()


def _mixed(values: Tensor, before: Tensor, share: Tensor) -> Tensor:
    """Values between frames `before` and the ones after them."""
    share = share.view(*share.shape, *[1] * (values.ndim - 1))
    return (1 - share) * values[before] + share * values[before + 1]


def _views(rng: np.random.Generator, count: int) -> Floats:
    """(count, 3, 3) from a world with y up to cameras that look at it from all sides."""
    turned = Rotation.from_euler("y", rng.uniform(0, 2 * np.pi, (count, 1)))
    tilted = Rotation.from_euler("x", np.pi + rng.normal(0, PITCH, (count, 1)))
    rolled = Rotation.from_euler("z", rng.normal(0, ROLL, (count, 1)))
    return (rolled * tilted * turned).as_matrix()
