"""Lessons: what the net is given of made-up people, and what is true of them.

Keypoints alone need no picture: captured motion before made-up cameras. Nets that see flow or RGB
learn from synthetic clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from poseapp.domain.human import ENOUGH_LIMB_KEYPOINTS
from poseapp.learn.synth.composite import SyntheticClip
from poseapp.learn.synth.hiding import (
    DetectorErrors,
    behind_limbs,
    hidden_at_last,
    total_occlusions,
)
from poseapp.learn.synth.performance import mirror_order
from poseapp.learn.synth.troupe import SIZE, Shots, Troupe
from poseapp.nets.body.body import Body
from poseapp.nets.motion_hmr.architecture import (
    INPUT_KEYPOINTS,
    MEASURED_KEYPOINTS,
    Architecture,
)
from poseapp.nets.motion_hmr.clips import Clips, make_clips
from poseapp.nets.motion_hmr.pictures import pictures_of

COVERED_CLIPS = 0.3
"""Chance of a clip that a thing stands before the person; as many as superpixels cover."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What the net is given, and what is true."""

    clips: Clips
    points: Tensor
    """(B, T, 14, 3) metres in the camera's axes."""
    seen: Tensor
    """(B, T, 14, 2) pixels."""
    rotations: Tensor
    """(B, T, J, 3, 3), the root's against the camera."""

    def to(self, device: torch.device) -> Lesson:
        """The same on another device."""
        truth = (self.points, self.seen, self.rotations)
        return Lesson(self.clips.to(device), *(value.to(device) for value in truth))


@torch.no_grad()
def keypoint_lesson(
    troupe: Troupe, rng: np.random.Generator, count: int, errors: DetectorErrors
) -> Lesson:
    """So many clips; the same for the same generator."""
    shots = troupe.shots(rng, count)
    keypoints, joints = troupe.keypoints(shots)
    chosen = [troupe.body.keypoint_names.index(name) for name in MEASURED_KEYPOINTS]
    points = keypoints[:, :, chosen]
    seen = shots.pixels(points)
    given = len(INPUT_KEYPOINTS)
    hidden = _outside(seen[:, :, :given]) | _covered(seen, rng)
    hidden |= behind_limbs(points[:, :, :given], joints, troupe.body.joint_names)
    hidden = hidden_at_last(hidden, rng)
    hidden |= total_occlusions(count, troupe.frames, rng)[..., None]
    size = _sizes(shots)[..., None, None]
    found = seen[:, :, :given] + size * errors.offsets((count, troupe.frames, given), rng)
    clips = make_clips(found, torch.from_numpy(~hidden))
    return Lesson(clips, points, seen, shots.rotations)


def picture_lesson(made: Sequence[SyntheticClip], architecture: Architecture) -> Lesson:
    """Synthetic clips as a net of this architecture sees them; keypoints are exact, as the paper's.

    A net without keypoints has the same boxes: the paper takes the person's detection as given.
    """
    given = len(INPUT_KEYPOINTS)
    seen = torch.from_numpy(np.stack([clip.seen for clip in made])).float()
    shown = torch.from_numpy(np.stack([clip.shown for clip in made]))
    clips = make_clips(seen[:, :, :given], shown)
    if architecture.picture:
        drawn = [
            pictures_of(
                architecture, list(clip.pictures), clips.middle[n].numpy(), float(clips.side[n])
            )
            for n, clip in enumerate(made)
        ]
        clips = replace(clips, pictures=torch.from_numpy(np.stack(drawn)))
    points = torch.from_numpy(np.stack([clip.points for clip in made])).float()
    rotations = torch.from_numpy(np.stack([clip.rotations for clip in made])).float()
    return Lesson(clips, points, seen, rotations)


def mirrored(lesson: Lesson, body: Body, architecture: Architecture, width: int) -> Lesson:
    """The lesson as a mirror shows it: sides swap, and flow to the right goes to the left.

    Args:
        lesson: as a net of the architecture is given it.
        body: whose joints swap sides.
        architecture: says what the pictures are.
        width: of the whole pictures, in pixels.
    """
    clips = lesson.clips
    given = mirror_order(INPUT_KEYPOINTS).tolist()
    measured = mirror_order(MEASURED_KEYPOINTS).tolist()
    joints = mirror_order(body.joint_names).tolist()
    flat, solid = torch.tensor([-1.0, 1.0]), torch.tensor([-1.0, 1.0, 1.0])
    pictures = clips.pictures
    if pictures is not None:
        pictures = pictures.flip(-1)
        if architecture.picture == "flow":
            pictures = pictures * solid[:, None, None]
    edge = torch.tensor([width - 1.0, 0.0])
    return Lesson(
        Clips(
            clips.points[:, :, given] * flat,
            clips.following[:, :, given] * flat,
            clips.shown[:, :, given],
            clips.occluded,
            edge + clips.middle * flat,
            clips.side,
            pictures,
        ),
        lesson.points[:, :, measured] * solid,
        edge + lesson.seen[:, :, measured] * flat,
        lesson.rotations[:, :, joints] * torch.outer(solid, solid),
    )


def _outside(seen: Tensor) -> np.ndarray:
    """(B, T, K) whether a keypoint lies outside the picture."""
    inside = (seen >= 0) & (seen < torch.tensor(SIZE))
    return (~inside.all(dim=-1)).numpy()


def _sizes(shots: Shots) -> Tensor:
    """(B, T) pixels of 1.7 m."""
    return 1.7 * shots.focal_px[:, None] / shots.translation[..., 2]


def _covered(seen: Tensor, rng: np.random.Generator) -> np.ndarray:
    """(B, T, 12) whether a thing that hardly moves covers a keypoint.

    As with superpixels, a thing that leaves fewer than seven of the fourteen on average is taken
    away again.
    """
    pixels = seen.double().numpy()
    clips, frames = pixels.shape[:2]
    middle = pixels.mean(axis=(1, 2))
    extent = np.ptp(pixels, axis=2).max(axis=(1, 2))[:, None]
    centre = middle + rng.uniform(-0.5, 0.5, (clips, 2)) * extent
    drift = rng.normal(0, 0.005, (clips, 1, 2)) * np.arange(frames)[:, None] * extent[:, None]
    half = rng.uniform(0.1, 0.5, (clips, 2)) * extent
    apart = np.abs(pixels - (centre[:, None] + drift)[:, :, None])
    covered = (apart < half[:, None, None]).all(axis=-1)
    left = (~covered).sum(axis=2).mean(axis=1)
    kept = (left >= ENOUGH_LIMB_KEYPOINTS) & (rng.random(clips) < COVERED_CLIPS)
    return covered[..., : len(INPUT_KEYPOINTS)] & kept[:, None, None]
