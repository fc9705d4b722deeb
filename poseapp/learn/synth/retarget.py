"""Captured motion put on a body: the same directions of limbs, whatever the proportions.

Only places of joints are used, so files that hold no rotations serve too. The pelvis and the chest
get their frames from hips, shoulders and spine; the spine shares what lies between them; limbs are
turned by the least that makes them point as captured, and upper arms and thighs are also twisted
so that elbows and knees bend about their own hinges, where they are bent enough to tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from poseapp.domain.errors import MotionError
from poseapp.nets.body.body import Body

Floats = NDArray[np.float64]

_SIDES = ("left", "right")
_LIMBS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
NEEDED = (*(f"{side} {joint}" for side in _SIDES for joint in _LIMBS), "neck", "head")
"""Points that a motion must have; `left toe` and `right toe` turn the feet where they are there."""

_ONE_SIDED = (
    # hip, knee, ankle, toe, shoulder, elbow, wrist: left, with what stands for the side cut off
    ("{left}hip", "{left}knee", "{left}ankle", "{left}toe",
     "{left}shoulder", "{left}elbow", "{left}wrist"),
    ("{left}upleg", "{left}leg", "{left}foot", "{left}toebase",
     "{left}arm", "{left}forearm", "{left}hand"),
    ("{l}femur", "{l}tibia", "{l}foot", "{l}toes", "{l}humerus", "{l}radius", "{l}wrist"),
)  # fmt: skip
_CENTRES = (("neck", "head"), ("neck", "head"), ("lowerneck", "head"))
_ENDS = ("{l}hipjoint", "{l}femur", "{l}tibia", "{l}foot", "{l}clavicle", "{l}humerus", "{l}radius")
_END_CENTRES = ("thorax", "upperneck")
"""The bones of CMU's skeletons that end where the others' joints lie."""
_BENT = 0.35
"""Sine of a bend from which on its hinge is trusted wholly."""


@dataclass(frozen=True, slots=True, eq=False)
class BodyAtRest:
    """The joints of a body that a motion is put on."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    joints: Floats
    """(J, 3)"""
    toes: Mapping[str, Floats]
    """(3,) the tip of each foot, by side."""
    head: Floats
    """(3,) what the captured head is to it. A captured neck goes on straight as the trunk does when
    a person looks ahead; a body's may lean forward at rest, and pointing it itself would tip the
    head back."""


def body_at_rest(body: Body) -> BodyAtRest:
    """The shipped body, or one with its names of joints, as captured motion is put on it."""
    joints = body.joints.double().numpy()
    keypoints = (body.regressor @ body.template).double().numpy()
    place = {name: joints[n] for n, name in enumerate(body.joint_names)}
    toes = {side: keypoints[body.keypoint_names.index(f"{side} big toe")] for side in _SIDES}
    trunk = place["neck"] - (place["left hip"] + place["right hip"]) / 2
    return BodyAtRest(body.joint_names, body.parents, joints, toes, place["neck"] + trunk)


def named_points(
    names: Sequence[str], positions: Floats, *, bone_ends: bool = False
) -> dict[str, Floats]:
    """(T, 3) of each needed point, for joints called as CMU, Mixamo or plain BVH files do.

    With `bone_ends` the places are where CMU's bones of those names end, not where they begin.

    Raises:
        MotionError: when the names are of no convention that is known here.
    """
    plain = {_plain(name): n for n, name in enumerate(names)}
    best: list[str] = list(NEEDED)
    known = ((_ENDS, _END_CENTRES),) if bone_ends else zip(_ONE_SIDED, _CENTRES, strict=True)
    for one_sided, centres in known:
        places = _places(one_sided, centres)
        missing = [point for point in NEEDED if places[point] not in plain]
        if not missing:
            return {
                point: positions[:, plain[name]] for point, name in places.items() if name in plain
            }
        best = min(best, missing, key=len)
    raise MotionError(
        f"This motion has no joint that can be taken for {', '.join(best[:4])}. Rename its joints "
        "as CMU or Mixamo files have them (LeftHip, LeftKnee, … or LeftUpLeg, LeftLeg, …)."
    )


def retargeted(points: Mapping[str, Floats], body: BodyAtRest) -> Floats:
    """(T, J, 3) axis angles of the body's joints, each against its parent, in radians.

    Args:
        points: (T, 3) of each of `NEEDED`, in metres or any other unit, y up.
        body: at rest, with the joints of the shipped body.
    """
    fitting = _Fitting(body, len(points["neck"]))
    hips = points["left hip"] - points["right hip"]
    shoulders = points["left shoulder"] - points["right shoulder"]
    trunk = points["neck"] - (points["left hip"] + points["right hip"]) / 2
    chest = _upright(shoulders, trunk) * fitting.rest_frame("shoulder").inv()
    pelvis = _upright(hips, trunk) * fitting.rest_frame("hip").inv()
    fitting.turn("pelvis", pelvis)
    bend = (pelvis.inv() * chest).as_rotvec()
    for third, joint in enumerate(("spine1", "spine2", "spine3"), start=1):
        fitting.turn(joint, pelvis * Rotation.from_rotvec(bend * third / 3))
    fitting.point_at("neck", body.head, points["head"] - points["neck"])
    for side in _SIDES:
        for first, second, third in (_LIMBS[:3], _LIMBS[3:]):
            names = [f"{side} {joint}" for joint in (first, second, third)]
            upper, lower = (points[b] - points[a] for a, b in pairwise(names))
            fitting.limb(names, upper, lower)
        if f"{side} toe" in points:
            foot = points[f"{side} toe"] - points[f"{side} ankle"]
            fitting.point_at(f"{side} ankle", body.toes[side], foot)
    return fitting.axis_angles()


