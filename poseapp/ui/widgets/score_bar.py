"""ScoreBar: a word, a bar and a figure: why a frame was picked."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from poseapp.ui import theme

_HEIGHT = 20
_WORD = 80
_FIGURE = 36


class ScoreBar(QWidget):
    """One value in 0..1 in the colour of a role."""

    def __init__(
        self, word: str, value: float, role: str = "accent", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._word, self._value, self._role = word, min(max(value, 0.0), 1.0), role
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{word} {self._value:.2f}")

    def sizeHint(self) -> QSize:
        return QSize(240, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_WORD + _FIGURE + 24, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        whole = QRectF(self.rect())
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.color("text2"))
        painter.drawText(whole, middle | Qt.AlignmentFlag.AlignLeft, self._word)
        painter.setPen(theme.color("text"))
        painter.drawText(whole, middle | Qt.AlignmentFlag.AlignRight, f"{self._value:.2f}")
        bar = QRectF(_WORD, whole.center().y() - 2, whole.width() - _WORD - _FIGURE, 4)
        paint_bar(painter, bar, self._value, self._role)


def paint_bar(painter: QPainter, place: QRectF, value: float, role: str) -> None:
    """A thin bar on its track, filled from the left."""
    round_end = place.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("track"))
    painter.drawRoundedRect(place, round_end, round_end)
    if value > 0:
        filled = QRectF(place.topLeft(), place.size())
        filled.setWidth(max(place.height(), place.width() * value))
        painter.setBrush(theme.color(role))
        painter.drawRoundedRect(filled, round_end, round_end)
