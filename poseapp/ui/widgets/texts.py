"""Labels and buttons that the small widgets are made of."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QPushButton

from poseapp.ui import theme


def label(font: str = "body", role: str = "text", *, wrap: bool = False) -> QLabel:
    """An empty label in a font and colour role."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setFont(theme.font(font))
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    return made


def heading(text: str) -> QLabel:
    """The half-bold title of a panel."""
    made = label("strong")
    font = theme.font("strong")
    font.setWeight(QFont.Weight.DemiBold)
    made.setFont(font)
    made.setText(text)
    return made


def button(words: str, clicked: Callable[[], None], kind: str = "") -> QPushButton:
    """A button with words; `kind` is "primary", "quiet", "link" or the plain one."""
    made = QPushButton(words)
    made.setAutoDefault(False)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setFont(theme.font("strong"))
    if kind:
        made.setProperty("kind", kind)
    made.clicked.connect(lambda _checked=False: clicked())
    return made
