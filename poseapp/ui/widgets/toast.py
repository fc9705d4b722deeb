"""Toast: a short message at the bottom of the window with one thing to do about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QEnterEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QFrame, QGraphicsDropShadowEffect, QHBoxLayout, QLabel, QWidget

from poseapp.ui import icons, theme
from poseapp.ui.widgets import texts

_HEIGHT = 40
_ABOVE_THE_EDGE = 16


class Toast(QFrame):
    """One message at a time, gone after six seconds unless the mouse rests on it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._callback: Callable[[], None] | None = None
        self._mark, self._words = QLabel(), texts.label("body")
        self._button = texts.button("", self._act, "link")
        self._timer = QTimer(self, singleShot=True, interval=theme.motion("toastMs"))
        self._timer.timeout.connect(self.hide)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(theme.space(3), 0, theme.space(2), 0)
        row.setSpacing(theme.space(2))
        for part in (self._mark, self._words, self._button):
            row.addWidget(part)
        self.setFixedHeight(_HEIGHT)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(24)
        shadow.setOffset(0, 4)
        shadow.setColor(theme.overlay("halo"))
        self.setGraphicsEffect(shadow)
        self.hide()

    def show_message(
        self,
        words: str,
        *,
        icon: str = "",
        action: str = "",
        callback: Callable[[], None] | None = None,
    ) -> None:
        """Say something instead of what was said before; `action` names what `callback` does."""
        self._callback = callback
        self._words.setText(words)
        self._mark.setVisible(bool(icon))
        if icon:
            self._mark.setPixmap(icons.pixmap(icon, 16, "text2", self.devicePixelRatioF()))
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.setAccessibleName(words)
        self.place()
        self.show()
        self.raise_()
        self._timer.start()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def place(self) -> None:
        """Go to the middle of the window's lower edge, above the status bar."""
        window = self._window
        self.setFixedWidth(min(self._row.sizeHint().width(), window.width() - 2 * _ABOVE_THE_EDGE))
        below = theme.height("statusBar") + _ABOVE_THE_EDGE
        self.move((window.width() - self.width()) // 2, window.height() - _HEIGHT - below)

    def _act(self) -> None:
        self.hide()
        if self._callback is not None:
            self._callback()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.color("hover"))
        painter.setPen(QPen(theme.color("line2"), 1))
        radius = theme.radius("control")
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
