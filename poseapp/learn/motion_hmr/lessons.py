"""Lessons: what the net is given of made-up people, and what is true of them.

Keypoints alone need no picture: captured motion before made-up cameras. Nets that see flow or RGB
learn from synthetic clips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
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
from poseapp.nets.motion_hmr.pictures import flow_channels, flow_crops, rgb_channels, rgb_crops

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


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """What lessons need of a synthetic clip of T frames, for every net of one size of pictures."""

    seen: NDArray[np.float32]
    """(T, 14, 2) pixels."""
    points: NDArray[np.float32]
    """(T, 14, 3) metres in the camera's axes."""
    shown: NDArray[np.bool_]
    """(T, 12)"""
    rotations: NDArray[np.float32]
    """(T, J, 3, 3)"""
    flow: NDArray[np.float16]
    """(T - 1, S, S, 2), as of `flow_crops`."""
    rgb: NDArray[np.uint8]
    """(T - 1, S, S, 3) BGR."""


def take_of(clip: SyntheticClip, side_px: int) -> Take:
    """A clip in its boxes."""
    seen = clip.seen.astype(np.float32)
    boxes = make_clips(_given(seen[None]), torch.from_numpy(clip.shown[None]))
    where = (list(clip.pictures), boxes.middle[0].numpy(), float(boxes.side[0]), side_px)
    return Take(
        seen,
        clip.points.astype(np.float32),
        clip.shown,
        clip.rotations.astype(np.float32),
        flow_crops(*where).astype(np.float16),
        rgb_crops(*where),
    )


def picture_lesson(
    takes: Sequence[Take], architecture: Architecture, first: int = 0, frames: int | None = None
) -> Lesson:
    """Synthetic clips as a net of this architecture sees them; keypoints are exact, as the paper's.

    A net without keypoints has the same boxes: the paper takes the person's detection as given.

    Args:
        takes: of T frames each.
        architecture: of the net.
        first: frame of the window that the lesson is about; its boxes are those of the whole clip.
        frames: of the window; the whole clip without it.
    """
    frames = len(takes[0].seen) if frames is None else frames
    window, pairs = slice(first, first + frames), slice(first, first + frames - 1)
    seen = np.stack([take.seen for take in takes])
    shown = np.stack([take.shown for take in takes])
    clips = make_clips(_given(seen), torch.from_numpy(shown)).window(first, frames)
    if architecture.picture == "flow":
        drawn = flow_channels(np.stack([take.flow[pairs] for take in takes]))
        clips = replace(clips, pictures=torch.from_numpy(drawn))
    elif architecture.picture == "rgb":
        drawn = rgb_channels(np.stack([take.rgb[pairs] for take in takes]))
        clips = replace(clips, pictures=torch.from_numpy(drawn))
    points, rotations = (
        torch.from_numpy(np.stack([truth[window] for truth in truths]))
        for truths in ([take.points for take in takes], [take.rotations for take in takes])
    )
    return Lesson(clips, points, torch.from_numpy(seen[:, window]), rotations)


def _given(seen: NDArray[np.float32]) -> Tensor:
    """(B, T, 12, 2) of the keypoints that are measured, those that the net is given."""
    return torch.from_numpy(seen[:, :, : len(INPUT_KEYPOINTS)])


def as_detected(lesson: Lesson, errors: DetectorErrors, rng: np.random.Generator) -> Lesson:
    """The lesson with keypoints as a detector finds them, in the same boxes."""
    clips = lesson.clips
    height = lesson.seen[..., 1].amax(dim=2) - lesson.seen[..., 1].amin(dim=2)
    count, frames, keypoints = clips.points.shape[:3]
    offsets = errors.offsets((count, frames, keypoints), rng)
    moved = offsets * (height * 2 / clips.side[:, None])[..., None, None] * clips.shown[..., None]
    points, following = clips.points + moved, clips.following + moved[:, 1:]
    return replace(lesson, clips=replace(clips, points=points, following=following))


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
