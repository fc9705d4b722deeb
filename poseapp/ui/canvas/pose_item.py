"""One body on the picture: its bones and its keypoints, in sizes of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from poseapp.domain.ids import InstanceId
from poseapp.domain.pose import Instance
from poseapp.domain.skeleton import Side, Skeleton
from poseapp.ui import theme
from poseapp.ui.canvas import markers
from poseapp.ui.canvas.markers import State
from poseapp.ui.canvas.screen_item import ScreenItem

_OTHER_LABEL_OPACITY = 0.7
_FAINTEST_PREDICTION = 0.55
_OPACITY_STEPS = 4

_DASHES = {State.PREDICTION: (5.0, 4.0), State.LOW_CONFIDENCE: (5.0, 4.0), State.HIDDEN: (1.5, 4.0)}
"""Drawn and left-out px of a bone, by the weaker of its two ends."""
_WEAKEST_FIRST = (State.HIDDEN, State.LOW_CONFIDENCE, State.PREDICTION)


class SkeletonLook:
    """Sides and colours of a skeleton, worked out once."""

    def __init__(self, skeleton: Skeleton) -> None:
        self.names = skeleton.names
        self.bones = skeleton.bones
        self.sides = tuple(skeleton.side(k) for k in range(len(skeleton)))
        self.colours = tuple(markers.colour_of(skeleton, k) for k in range(len(skeleton)))
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

    def __post_init__(self) -> None:
        self.points = self.instance.points.copy()

    @property
    def owner(self) -> InstanceId | Instance:
        """What signals carry: the id of a label, a prediction itself."""
        label = self.instance.id
        return label if self.is_label and label is not None else self.instance

    def opacity(self, keypoint: int) -> float:
        """Predictions fade with their confidence, in a few steps."""
        scores = self.instance.scores
        if self.is_label or scores is None:
            return 1.0
        step = round(float(np.clip(scores[keypoint], 0, 1)) * _OPACITY_STEPS) / _OPACITY_STEPS
        return _FAINTEST_PREDICTION + (1 - _FAINTEST_PREDICTION) * step


def on_screen(points: NDArray[np.float64], to_screen: QTransform) -> NDArray[np.float64]:
    """(…, 2) positions on the screen of positions in the picture."""
    scale = np.array([to_screen.m11(), to_screen.m22()])
    return points * scale + np.array([to_screen.dx(), to_screen.dy()])


def radii(points: NDArray[np.float64]) -> list[float]:
    """Marker radius of each of (K, 2) screen positions: smaller where they crowd."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    crowded = np.where(np.isnan(apart), np.inf, apart).min(axis=1) < markers.CROWDED
    return [markers.CROWDED_RADIUS if close else markers.RADIUS for close in crowded]


def paint_pose(
    painter: QPainter, pose: Pose, look: SkeletonLook, to_screen: QTransform, *, bones: bool = True
) -> None:
    """Draw a pose with a painter that works in screen pixels."""
    screen = on_screen(pose.points, to_screen)
    if bones:
        _paint_bones(painter, pose, look, screen)
    _paint_markers(painter, pose, look, screen)


def _paint_bones(
    painter: QPainter, pose: Pose, look: SkeletonLook, screen: NDArray[np.float64]
) -> None:
    groups: dict[tuple[int, State, float], list[QLineF]] = {}
    halo: list[QLineF] = []
    ends = screen.tolist()
    for (a, b), colour in zip(look.bones, look.bone_colours, strict=True):
        states = (pose.states[a], pose.states[b])
        if State.ABSENT in states:
            continue
        line = QLineF(*ends[a], *ends[b])
        halo.append(line)
        style = next((weak for weak in _WEAKEST_FIRST if weak in states), State.LABEL)
        opacity = min(pose.opacity(a), pose.opacity(b))
        groups.setdefault((colour.rgb(), style, opacity), []).append(line)
    width = theme.stroke("bone" if pose.is_label else "bonePrediction")
    flat = Qt.PenCapStyle.FlatCap
    painter.setPen(QPen(theme.overlay("halo"), width + theme.stroke("halo"), c=flat))
    painter.drawLines(halo)
    for (rgb, style, opacity), lines in groups.items():
        colour = QColor.fromRgb(rgb)
        colour.setAlphaF(opacity)
        pen = QPen(colour, width, c=flat)
        if style in _DASHES:
            pen.setDashPattern([px / width for px in _DASHES[style]])
        painter.setPen(pen)
        painter.drawLines(lines)


