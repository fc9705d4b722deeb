"""SegmentedProgress: one short line for every frame of the round."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from poseapp.ui import theme

_LINE = 4
_GAP = 3
_LEAST = 3.0
"""px of a segment under which one plain bar is drawn instead."""


class SegmentedProgress(QWidget):
    """Answered frames, the one asked now, and those to come."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answered, self._total = 0, 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_progress(self, answered: int, total: int) -> None:
        """`answered` of `total` are done; the next one is shown as current."""
        self._answered, self._total = answered, total
        self.setAccessibleName(f"{answered} of {total} answered")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._total < 1:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        pitch = (self.width() + _GAP) / self._total
        if pitch - _GAP < _LEAST:
            self._paint_plain(painter)
            return
        for n in range(self._total):
            role = "accent" if n < self._answered else "text" if n == self._answered else "track"
            painter.setBrush(theme.color(role))
            place = QRectF(n * pitch, 0, pitch - _GAP, _LINE)
            painter.drawRoundedRect(place, _LINE / 2, _LINE / 2)

    def _paint_plain(self, painter: QPainter) -> None:
        for role, share in (("track", 1.0), ("accent", self._answered / self._total)):
            painter.setBrush(theme.color(role))
            place = QRectF(0, 0, self.width() * share, _LINE)
            painter.drawRoundedRect(place, _LINE / 2, _LINE / 2)
