"""Tags: short dark labels on the picture, beside a point or at the edge of the view."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from poseapp.ui import theme

_PADDING = 8.0
_HEIGHT = 20.0
_GAP = 22.0
"""px between a point and its tag: room for the marks of the selection."""
_EDGE = 12.0


def _font() -> QFont:
    font = theme.font("small")
    font.setWeight(QFont.Weight.Medium)
    return font


def tag_size(text: str) -> tuple[float, float]:
    """Width and height of a tag, in px."""
    return QFontMetricsF(_font()).horizontalAdvance(text) + 2 * _PADDING, _HEIGHT


def tag_beside(
    text: str, point: QPointF, body: QPointF, view: QRectF, taken: Sequence[QRectF] = ()
) -> QRectF | None:
    """Where a point's tag goes: on the side away from the body's middle if it fits there.

    It stays in the view and off the `taken` places; None when there is no such place.
    """
    width, height = tag_size(text)
    right = QRectF(point.x() + _GAP, point.y() - height / 2, width, height)
    left = right.translated(-2 * _GAP - width, 0)
    sides = (right, left) if point.x() >= body.x() else (left, right)
    room = view.adjusted(4, 4, -4, -4)
    for lift in (0.0, height + 2, -height - 2):
        for side in sides:
            place = side.translated(0, lift)
            if room.contains(place) and not any(place.intersects(other) for other in taken):
                return place
    return None


def tag_at_edge(text: str, point: QPointF, view: QRectF) -> tuple[str, QRectF]:
    """Text with an arrow, and the place at the edge of the view, for a point outside of it."""
    arrow_left, arrow_right, arrow_up, arrow_down = "←", "→", "↑", "↓"
    if point.x() < view.left():
        text = f"{arrow_left} {text}"
    elif point.x() > view.right():
        text = f"{text} {arrow_right}"
    elif point.y() < view.top():
        text = f"{arrow_up} {text}"
    else:
        text = f"{arrow_down} {text}"
    width, height = tag_size(text)
    inside = view.adjusted(_EDGE, _EDGE, -_EDGE - width, -_EDGE - height)
    left = min(max(point.x() - width / 2, inside.left()), max(inside.left(), inside.right()))
    top = min(max(point.y() - height / 2, inside.top()), max(inside.top(), inside.bottom()))
    return text, QRectF(left, top, width, height)


def tag_under(text: str, point: QPointF, gap: float) -> QRectF:
    """A tag centred below a point."""
    width, height = tag_size(text)
    return QRectF(point.x() - width / 2, point.y() + gap, width, height)


def paint_tag(painter: QPainter, text: str, place: QRectF) -> None:
    """Draw a tag with a painter that works in screen pixels."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.overlay("tag"))
    painter.drawRoundedRect(place, theme.radius("thumb"), theme.radius("thumb"))
    painter.setFont(_font())
    painter.setPen(theme.overlay("tagText"))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
