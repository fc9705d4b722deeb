"""Instances as the canvas shows them, and which one is meant by a position. No drawing here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from poseapp.domain.ids import InstanceId
from poseapp.domain.pose import Instance
from poseapp.domain.skeleton import Side, Skeleton, titled
from poseapp.ui import theme
from poseapp.ui.canvas.markers import State, colour_of, states_of

Owner = InstanceId | Instance
"""The id of a label, or a prediction itself."""
_FAINTEST_PREDICTION = 0.55
_OPACITY_STEPS = 4


@dataclass(frozen=True, slots=True)
class Options:
    """What is drawn."""

    labels: bool = True
    predictions: bool = True
    bones: bool = True
    names: bool = False
    trails: bool = False
    heatmap: bool = False
    low_confidence: float = 0.3


class SkeletonLook:
    """Names, sides and colours of a skeleton, worked out once."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.names = tuple(titled(name) for name in skeleton.names)
        self.bones = skeleton.bones
        self.sides = tuple(skeleton.side(k) for k in range(len(skeleton)))
        self.colours = tuple(colour_of(skeleton, k) for k in range(len(skeleton)))
        self.bone_colours = tuple(self._bone_colour(a, b) for a, b in skeleton.bones)

    def _bone_colour(self, a: int, b: int) -> QColor:
        """A bone that leaves the middle has the colour of the side it goes to."""
        if self.colours[a] == self.colours[b]:
            return self.colours[a]
        sided = [k for k in (a, b) if self.sides[k] is not Side.CENTRE]
        return self.colours[sided[0]] if len(sided) == 1 else theme.overlay("centre")


@dataclass(slots=True, eq=False)
class Pose:
    """An instance as it is shown; `points` follow the mouse while something is dragged."""

    instance: Instance
    is_label: bool
    title: str
    states: tuple[State, ...]
    points: NDArray[np.float64] = field(init=False)
    """(K, 2) pixels of the picture, NaN where absent."""
    opacities: list[float] = field(init=False)
    """Predictions fade with their confidence, in a few steps."""

    def __post_init__(self) -> None:
        self.points = self.instance.points.copy()
        scores = self.instance.scores
        if self.is_label or scores is None:
            self.opacities = [1.0] * len(self.states)
        else:
            steps = np.round(np.clip(scores, 0, 1) * _OPACITY_STEPS) / _OPACITY_STEPS
            self.opacities = (_FAINTEST_PREDICTION + (1 - _FAINTEST_PREDICTION) * steps).tolist()

    @property
    def owner(self) -> Owner:
        """What signals carry."""
        label = self.instance.id
        return label if self.is_label and label is not None else self.instance

    @property
    def full_title(self) -> str:
        """What the body is called in tags and by screen readers."""
        if self.is_label:
            return self.title
        score = self.instance.score
        return f"{self.title}, prediction" + ("" if score is None else f" {score:.2f}")

    def known_points(self) -> NDArray[np.float64]:
        """(N, 2) positions of the keypoints that have one."""
        return self.points[~np.isnan(self.points[:, 0])]

    def belongs_to(self, owner: Owner) -> bool:
        """Whether this shows the label, or a prediction equal to the one, that is meant."""
        if not isinstance(owner, Instance):
            return self.is_label and self.instance.id == owner
        return self.instance is owner or (not self.is_label and self.instance.same_pose(owner))


Hit = tuple[Pose, int]
"""A pose and one of its keypoints."""


