"""Keypoint markers: colour and shape say the side, the outline says the state.

Sizes are screen pixels. Everything has a dark halo, so that it is legible on snow and at night.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from poseapp.domain.pose import Instance, Visibility
from poseapp.domain.skeleton import Side, Skeleton
from poseapp.ui import theme

RADIUS = 5.0
CROWDED_RADIUS = 4.0
"""For points that lie closer together than `CROWDED`."""
CROWDED = 14.0
GLYPH_RADIUS = 4.5

_OUTLINE = 1.6
_HALO = theme.stroke("halo")
_SQUARE, _DIAMOND = 0.93, 1.36
"""Half side and half diagonal in radii: the three shapes look equally large."""


class State(Enum):
    """What a marker's outline says."""

    LABEL = "label"
    PREDICTION = "prediction"
    LOW_CONFIDENCE = "low confidence"
    HIDDEN = "hidden"
    INTERPOLATED = "interpolated"
    ABSENT = "absent"
    """Not drawn on the picture; a dotted glyph in lists."""


def states_of(instance: Instance, *, is_label: bool, low_confidence: float) -> tuple[State, ...]:
    """How each keypoint of an instance is drawn."""
    scores = None if is_label or instance.scores is None else instance.scores.tolist()
    usual = State.LABEL if is_label else State.PREDICTION
    states: list[State] = []
    for k, visibility in enumerate(instance.visibility.tolist()):
        if visibility == Visibility.ABSENT:
            states.append(State.ABSENT)
        elif visibility == Visibility.OCCLUDED:
            states.append(State.HIDDEN)
        elif scores is not None and scores[k] < low_confidence:
            states.append(State.LOW_CONFIDENCE)
        else:
            states.append(usual)
    return tuple(states)


def state_of(instance: Instance, keypoint: int, *, is_label: bool, low_confidence: float) -> State:
    """How one keypoint of an instance is drawn."""
    return states_of(instance, is_label=is_label, low_confidence=low_confidence)[keypoint]


def colour_of(skeleton: Skeleton, keypoint: int) -> QColor:
    """The keypoint's own colour on the picture, or that of its side."""
    own = skeleton.keypoints[keypoint].colour
    return QColor(own) if own else theme.overlay(skeleton.side(keypoint).value)


# -- drawing -----------------------------------------------------------------------------------


def paint_marker(
    painter: QPainter, at: QPointF, side: Side, state: State, colour: QColor, radius: float = RADIUS
) -> None:
    """Draw one marker exactly at a screen position."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(at)
    halo = theme.overlay("halo")
    if state is State.LABEL:
        painter.fillPath(_outline(side, radius + _HALO / 2), halo)
        painter.fillPath(_outline(side, radius), colour)
    else:
        _paint_hollow(painter, side, state, colour, radius)
    painter.restore()


def _paint_hollow(
    painter: QPainter, side: Side, state: State, colour: QColor, radius: float
) -> None:
    outline = _outline(side, radius - _OUTLINE / 4)
    halo = theme.overlay("halo")
    shade = QColor(halo)
    shade.setAlphaF(0.25)
    painter.fillPath(outline, shade)
    painter.strokePath(outline, QPen(halo, _OUTLINE + _HALO))
    if state is State.HIDDEN:
        painter.strokePath(_slash(radius), QPen(halo, _OUTLINE + _HALO))
    _paint_line_work(painter, side, state, colour, radius)


def _paint_line_work(
    painter: QPainter, side: Side, state: State, colour: QColor, radius: float
) -> None:
    """The outline of a hollow marker and what stands in it."""
    pen = QPen(colour, _OUTLINE, c=Qt.PenCapStyle.FlatCap)
    if state is State.HIDDEN:
        painter.strokePath(_slash(radius), pen)
    elif state is State.INTERPOLATED:
        dot = QPainterPath()
        dot.addEllipse(QPointF(), radius * 0.38, radius * 0.38)
        painter.fillPath(dot, colour)
    elif state in (State.LOW_CONFIDENCE, State.ABSENT):
        pen.setDashPattern([1.2, 1.1])
    painter.strokePath(_outline(side, radius - _OUTLINE / 4), pen)


def _slash(radius: float) -> QPainterPath:
    reach = radius * 0.52
    path = QPainterPath(QPointF(-reach, reach))
    path.lineTo(reach, -reach)
    return path


@lru_cache(maxsize=1024)
def marker_pixmap(side: Side, state: State, rgb: int, radius: float, scale: float) -> QPixmap:
    """A marker painted once; its centre is the centre of the square pixmap."""
    reach = radius * _DIAMOND + 3
    side_px = 2 * round(reach * scale) + 1  # odd, so that the centre is a pixel
    made = QPixmap(side_px, side_px)
    made.setDevicePixelRatio(scale)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    centre = side_px / scale / 2
    paint_marker(painter, QPointF(centre, centre), side, state, QColor.fromRgb(rgb), radius)
    painter.end()
    return made


def paint_hover_ring(
    painter: QPainter, at: QPointF, side: Side, colour: QColor, radius: float
) -> None:
    """The ring that says what a press would take."""
    _stroke_with_halo(painter, at, _outline(side, radius + 4), colour, 1.5)


def paint_selection(painter: QPainter, at: QPointF, side: Side, radius: float) -> None:
    """A white ring and four ticks around the selected keypoint."""
    white = theme.overlay("select")
    width = theme.stroke("select")
    reach = (radius + 5) * (_DIAMOND if side is Side.CENTRE else 1.0)
    ticks = QPainterPath()
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        ticks.moveTo(x * (reach + 3), y * (reach + 3))
        ticks.lineTo(x * (reach + 8), y * (reach + 8))
    _stroke_with_halo(painter, at, ticks, white, width)
    _stroke_with_halo(painter, at, _outline(side, radius + 5), white, width)


def _stroke_with_halo(
    painter: QPainter, at: QPointF, path: QPainterPath, colour: QColor, width: float
) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(at)
    flat = Qt.PenCapStyle.FlatCap
    painter.strokePath(path, QPen(theme.overlay("halo"), width + _HALO, c=flat))
    painter.strokePath(path, QPen(colour, width, c=flat))
    painter.restore()


def paint_glyph(painter: QPainter, at: QPointF, side: Side, state: State) -> None:
    """A keypoint's marker in a list: without halo, in colours that are legible on panels."""
    colour = theme.color(f"panel{side.value.capitalize()}")
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(at)
    if state is State.LABEL:
        painter.fillPath(_outline(side, GLYPH_RADIUS), colour)
    else:
        _paint_line_work(painter, side, state, colour, GLYPH_RADIUS)
    painter.restore()


@lru_cache(maxsize=64)
def _outline(side: Side, radius: float) -> QPainterPath:
    path = QPainterPath()
    if side is Side.LEFT:
        path.addEllipse(QPointF(), radius, radius)
    elif side is Side.RIGHT:
        half = radius * _SQUARE
        path.addRoundedRect(QRectF(-half, -half, 2 * half, 2 * half), 1, 1)
    else:
        half = radius * _DIAMOND
        for n, (x, y) in enumerate(((0, -half), (half, 0), (0, half), (-half, 0))):
            path.lineTo(x, y) if n else path.moveTo(x, y)
        path.closeSubpath()
    return path