def _paint_markers(
    painter: QPainter, pose: Pose, look: SkeletonLook, screen: NDArray[np.float64]
) -> None:
    scale = painter.device().devicePixelRatio()
    before = painter.opacity()
    for k, ((x, y), radius) in enumerate(zip(screen.tolist(), radii(screen), strict=True)):
        if pose.states[k] is State.ABSENT:
            continue
        painter.setOpacity(before * pose.opacity(k))
        drawn = markers.marker_pixmap(
            look.sides[k], pose.states[k], look.colours[k].rgb(), radius, scale
        )
        half = drawn.width() / scale / 2
        painter.drawPixmap(QPointF(x - half, y - half), drawn)
    painter.setOpacity(before)


class PoseItem(ScreenItem):
    """A pose in the scene."""

    def __init__(self) -> None:
        super().__init__()
        self.pose: Pose | None = None
        self.look: SkeletonLook | None = None
        self.bones = True

    def show_pose(self, pose: Pose, look: SkeletonLook, *, current: bool, bones: bool) -> None:
        """Draw this pose from now on; the current one lies over the others."""
        self.pose, self.look, self.bones = pose, look, bones
        self.setZValue(5 if current else 4)
        self.setOpacity(_OTHER_LABEL_OPACITY if pose.is_label and not current else 1.0)
        self.update()

    def paint_on_screen(self, painter: QPainter, to_screen: QTransform) -> None:
        if self.pose is None or self.look is None:
            return
        paint_pose(painter, self.pose, self.look, to_screen, bones=self.bones)


def nearest_keypoint(
    poses: Sequence[Pose],
    at: tuple[float, float],
    reach: float,
    preferred: Sequence[tuple[Pose | None, int | None]],
    tie: float,
) -> tuple[Pose, int] | None:
    """The keypoint within `reach` of a position, all in pixels of the picture.

    Among those that are as near as the nearest, but for `tie`, the first in `preferred` wins:
    pairs of a pose and a keypoint, None standing for any keypoint.
    """
    found: list[tuple[float, Pose, int]] = []
    for pose in poses:
        apart = np.linalg.norm(pose.points - np.asarray(at), axis=1)
        found += [(float(apart[k]), pose, int(k)) for k in np.flatnonzero(apart <= reach)]
    if not found:
        return None
    found.sort(key=lambda entry: entry[0])
    tied = [entry for entry in found if entry[0] <= found[0][0] + tie]
    for pose, keypoint in preferred:
        for _apart, candidate, k in tied:
            if candidate is pose and keypoint in (None, k):
                return candidate, k
    return found[0][1], found[0][2]


def nearest_body(
    poses: Sequence[Pose],
    bones: Sequence[tuple[int, int]],
    at: tuple[float, float],
    reach: float,
) -> Pose | None:
    """The pose whose bone or keypoint runs nearest to a position, within `reach`."""
    best: tuple[float, Pose] | None = None
    for pose in poses:
        apart = _distance_to_body(pose.points, bones, np.asarray(at))
        if apart <= reach and (best is None or apart < best[0]):
            best = (apart, pose)
    return best[1] if best else None


def _distance_to_body(
    points: NDArray[np.float64], bones: Sequence[tuple[int, int]], at: NDArray[np.float64]
) -> float:
    starts, ends = points, points
    if bones:
        a, b = np.array(bones).T
        starts, ends = np.concatenate([points, points[a]]), np.concatenate([points, points[b]])
    along = ends - starts
    length2 = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((at - starts) * along).sum(axis=1) / length2, 0, 1)
    apart = np.linalg.norm(starts + share[:, None] * along - at, axis=1)
    return float(np.where(np.isnan(apart), np.inf, apart).min(initial=np.inf))
