"""What lies over the lanes of the timeline: the playhead, the mouse and a chosen range."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from poseapp.ui import ruler, theme
from poseapp.ui.lanes import TimeScale


def paint_playhead(
    painter: QPainter, scale: TimeScale, frame: int, bubble: QRectF, bottom: float
) -> None:
    """The frame that is shown, from its number in the ruler down to `bottom` px."""
    x = float(scale.x(frame))
    if not scale.left - 1 <= x <= scale.left + scale.width + 1:
        return
    top = ruler.HEIGHT - 6
    painter.fillRect(QRectF(x - 1, top, 2, bottom - top), theme.color("text"))
    ruler.paint_bubble(painter, bubble, frame, "strong", "text", "panel")


def paint_hover(painter: QPainter, frame: int, x: float, bubble: QRectF, bottom: float) -> None:
    """The frame under the mouse."""
    painter.setPen(QPen(theme.color("text3"), 1))
    painter.drawLine(QPointF(x, ruler.HEIGHT - 4), QPointF(x, bottom))
    ruler.paint_bubble(painter, bubble, frame, "small", "hover", "text")


def paint_range(
    painter: QPainter, scale: TimeScale, frames: tuple[int, int], bottom: float
) -> None:
    """The first to the last of the chosen frames."""
    first, last = (float(x) for x in scale.x(frames))
    shade = theme.color("accent")
    shade.setAlphaF(0.2)
    painter.fillRect(QRectF(first, ruler.HEIGHT, last - first, bottom - ruler.HEIGHT), shade)
