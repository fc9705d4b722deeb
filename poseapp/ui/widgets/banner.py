"""Banner: a sentence above the middle of the window that stays until it is closed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from poseapp.ui import icons, theme
from poseapp.ui.widgets import texts

_ICONS = {
    "accent": "info",
    "good": "circle-check",
    "warning": "triangle-alert",
    "danger": "circle-alert",
}


class Banner(QFrame):
    """Says what is wrong with the project or a job, and what can be done."""

    closed = Signal()

    def __init__(
        self,
        tone: str,
        title: str,
        detail: str = "",
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        if tone not in _ICONS:
            raise ValueError(f"{tone!r} is no tone of a banner")
        self._tone = tone
        self._mark = QLabel()
        self._drawing = icon or _ICONS[tone]
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.space(1))
        self.setAccessibleName(f"{title}. {detail}" if detail else title)
        self._build(title, detail)
        self._draw_mark()
        theme.notifier.changed.connect(self._draw_mark)

    def add_action(self, words: str, clicked: Callable[[], None]) -> None:
        """Put a button beside the text."""
        self._buttons.addWidget(texts.button(words, clicked))

    def _build(self, title: str, detail: str) -> None:
        heading, text = texts.label("strong", wrap=True), texts.label("body", "text2", wrap=True)
        heading.setText(title)
        text.setText(detail)
        text.setVisible(bool(detail))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(heading)
        words.addWidget(text)
        close = QToolButton()
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.setAccessibleName("Close this message")
        close.setToolTip("Close this message")
        close.clicked.connect(self.closed)
        icons.attach(close, "x")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.space(3), theme.space(1), theme.space(1), theme.space(1))
        row.setSpacing(theme.space(2))
        row.addWidget(self._mark)
        row.addLayout(words, 1)
        row.addLayout(self._buttons)
        row.addWidget(close)

    def _draw_mark(self) -> None:
        self._mark.setPixmap(icons.pixmap(self._drawing, 18, self._tone, self.devicePixelRatioF()))

    def paintEvent(self, event: QPaintEvent) -> None:
        ground = "soft" if self._tone == "accent" else f"{self._tone}Soft"
        QPainter(self).fillRect(self.rect(), theme.color(ground))
