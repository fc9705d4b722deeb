"""Meshes as the project keeps them: whose a motion is, and the body of a single frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NewType

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.ids import RunId, VideoId

MeshTrackId = NewType("MeshTrackId", int)


@dataclass(frozen=True, slots=True)
class MeshTrack:
    """One individual's motion through a video, as one run recovered it."""

    id: MeshTrackId
    run: RunId
    video: VideoId
    name: str
    """"Ann", or "Person 2"."""
    file: str
    """Where the motion lies, in the folder of the run."""


@dataclass(frozen=True, slots=True, eq=False)
class BodyPose:
    """The body in one frame, as `BodyMotion` has it for each."""

    rotations: NDArray[np.float64]
    """(J, 3) axis angles in radians."""
    translation: NDArray[np.float64]
    """(3,) metres."""
    error_px: float
    """Mean distance of the body's keypoints from those seen; NaN where none was seen."""


def pose_at(motion: BodyMotion, frame: int) -> BodyPose | None:
    """The body of a frame; None where the individual is not in it."""
    at = motion.place(frame)
    if at is None:
        return None
    error = np.nan if motion.error_px is None else float(motion.error_px[at])
    return BodyPose(motion.rotations[at], motion.translation[at], error)


def with_pose(motion: BodyMotion, frame: int, pose: BodyPose) -> BodyMotion:
    """The motion with another body in one of its frames; itself where it lacks the frame."""
    at = motion.place(frame)
    if at is None:
        return motion
    rotations, translation = motion.rotations.copy(), motion.translation.copy()
    errors = np.full(len(motion), np.nan) if motion.error_px is None else motion.error_px.copy()
    rotations[at], translation[at], errors[at] = pose.rotations, pose.translation, pose.error_px
    return replace(motion, rotations=rotations, translation=translation, error_px=errors)
