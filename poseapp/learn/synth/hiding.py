"""Which keypoints a detector would not have found: appendix A of Motion-HMR, and its errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.human import LIMB_KEYPOINTS

Bools = NDArray[np.bool_]

BEHIND_M = 0.20
"""Behind the surface that the camera sees; from there on a keypoint is hidden by the body."""
LEGS_SHOWN = 0.5
"""Chance of a clip that its hidden legs are found all the same."""
FLIPPED = 0.05
"""Chance of a keypoint to be found though hidden, or missed though shown."""
LONGEST_OCCLUSION = 15
"""Frames."""
OCCLUDED_CLIPS = 0.3
"""Chance of a clip to have a total occlusion."""
LEGS = tuple(
    n for n, name in enumerate(LIMB_KEYPOINTS) if name.split()[1] in ("hip", "knee", "ankle")
)
"""Among the twelve."""


def hidden_at_last(hidden: Bools, rng: np.random.Generator) -> Bools:
    """(B, T, 12) who is hidden in the end: legs are shown again or not, then some are flipped."""
    shown_legs = rng.random((len(hidden), 1, 1)) < LEGS_SHOWN
    changed = hidden.copy()
    changed[..., list(LEGS)] &= ~shown_legs
    return changed ^ (rng.random(hidden.shape) < FLIPPED)


def total_occlusions(clips: int, frames: int, rng: np.random.Generator) -> Bools:
    """(B, T) frames in which nothing of the person is seen: a run of up to half a clip."""
    longest = min(LONGEST_OCCLUSION, frames // 2)
    length = rng.integers(1, longest + 1, clips) * (rng.random(clips) < OCCLUDED_CLIPS)
    first = rng.integers(0, frames - length + 1)
    number = np.arange(frames)
    return (number >= first[:, None]) & (number < (first + length)[:, None])


@dataclass(frozen=True, slots=True)
class DetectorErrors:
    """How far a detector's keypoints lie from the true ones, over the person's size."""

    jitter: float = 0.008
    """From frame to frame."""
    drift: float = 0.008
    """Slowly, over about half a second."""
    habit: float = 0.015
    """The same through a clip: another idea of where a hip is."""
    wild: float = 0.01
    """Chance of a keypoint to be anywhere near the person."""

    def offsets(self, shape: tuple[int, int, int], rng: np.random.Generator) -> Tensor:
        """(B, T, K, 2) to be multiplied with the person's size."""
        clips, frames, count = shape
        own = rng.normal(0, self.jitter, (*shape, 2))
        own += rng.normal(0, self.habit, (clips, 1, count, 2))
        slow = rng.normal(0, self.drift, (*shape, 2))
        keep = 0.93
        for frame in range(1, frames):
            slow[:, frame] = keep * slow[:, frame - 1] + np.sqrt(1 - keep**2) * slow[:, frame]
        wild = rng.random((*shape, 1)) < self.wild
        far = rng.normal(0, 0.2, (*shape, 2))
        return torch.from_numpy(own + slow + wild * far).float()


_BONES = (
    ("left shoulder", "left elbow", 0.06), ("left elbow", "left wrist", 0.05),
    ("right shoulder", "right elbow", 0.06), ("right elbow", "right wrist", 0.05),
    ("left hip", "left knee", 0.09), ("left knee", "left ankle", 0.06),
    ("right hip", "right knee", 0.09), ("right knee", "right ankle", 0.06),
    ("left hip", "left shoulder", 0.12), ("right hip", "right shoulder", 0.12),
    ("neck", "head", 0.10),
)  # fmt: skip
"""Capsules that stand for the body where nothing is drawn: joints at the ends, radius in metres."""


def behind_limbs(points: Tensor, joints: Tensor, names: tuple[str, ...]) -> Bools:
    """(..., K) keypoints that lie `BEHIND_M` behind another limb that covers them.

    Stands for a depth map where none is drawn: the body is taken as capsules.

    Args:
        points: (..., K, 3) metres in the camera's axes.
        joints: (..., J, 3) the same, of the body.
        names: (J,) of the joints.
    """
    hidden = torch.zeros(points.shape[:-1], dtype=torch.bool)
    rays = points / points.norm(dim=-1, keepdim=True)
    far = points.norm(dim=-1)
    for first, second, radius in _BONES:
        start, end = (joints[..., names.index(name), :] for name in (first, second))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            ball = (start + share * (end - start))[..., None, :]
            along = (ball * rays).sum(dim=-1)
            apart = (ball - along[..., None] * rays).norm(dim=-1)
            front = along - (radius**2 - apart**2).clamp(min=0).sqrt()
            hidden |= (apart < radius) & (front < far - BEHIND_M)
    return hidden.numpy()
