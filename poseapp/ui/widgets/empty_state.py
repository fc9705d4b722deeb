"""EmptyState: what stands where something is missing: an icon, a sentence, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from poseapp.ui import icons, theme
from poseapp.ui.widgets import texts

_DISC = 48
_ICON = 22
_WIDEST_TEXT = 360


class Disc(QWidget):
    """An icon on a round ground of its tone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon, self._tone = "", "accent"
        self.setFixedSize(QSize(_DISC, _DISC))

    def show_icon(self, icon: str, tone: str) -> None:
        """Draw this icon in the tone "accent", "good", "warning" or "danger"."""
        self._icon, self._tone = icon, tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("soft" if self._tone == "accent" else f"{self._tone}Soft"))
        painter.drawEllipse(QRectF(self.rect()))
        if self._icon:
            drawn = icons.pixmap(self._icon, _ICON, self._tone, self.devicePixelRatioF())
            inset = (_DISC - _ICON) // 2
            painter.drawPixmap(inset, inset, drawn)


class EmptyState(QWidget):
    """One widget for every empty list, missing file and finished queue."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._disc = Disc()
        self._title = texts.label("head", wrap=True)
        self._detail = texts.label("body", "text2", wrap=True)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(theme.space(1))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[theme.space(3)] * 4)
        layout.setSpacing(theme.space(1))
        layout.addStretch(1)
        layout.addWidget(self._disc, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(theme.space(1))
        for line in (self._title, self._detail):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
            line.setMaximumWidth(_WIDEST_TEXT)
            row = QHBoxLayout()
            row.addWidget(line)
            layout.addLayout(row)
        layout.addSpacing(theme.space(1))
        layout.addLayout(self._buttons)
        layout.addStretch(1)

    def set_content(self, icon: str, title: str, detail: str = "", tone: str = "accent") -> None:
        """Say what is missing and why that is no harm."""
        self._disc.show_icon(icon, tone)
        self._disc.setVisible(bool(icon))
        self._title.setText(title)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(f"{title}. {detail}" if detail else title)

    def set_actions(self, actions: Sequence[tuple[str, Callable[[], None], bool]]) -> None:
        """What can be done about it: words, what they do, and whether it is the main thing."""
        while item := self._buttons.takeAt(0):
            if old := item.widget():
                old.hide()
                old.deleteLater()
        self._buttons.addStretch(1)
        for words, clicked, primary in actions:
            self._buttons.addWidget(texts.button(words, clicked, "primary" if primary else ""))
        self._buttons.addStretch(1)