class Bodies:
    """What is shown on the frame, which of it is worked on, and what lies where."""

    def __init__(self) -> None:
        self.options = Options()
        self.current: Pose | None = None
        self.keypoint: int | None = None
        self.old_positions: Mapping[int, tuple[float, float]] = {}
        self._poses: list[Pose] = []

    def show(self, labels: Sequence[Instance], predictions: Sequence[Instance],
             titles: Sequence[str]) -> None:  # fmt: skip
        """Replace all bodies; `titles` names labels, then predictions."""
        everything = [(i, True) for i in labels] + [(i, False) for i in predictions]
        self._poses = [
            self._pose(instance, is_label, titles[n] if n < len(titles) else f"Instance {n + 1}")
            for n, (instance, is_label) in enumerate(everything)
        ]

    def set_options(self, **changed: object) -> None:
        """Change some fields of the options."""
        self.options = replace(self.options, **changed)
        current = self.current.owner if self.current else None
        self._poses = [self._pose(p.instance, p.is_label, p.title) for p in self._poses]
        self.current = self.matching(current)

    def _pose(self, instance: Instance, is_label: bool, title: str) -> Pose:
        low = self.options.low_confidence
        return Pose(
            instance, is_label, title, states_of(instance, is_label=is_label, low_confidence=low)
        )

    def visible(self) -> list[Pose]:
        """The poses that are drawn, the current one last and so on top."""
        shown = {True: self.options.labels, False: self.options.predictions}
        poses = [p for p in self._poses if shown[p.is_label] and p is not self.current]
        if self.current is not None and shown[self.current.is_label]:
            poses.append(self.current)
        return poses

    def matching(self, owner: Owner | None) -> Pose | None:
        """The pose that shows this label or prediction."""
        if owner is None:
            return None
        return next((pose for pose in self._poses if pose.belongs_to(owner)), None)

    def again(self, hit: Hit | None) -> Hit | None:
        """The same keypoint among the poses shown now, if it is still there."""
        if hit is None:
            return None
        pose, keypoint = self.matching(hit[0].owner), hit[1]
        if pose is None or pose.states[keypoint] is State.ABSENT:
            return None
        return pose, keypoint

    @property
    def placing(self) -> int | None:
        """The selected keypoint while it has no position in the current body."""
        if self.keypoint is None or self.current is None:
            return self.keypoint
        absent = self.current.states[self.keypoint] is State.ABSENT
        return self.keypoint if absent else None

    def placed(self, keypoints: int) -> list[bool]:
        """Which keypoints of the current body have a position."""
        if self.current is None:
            return [False] * keypoints
        return [state is not State.ABSENT for state in self.current.states]

    def selected(self) -> Hit | None:
        """The selected keypoint, if it has a position and is drawn."""
        if self.current is None or self.keypoint is None or self.placing is not None:
            return None
        return (self.current, self.keypoint) if self.current in self.visible() else None

    def put_back(self) -> None:
        """Undo what a drag that was given up did to the points."""
        for pose in self._poses:
            pose.points[:] = pose.instance.points

    def keypoint_at(self, at: tuple[float, float], reach: float, tie: float) -> Hit | None:
        """The keypoint nearest to a position, within `reach`; all in pixels of the picture.

        Among those as near as the nearest, but for `tie`, the selected one wins, then one of the
        current body.
        """
        found = []
        for pose in self.visible():
            apart = np.hypot(*(pose.points - at).T)
            found += [(float(apart[k]), pose, int(k)) for k in np.flatnonzero(apart <= reach)]
        if not found:
            return None
        nearest = min(apart for apart, _pose, _k in found)
        tied = [entry for entry in found if entry[0] <= nearest + tie]
        _apart, pose, keypoint = min(tied, key=self._rank)
        return pose, keypoint

    def _rank(self, entry: tuple[float, Pose, int]) -> tuple[bool, bool, float]:
        apart, pose, keypoint = entry
        mine = pose is self.current
        return not (mine and keypoint == self.keypoint), not mine, apart

    def body_at(
        self, at: tuple[float, float], reach: float, bones: Sequence[tuple[int, int]]
    ) -> Pose | None:
        """The pose whose bone or keypoint runs nearest to a position, within `reach`."""
        found = [(_distance_to_body(pose.points, bones, at), pose) for pose in self.visible()]
        apart, pose = min(found, key=lambda entry: entry[0], default=(np.inf, None))
        return pose if apart <= reach else None


def _distance_to_body(
    points: NDArray[np.float64], bones: Sequence[tuple[int, int]], at: tuple[float, float]
) -> float:
    starts, ends = points, points
    if bones:
        a, b = np.array(bones).T
        starts, ends = np.concatenate([points, points[a]]), np.concatenate([points, points[b]])
    along = ends - starts
    length2 = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((at - starts) * along).sum(axis=1) / length2, 0, 1)
    apart = np.hypot(*(starts + share[:, None] * along - at).T)
    return float(np.where(np.isnan(apart), np.inf, apart).min(initial=np.inf))
