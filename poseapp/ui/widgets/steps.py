"""Steps: where a person is on a short way, such as found, check, import."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from poseapp.ui import icons, theme

_DISC = 20
_GAP = 8
_BETWEEN = 24


class Steps(QWidget):
    """Numbered discs with a word each; those behind are ticked, the current one is filled."""

    def __init__(self, words: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = tuple(words)
        self._current = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._speak()

    def go_to(self, step: int) -> None:
        """The step, from 0, that the person is at."""
        self._current = step
        self._speak()
        self.update()

    def sizeHint(self) -> QSize:
        wide = sum(_DISC + _GAP + self._width(word) for word in self._words)
        return QSize(round(wide + _BETWEEN * (len(self._words) - 1)) + 1, 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, top = 0.0, (self.height() - _DISC) / 2
        for number, word in enumerate(self._words):
            now = number == self._current
            disc = QRectF(left, top, _DISC, _DISC)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("fill" if now else "hover"))
            painter.drawEllipse(disc)
            if number < self._current:
                mark = icons.pixmap("check", 12, "good", self.devicePixelRatioF())
                painter.drawPixmap(round(left) + 4, round(top) + 4, mark)
            else:
                painter.setFont(theme.font("caption"))
                painter.setPen(theme.color("onFill" if now else "text2"))
                painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, str(number + 1))
            painter.setFont(theme.font("strong" if now else "body"))
            painter.setPen(theme.color("text" if now else "text2"))
            width = self._width(word)
            place = QRectF(left + _DISC + _GAP, 0, width, self.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, word)
            left += _DISC + _GAP + width + _BETWEEN

    def _width(self, word: str) -> float:
        return QFontMetricsF(theme.font("strong")).horizontalAdvance(word) + 1

    def _speak(self) -> None:
        step = f"step {self._current + 1} of {len(self._words)}"
        self.setAccessibleName(f"{self._words[self._current]}, {step}")