class _Fitting:
    """World rotations of the joints, found from the root outwards."""

    def __init__(self, body: BodyAtRest, frames: int) -> None:
        self._body = body
        self._frames = frames
        self._world: dict[int, Rotation] = {}

    def rest_frame(self, joint: str) -> Rotation:
        """Of hips or shoulders and the line up from the hips, at rest."""
        left, right = self._place(f"left {joint}"), self._place(f"right {joint}")
        hips = (self._place("left hip") + self._place("right hip")) / 2
        return _upright((left - right)[None], (self._place("neck") - hips)[None])[0]

    def turn(self, joint: str, world: Rotation) -> None:
        """Set a joint's rotation against the world."""
        self._world[self._body.names.index(joint)] = world

    def point(self, joint: str, child: str, direction: Floats) -> None:
        """Turn a joint by the least that makes its child lie in a direction."""
        self.point_at(joint, self._place(child), direction)

    def point_at(self, joint: str, tip: Floats, direction: Floats) -> None:
        """Turn a joint by the least that makes a point which it carries lie in a direction."""
        above = self._above(joint)
        before = above.apply(tip - self._place(joint))
        self.turn(joint, _swing(before, direction) * above)

    def limb(self, names: Sequence[str], upper: Floats, lower: Floats) -> None:
        """Turn the two bones of an arm or leg, the first with a twist that keeps the hinge."""
        first, second, third = names
        self.point(first, second, upper)
        swung = self._world[self._body.names.index(first)]
        places = [self._place(name) for name in names]
        hinge = swung.apply(np.cross(places[1] - places[0], places[2] - places[1]))
        wanted = np.cross(upper, lower)
        sine = _length(wanted) / np.maximum(_length(upper) * _length(lower), 1e-12)
        twist = _angle_about(upper, hinge, wanted) * np.clip(sine / _BENT, 0, 1) ** 2
        axis = upper / np.maximum(_length(upper), 1e-12)[:, None]
        self.turn(first, Rotation.from_rotvec(axis * twist[:, None]) * swung)
        self.point(second, third, lower)

    def axis_angles(self) -> Floats:
        """(T, J, 3); joints that were not turned follow their parents."""
        local = []
        for joint, parent in enumerate(self._body.parents):
            above = self._world[parent] if parent >= 0 else Rotation.identity(self._frames)
            own = self._world.setdefault(joint, above)
            local.append((above.inv() * own).as_rotvec())
        return np.stack(local, axis=1)

    def _above(self, joint: str) -> Rotation:
        """The rotation of the nearest joint above that was turned."""
        parent = self._body.parents[self._body.names.index(joint)]
        while parent >= 0 and parent not in self._world:
            parent = self._body.parents[parent]
        return self._world[parent] if parent >= 0 else Rotation.identity(self._frames)

    def _place(self, joint: str) -> Floats:
        return self._body.joints[self._body.names.index(joint)]


def _places(one_sided: Sequence[str], centres: Sequence[str]) -> dict[str, str]:
    joints = ("hip", "knee", "ankle", "toe", "shoulder", "elbow", "wrist")
    places = {
        f"{side} {joint}": pattern.format(left=side, l=side[0])
        for side in _SIDES
        for joint, pattern in zip(joints, one_sided, strict=True)
    }
    return places | dict(zip(("neck", "head"), centres, strict=True))


def _plain(name: str) -> str:
    """Without case, signs and the prefix that some programs write."""
    return re.sub(r"[^a-z]", "", re.sub(r"^.*:", "", name).lower())


def _upright(left: Floats, up: Floats) -> Rotation:
    """Frames whose x points left and whose y points up as far as that allows."""
    x = left / np.maximum(_length(left), 1e-12)[:, None]
    z = np.cross(x, up)
    z /= np.maximum(_length(z), 1e-12)[:, None]
    return Rotation.from_matrix(np.stack([x, np.cross(z, x), z], axis=-1))


def _swing(start: Floats, end: Floats) -> Rotation:
    """The least rotations of (T, 3) directions onto others."""
    axis = np.cross(start, end)
    sine, cosine = _length(axis), (start * end).sum(axis=1)
    angle = np.arctan2(sine, cosine)
    return Rotation.from_rotvec(axis / np.maximum(sine, 1e-12)[:, None] * angle[:, None])


def _angle_about(axis: Floats, start: Floats, end: Floats) -> Floats:
    """(T,) radians by which `start` must be turned about `axis` to lie under `end`."""
    unit = axis / np.maximum(_length(axis), 1e-12)[:, None]
    flat = start - (start * unit).sum(axis=1, keepdims=True) * unit
    return np.arctan2((np.cross(flat, end) * unit).sum(axis=1), (flat * end).sum(axis=1))


def _length(vectors: Floats) -> Floats:
    return np.linalg.norm(vectors, axis=-1)
