"""Keycap: a key as it looks on the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from poseapp.ui import theme

_HEIGHT = 22
_PADDING = 8


def _font() -> QFont:
    font = theme.font("small")
    font.setWeight(QFont.Weight.DemiBold)
    return font


def keycap_width(text: str) -> float:
    """How wide the cap of a key is, in px."""
    return max(_HEIGHT, QFontMetricsF(_font()).horizontalAdvance(text) + 2 * _PADDING)


def paint_keycap(painter: QPainter, place: QRectF, text: str) -> None:
    """Draw a key into a rectangle of its width and 22 px height."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = theme.radius("thumb")
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("line2"))
    painter.drawRoundedRect(place, radius, radius)
    painter.setBrush(theme.color("hover"))
    painter.setPen(QPen(theme.color("line2"), 1))
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -2), radius, radius)
    painter.setFont(_font())
    painter.setPen(theme.color("text"))
    painter.drawText(place.adjusted(0, 0, 0, -1), Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


class Keycap(QWidget):
    """Shows which key does something; nothing while there is no key."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another key."""
        self._text = text
        self.setAccessibleName(f"Key {text}" if text else "")
        self.updateGeometry()
        self.update()

    @property
    def text(self) -> str:
        return self._text

    def sizeHint(self) -> QSize:
        return QSize(round(keycap_width(self._text)) if self._text else 0, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._text:
            paint_keycap(QPainter(self), QRectF(self.rect()), self._text)
