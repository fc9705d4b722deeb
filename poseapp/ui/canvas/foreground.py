"""What is drawn over everything else on the canvas, in viewport pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, QTransform

from poseapp.ui import theme
from poseapp.ui.canvas import markers, tags
from poseapp.ui.canvas.loupe import paint_crosshair
from poseapp.ui.canvas.markers import State
from poseapp.ui.canvas.pose_item import Pose, SkeletonLook, on_screen, radii


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two answers for one keypoint: two runs, two people, or a mesh against points."""

    keypoint: int
    first: tuple[float, float]
    """Pixels of the picture."""
    second: tuple[float, float]


def shown_at(pose: Pose, keypoint: int, to_screen: QTransform) -> QPointF:
    """The viewport position of one keypoint."""
    x, y = on_screen(pose.points[keypoint], to_screen)
    return QPointF(x, y)


def body_middle(pose: Pose, to_screen: QTransform) -> QPointF:
    """The viewport position of the middle of a body's keypoints."""
    known = pose.points[np.isfinite(pose.points).all(axis=1)]
    x, y = on_screen(known.mean(axis=0), to_screen)
    return QPointF(x, y)


def radius_of(pose: Pose, keypoint: int, to_screen: QTransform) -> float:
    """The radius that the keypoint's marker is drawn with."""
    return radii(on_screen(pose.points, to_screen))[keypoint]


def paint_selected(
    painter: QPainter, pose: Pose, keypoint: int, look: SkeletonLook, to_screen: QTransform
) -> None:
    """The white ring and ticks, over a marker that stands exactly on its pixel."""
    at = shown_at(pose, keypoint, to_screen)
    radius = radius_of(pose, keypoint, to_screen)
    side, colour = look.sides[keypoint], look.colours[keypoint]
    markers.paint_selection(painter, at, side, radius)
    markers.paint_marker(painter, at, side, pose.states[keypoint], colour, radius)


def paint_hovered(
    painter: QPainter, pose: Pose, keypoint: int, look: SkeletonLook, to_screen: QTransform
) -> None:
    """The ring in the side's colour."""
    at = shown_at(pose, keypoint, to_screen)
    radius = radius_of(pose, keypoint, to_screen)
    markers.paint_hover_ring(painter, at, look.sides[keypoint], look.colours[keypoint], radius)


def paint_name(
    painter: QPainter,
    text: str,
    pose: Pose,
    keypoint: int,
    to_screen: QTransform,
    view: QRectF,
) -> None:
    """A keypoint's name, on the side away from the body."""
    at = shown_at(pose, keypoint, to_screen)
    place = tags.tag_beside(text, at, body_middle(pose, to_screen), view)
    tags.paint_tag(painter, text, place)


def paint_ghost(
    painter: QPainter,
    old: tuple[float, float],
    new: QPointF,
    keypoint: int,
    look: SkeletonLook,
    to_screen: QTransform,
) -> None:
    """Where the prediction had a moved keypoint, and a thin line to where it is now."""
    at = to_screen.map(QPointF(*old))
    pen = QPen(theme.overlay("select"), 1)
    pen.setDashPattern([1, 3])
    painter.save()
    painter.setPen(pen)
    painter.drawLine(at, new)
    painter.restore()
    markers.paint_marker(
        painter,
        at,
        look.sides[keypoint],
        State.LOW_CONFIDENCE,
        look.colours[keypoint],
        markers.CROWDED_RADIUS,
    )


def paint_disagreements(
    painter: QPainter,
    disagreements: Iterable[Disagreement],
    look: SkeletonLook,
    to_screen: QTransform,
) -> None:
    """A dotted line between the two answers, with the distance in pixels of the picture."""
    for entry in disagreements:
        first = to_screen.map(QPointF(*entry.first))
        second = to_screen.map(QPointF(*entry.second))
        pen = QPen(theme.overlay("disagree"), 2)
        pen.setDashPattern([1, 1.6])
        painter.save()
        painter.setPen(pen)
        painter.drawLine(first, second)
        painter.restore()
        side, colour = look.sides[entry.keypoint], look.colours[entry.keypoint]
        markers.paint_marker(painter, first, side, State.LABEL, colour)
        markers.paint_marker(painter, second, side, State.PREDICTION, colour)
        apart = float(np.linalg.norm(np.subtract(entry.first, entry.second)))
        text = f"{apart:.0f} px"
        width, height = tags.tag_size(text)
        middle = (first + second) / 2
        tags.paint_tag(
            painter, text, QRectF(middle.x() - width / 2, middle.y() + 10, width, height)
        )


def edge_tags(
    poses: Sequence[Pose], to_screen: QTransform, view: QRectF
) -> list[tuple[Pose, str, QRectF]]:
    """A tag at the edge of the view for every body that lies wholly outside of it."""
    found: list[tuple[Pose, str, QRectF]] = []
    for pose in poses:
        known = on_screen(pose.points[np.isfinite(pose.points).all(axis=1)], to_screen)
        if len(known) == 0 or any(view.contains(QPointF(x, y)) for x, y in known.tolist()):
            continue
        text, place = tags.tag_at_edge(body_title(pose), QPointF(*known.mean(axis=0)), view)
        while any(place.intersects(other) for _pose, _text, other in found):
            place.translate(0, -place.height() - 4)
        found.append((pose, text, place))
    return found


def body_title(pose: Pose) -> str:
    """What a body is called in tags and by screen readers."""
    if pose.is_label:
        return pose.title
    score = pose.instance.score
    return f"{pose.title}, prediction" + ("" if score is None else f" {score:.2f}")


def paint_aim(painter: QPainter, text: str, at: QPointF, view: QRectF) -> None:
    """The crosshair that says what the next click places."""
    paint_crosshair(painter, at, gap=6, arm=26)
    width, height = tags.tag_size(text)
    left = at.x() - 40 - width
    if left < view.left():
        left = at.x() + 40
    top = min(max(at.y() - height / 2, view.top() + 4), view.bottom() - height - 4)
    tags.paint_tag(painter, text, QRectF(left, top, width, height))


def paint_notice(painter: QPainter, text: str, view: QRectF) -> None:
    """A tag in the upper left corner of the view."""
    width, height = tags.tag_size(text)
    tags.paint_tag(painter, text, QRectF(view.left() + 12, view.top() + 12, width, height))
