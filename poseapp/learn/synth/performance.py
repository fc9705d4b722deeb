"""Performances: captured motion as a body does it, frame by frame at one rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from poseapp.domain.motion import Motion
from poseapp.learn.synth.retarget import BodyAtRest, named_points, retargeted

Floats = NDArray[np.float64]

FPS = 30.0
"""Of every performance."""


@dataclass(frozen=True, slots=True, eq=False)
class Performance:
    """T frames of what one body does, on the ground y = 0 or near it."""

    name: str
    """Its style, such as "walking", before a slash, and the sequence after it."""
    pose: Floats
    """(T, J, 3) axis angles, each against the joint's parent."""
    root: Floats
    """(T, 3) where the root is: metres, y up."""

    def __len__(self) -> int:
        return len(self.root)

    @property
    def style(self) -> str:
        """What is done: sequences of a style are alike, and are held out together."""
        return self.name.partition("/")[0]


def performance_of_motion(name: str, motion: Motion, body: BodyAtRest) -> Performance:
    """A file of captured motion as the body does it.

    Raises:
        MotionError: when its joints have names that are not known.
    """
    return performance(name, named_points(motion.names, motion.positions()), motion.fps, body)


def performance(
    name: str, points: Mapping[str, Floats], fps: float, body: BodyAtRest
) -> Performance:
    """Places of joints as the body goes through them, in steps of its own length.

    Args:
        name: style and sequence.
        points: (T, 3) of each of `retarget.NEEDED`, y up, in any unit.
        fps: frames in a second of `points`.
        body: at rest.
    """
    pose = retargeted(points, body)
    hips = (points["left hip"] + points["right hip"]) / 2
    root = hips * _leg(_resting(body)) / np.median(_leg(points))
    own = _resting(body)
    middle = body.joints[0] - (own["left hip"] + own["right hip"])[0] / 2
    root = root + Rotation.from_rotvec(pose[:, 0]).apply(middle)
    wanted = np.arange(0, (len(root) - 1) / fps, 1 / FPS)
    times = np.arange(len(root)) / fps
    if len(times) < 2:
        return Performance(name, pose, root)
    turns = [Slerp(times, Rotation.from_rotvec(angles))(wanted) for angles in pose.swapaxes(0, 1)]
    places = np.stack([np.interp(wanted, times, column) for column in root.T], axis=1)
    return Performance(name, np.stack([turn.as_rotvec() for turn in turns], axis=1), places)


def mirrored(performance: Performance, order: NDArray[np.intp]) -> Performance:
    """The performance as a mirror at x = 0 shows it; `order` swaps left and right joints."""
    sign = np.array([1.0, -1.0, -1.0])
    return Performance(
        performance.name, performance.pose[:, order] * sign, performance.root * [-1.0, 1.0, 1.0]
    )


def mirror_order(joints: tuple[str, ...]) -> NDArray[np.intp]:
    """(J,) the joint on the other side of each, itself in the middle."""
    swap = {"left": "right", "right": "left"}
    other = [" ".join(swap.get(word, word) for word in name.split()) for name in joints]
    return np.array([joints.index(name) for name in other])


def _resting(body: BodyAtRest) -> dict[str, Floats]:
    return {name: body.joints[[n]] for n, name in enumerate(body.names)}


def _leg(points: Mapping[str, Floats]) -> Floats:
    """(T,) length from the left hip to the ankle, by way of the knee."""
    hip, knee, ankle = (points[f"left {name}"] for name in ("hip", "knee", "ankle"))
    return np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)
