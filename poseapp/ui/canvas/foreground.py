"""What is drawn over everything else on the canvas, in viewport pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, QTransform

from poseapp.ui import theme
from poseapp.ui.canvas import markers, tags
from poseapp.ui.canvas.markers import State
from poseapp.ui.canvas.pose_item import on_screen, radii
from poseapp.ui.canvas.poses import Hit, Pose, SkeletonLook

_AIM_TAG = 40


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two answers for one keypoint: two runs, two people, or a mesh against points."""

    keypoint: int
    first: tuple[float, float]
    """Pixels of the picture."""
    second: tuple[float, float]


class Foreground:
    """Draws with one painter, in one look and one zoom."""

    def __init__(
        self, painter: QPainter, look: SkeletonLook, to_screen: QTransform, view: QRectF
    ) -> None:
        self._painter = painter
        self._look = look
        self._to_screen = to_screen
        self._view = view

    def selected(self, hit: Hit) -> None:
        """The white ring and ticks, over a marker that stands exactly on its pixel."""
        pose, k = hit
        at, radius = self._at(hit), self._radius(hit)
        side, colour = self._look.sides[k], self._look.colours[k]
        markers.paint_selection(self._painter, at, side, radius)
        markers.paint_marker(self._painter, at, side, pose.states[k], colour, radius)

    def ghost(self, hit: Hit, old: tuple[float, float]) -> None:
        """Where the keypoint was, or where the prediction had it, and a thin line from there."""
        was, k = self._to_screen.map(QPointF(*old)), hit[1]
        self._dotted_line(was, self._at(hit), "select", 1, (1, 3))
        side, colour = self._look.sides[k], self._look.colours[k]
        radius = markers.CROWDED_RADIUS
        markers.paint_marker(self._painter, was, side, State.LOW_CONFIDENCE, colour, radius)

    def hovered(self, hit: Hit) -> None:
        """The ring in the side's colour."""
        side, colour = self._look.sides[hit[1]], self._look.colours[hit[1]]
        markers.paint_hover_ring(self._painter, self._at(hit), side, colour, self._radius(hit))

    def names(self, hits: Sequence[Hit]) -> None:
        """Keypoints' names beside their points, off the other points and names.

        The first is always named; of the others those that find room.
        """
        taken = [self._spot(x, y) for pose in {hit[0] for hit in hits}
                 for x, y in on_screen(pose.known_points(), self._to_screen).tolist()]  # fmt: skip
        for n, hit in enumerate(hits):
            body = QPointF(*on_screen(hit[0].known_points().mean(axis=0), self._to_screen))
            text = self._look.names[hit[1]]
            place = tags.tag_beside(text, self._at(hit), body, self._view, taken)
            if place is None and n == 0:
                place = tags.tag_beside(text, self._at(hit), body, self._view)
            if place is not None:
                tags.paint_tag(self._painter, text, place)
                taken.append(place)

    @staticmethod
    def _spot(x: float, y: float) -> QRectF:
        return QRectF(x - markers.RADIUS, y - markers.RADIUS, *[2 * markers.RADIUS] * 2)

    def disagreements(self, entries: Iterable[Disagreement]) -> None:
        """A dotted line between two answers, with their distance in pixels of the picture."""
        for entry in entries:
            first = self._to_screen.map(QPointF(*entry.first))
            second = self._to_screen.map(QPointF(*entry.second))
            self._dotted_line(first, second, "disagree", 2, (1, 1.6))
            side, colour = self._look.sides[entry.keypoint], self._look.colours[entry.keypoint]
            markers.paint_marker(self._painter, first, side, State.LABEL, colour)
            markers.paint_marker(self._painter, second, side, State.PREDICTION, colour)
            text = f"{np.hypot(*np.subtract(entry.first, entry.second)):.0f} px"
            middle = (first + second) / 2
            tags.paint_tag(self._painter, text, tags.tag_under(text, middle, 10))

    def edge_tags(self, entries: Iterable[tuple[Pose, str, QRectF]]) -> None:
        """Tags for the bodies that are out of view."""
        for _pose, text, place in entries:
            tags.paint_tag(self._painter, text, place)

    def aim(self, keypoint: int, at: QPointF) -> None:
        """Beside the crosshair, what the next click places."""
        text = f"Click the {self._look.names[keypoint].lower()}"
        width, height = tags.tag_size(text)
        left = at.x() - _AIM_TAG - width
        if left < self._view.left():
            left = at.x() + _AIM_TAG
        top = np.clip(at.y() - height / 2, self._view.top() + 4, self._view.bottom() - height - 4)
        tags.paint_tag(self._painter, text, QRectF(left, float(top), width, height))

    def notice(self, text: str) -> None:
        """A tag in the upper left corner."""
        width, height = tags.tag_size(text)
        tags.paint_tag(self._painter, text, QRectF(12, 12, width, height))

    def _at(self, hit: Hit) -> QPointF:
        return QPointF(*on_screen(hit[0].points[hit[1]], self._to_screen))

    def _radius(self, hit: Hit) -> float:
        return radii(on_screen(hit[0].points, self._to_screen))[hit[1]]

    def _dotted_line(
        self, a: QPointF, b: QPointF, role: str, width: float, dots: tuple[float, float]
    ) -> None:
        pen = QPen(theme.overlay(role), width)
        pen.setDashPattern(dots)
        self._painter.setPen(pen)
        self._painter.drawLine(a, b)


def edge_tags(
    poses: Sequence[Pose], to_screen: QTransform, view: QRectF
) -> list[tuple[Pose, str, QRectF]]:
    """A tag at the edge of the view for every body that lies wholly outside of it."""
    found: list[tuple[Pose, str, QRectF]] = []
    for pose in poses:
        known = on_screen(pose.known_points(), to_screen)
        if len(known) == 0 or bounds(known).intersects(view):
            continue
        text, place = tags.tag_at_edge(pose.full_title, QPointF(*known.mean(axis=0)), view)
        while any(place.intersects(other) for _pose, _text, other in found):
            place.translate(0, -place.height() - 4)
        found.append((pose, text, place))
    return found


def bounds(points: NDArray[np.float64], margin: float = 0.0) -> QRectF:
    """The rectangle around (N, 2) positions, never empty, wider by a share of its size."""
    box = QRectF(QPointF(*points.min(axis=0)), QPointF(*points.max(axis=0))).adjusted(0, 0, 1, 1)
    across, down = box.width() * margin, box.height() * margin
    return box.adjusted(-across, -down, across, down)
