"""RangeBar: an expected value with its interval, and the zone in which it would be too small."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from poseapp.ui import theme

_HEIGHT = 16
_TRACK = 6
_DOT = 4.0
_ZONE_OPACITY = 0.55


class RangeBar(QWidget):
    """From 0 at the left to a bit more than the largest of its numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value, self._low, self._high, self._least = 0.0, 0.0, 0.0, 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_range(self, value: float, low: float, high: float, least: float) -> None:
        """An estimate with its interval, and the least that it should be."""
        self._value, self._low, self._high, self._least = value, low, high, least
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._paint(painter, 0.0, self._whole, "track")
        painter.setOpacity(_ZONE_OPACITY)
        self._paint(painter, 0.0, self._least, "danger")
        painter.setOpacity(1.0)
        self._paint(painter, self._low, self._high, "accent", thin=True)
        painter.setBrush(theme.color("accent"))
        painter.setPen(QPen(theme.color("raised"), 2))
        painter.drawEllipse(QPointF(self._at(self._value), _HEIGHT / 2), _DOT + 1, _DOT + 1)
        painter.setPen(QPen(theme.color("text"), 2))
        edge = self._at(self._least)
        painter.drawLine(QPointF(edge, 1), QPointF(edge, _HEIGHT - 1))

    @property
    def _whole(self) -> float:
        return max(1.15 * max(self._high, self._value, self._least), 1e-9)

    def _at(self, value: float) -> float:
        room = self.width() - 2 * _DOT - 2
        return _DOT + 1 + room * min(max(value / self._whole, 0.0), 1.0)

    def _paint(
        self, painter: QPainter, first: float, last: float, role: str, *, thin: bool = False
    ) -> None:
        left, right = self._at(first), self._at(last)
        height = _TRACK / 2 if thin else _TRACK
        painter.setBrush(theme.color(role))
        place = QRectF(left, (_HEIGHT - height) / 2, max(right - left, height), height)
        painter.drawRoundedRect(place, height / 2, height / 2)
