"""Fit one frame of a motion again, to keypoints that a person moved; its neighbours hold it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.errors import BodyError
from poseapp.infer.fitting.descent import settle
from poseapp.infer.fitting.energy import ACCELERATION, trusted_misses
from poseapp.infer.fitting.guess import guess_of, motion_of, placed
from poseapp.infer.fitting.seen import seen_of
from poseapp.infer.seen_person import SeenPerson
from poseapp.nets.body.body import Body

Floats = NDArray[np.floating]

REFITTING = 15
"""Iterations."""
SPREAD = 0.4
"""Radians that a joint may turn, and that the body may."""
NEAREST_M = 0.01
"""How far a body may be, in depth, from where close neighbours have it."""


def refit_frame(body: Body, person: SeenPerson, motion: BodyMotion) -> BodyMotion:
    """The same motion with one frame fitted to moved keypoints; well below a second.

    One camera sees depth badly: a hand that comes nearer and a person who does look alike. So the
    body stays, in depth, about where the frames around have it; its pose stays near to what it
    was; the shape and all other frames stay.

    Args:
        body: that the motion is of.
        person: whose keypoints they are, in that one frame.
        motion: theirs, of the frame and of some around it.

    Raises:
        BodyError: when the motion has no such frame, or too few keypoints are the body's.
    """
    (frame,) = person.frames.tolist()
    at = motion.place(frame)
    if at is None:
        raise BodyError(
            f"There is no mesh in frame {frame}. Recover the meshes of this part of the video."
        )
    person = replace(person, size=motion.size, focal_px=motion.focal_px)
    seen = seen_of(body, person)
    guess = guess_of(motion.part(slice(at, at + 1)))
    root, angles = guess.root.detach().clone(), guess.angles.detach().clone()
    depth, spread = _held_depth(motion, frame, person.fps)

    def energy() -> Tensor:
        turned = (guess.angles - angles).square().sum() + (guess.root - root).square().sum()
        away = (guess.log_depth.exp() - depth).square().sum()
        kept = 0.5 * turned / SPREAD**2 + 0.5 * away / spread**2
        return trusted_misses(seen, placed(body, guess, seen).seen).sum() + kept

    settle(guess.parameters()[:-1], energy, REFITTING)
    one = motion_of(body, guess, seen, person)
    errors, error = motion.error_px, one.error_px
    return replace(
        motion,
        rotations=_with(motion.rotations, at, one.rotations[0]),
        translation=_with(motion.translation, at, one.translation[0]),
        error_px=None if errors is None or error is None else _with(errors, at, error[0]),
    )


def practise(body: Body) -> None:
    """Fit a body at rest once: what torch loads and sets up on the way is there from then on."""
    motion = BodyMotion(
        body.name, (640, 480), 800.0, np.arange(1), np.zeros((1, len(body.joint_names), 3)),
        np.zeros(body.shape_count), np.array([[0.0, 0.0, 4.0]]),
    )  # fmt: skip
    names = body.keypoint_names
    points = np.linspace(200, 400, 2 * len(names)).reshape(1, -1, 2)
    seen = SeenPerson(names, motion.frames, points, np.ones((1, len(names))), motion.size, 25.0)
    refit_frame(body, seen, motion)


def _held_depth(motion: BodyMotion, frame: int, fps: float) -> tuple[float, float]:
    """Metres: where the frames around have the body, and how far from there it may be.

    That is a straight line through them, which a body leaves by its acceleration.
    """
    around = motion.neighbourhood(frame)
    around = around.part(around.frames != frame)
    if not len(around):
        own = motion.translation[motion.frames == frame, 2]
        return float(own[0]), np.inf
    seconds = (around.frames - frame) / fps
    line = np.polyfit(seconds, around.translation[:, 2], deg=min(len(around) - 1, 1))
    reach = 0.5 * ACCELERATION * float(np.abs(seconds).min()) ** 2
    return float(line[-1]), max(reach, NEAREST_M)


def _with(values: Floats, at: int, value: Floats) -> Floats:
    changed = values.copy()
    changed[at] = value
    return changed
