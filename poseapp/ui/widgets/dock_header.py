"""DockHeader: the title bar of a dock or of a part of a panel."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from poseapp.ui import theme
from poseapp.ui.widgets import texts


class DockHeader(QWidget):
    """A title, a number or a few words beside it, and buttons at the right."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._detail = texts.label("body", "text3")
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(theme.space(3), 0, theme.space(1), 0)
        self._layout.setSpacing(theme.space(1))
        self._layout.addWidget(texts.heading(title))
        self._layout.addWidget(self._detail, 1)
        self.setFixedHeight(theme.height("dockHeader"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_count(self, number: int | None) -> None:
        """Show how many there are, or nothing."""
        self.set_detail("" if number is None else f"{number:,}")

    def set_detail(self, text: str) -> None:
        """Show a few words beside the title."""
        self._detail.setText(text)

    def add_button(self, button: QWidget) -> None:
        """Put a button at the right end."""
        self._layout.addWidget(button)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.height())
