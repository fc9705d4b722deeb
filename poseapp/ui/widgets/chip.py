"""Chip: a word or two on a round ground, with a tone and perhaps an icon."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from poseapp.ui import icons, theme

_HEIGHT = 20
_PADDING = 8
_ICON = 12
TONES = ("neutral", "accent", "good", "warning", "danger")


class Chip(QWidget):
    """Says what made or concerns something: "Legs agent", "frame 1,284", "reviewed"."""

    def __init__(
        self, text: str = "", tone: str = "neutral", icon: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._text, self._tone, self._icon = "", "neutral", icon
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_text(text, tone)

    def set_text(self, text: str, tone: str | None = None) -> None:
        """Say something else, in another of `TONES` if one is given."""
        if tone is not None and tone not in TONES:
            raise ValueError(f"{tone!r} is no tone of a chip")
        self._text, self._tone = text, tone or self._tone
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    @property
    def text(self) -> str:
        return self._text

    def sizeHint(self) -> QSize:
        words = QFontMetricsF(theme.font("small")).horizontalAdvance(self._text)
        icon = _ICON + 4 if self._icon else 0
        return QSize(round(words) + icon + 2 * _PADDING, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        neutral = self._tone == "neutral"
        ink = "text2" if neutral else self._tone
        ground = {"neutral": "hover", "accent": "soft"}.get(self._tone, f"{self._tone}Soft")
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(QRectF(self.rect()), _HEIGHT / 2, _HEIGHT / 2)
        left = float(_PADDING)
        if self._icon:
            drawn = icons.pixmap(self._icon, _ICON, ink, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(left, (_HEIGHT - _ICON) / 2), drawn)
            left += _ICON + 4
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color(ink))
        place = QRectF(left, 0, self.width() - left, _HEIGHT)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, self._text)
