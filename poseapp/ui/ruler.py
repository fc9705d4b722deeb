"""The ruler over the timeline: numbers of frames, and the bubbles that cover some of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from poseapp.ui import theme
from poseapp.ui.lanes import TimeScale

HEIGHT = 24
_LABEL_EVERY = 72
"""px between numbers, at least."""
_ROOM_BESIDE_NUMBER = 4


def ruler_step(frames: float) -> int:
    """The smallest 1, 2 or 5 times a power of ten that is at least this many frames."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if factor * step >= frames:
                return factor * step
        step *= 10


def bubble(frame: int, x: float, font: str, width: float) -> QRectF:
    """Where a frame's number goes that stands out over the ruler, inside of `width` px."""
    wide = QFontMetricsF(theme.font(font)).horizontalAdvance(f"{frame:,}") + 16
    return QRectF(min(max(x - wide / 2, 0), width - wide), 1, wide, HEIGHT - 6)


def paint_bubble(
    painter: QPainter, place: QRectF, frame: int, font: str, ground: str, ink: str
) -> None:
    """A number on a ground of its own."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(ground))
    painter.drawRoundedRect(place, theme.radius("thumb"), theme.radius("thumb"))
    painter.setFont(theme.font(font))
    painter.setPen(theme.color(ink))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{frame:,}")


def paint_ruler(
    painter: QPainter, scale: TimeScale, right: float, covered: Sequence[QRectF]
) -> None:
    """Numbers at round frames up to `right` px, but for those behind the `covered` places."""
    font = theme.font("small")
    painter.setFont(font)
    painter.setPen(theme.color("text3"))
    metrics = QFontMetricsF(font)
    step = ruler_step(scale.span * _LABEL_EVERY / scale.width)
    first = -(-int(scale.first) // step) * step
    for frame in range(first, int(scale.first + scale.span) + 1, step):
        text = f"{frame:,}"
        width = metrics.horizontalAdvance(text)
        x = float(scale.x(frame))
        place = QRectF(x if frame == 0 else x - width / 2, 1, width, HEIGHT - 6)
        roomy = place.adjusted(-_ROOM_BESIDE_NUMBER, 0, _ROOM_BESIDE_NUMBER, 0)
        if place.right() <= right and not any(roomy.intersects(other) for other in covered):
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
