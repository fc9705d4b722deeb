"""Labels, buttons and boxes as every panel and dialog builds them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from poseapp.ui import icons, theme


def text(words: str = "", font: str = "body", role: str = "text", *, wrap: bool = False) -> QLabel:
    """A label in a font and a colour role of the theme; never rich text."""
    label = QLabel(words)
    label.setFont(theme.font(font))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setWordWrap(wrap)
    return label


def set_role(label: QLabel, role: str) -> None:
    """Change the colour role of a label."""
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().unpolish(label)
        label.style().polish(label)


def button(
    words: str,
    clicked: Callable[[], None] | None = None,
    *,
    kind: str = "",
    icon: str = "",
    tip: str = "",
    large: bool = False,
) -> QPushButton:
    """A button with words; `kind` is primary, quiet, link or the plain one."""
    made = QPushButton(words)
    made.setAutoDefault(False)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if kind:
        made.setProperty("kind", kind)
    if large:
        made.setProperty("size", "large")
    if icon:
        icons.attach(made, icon, role="onFill" if kind == "primary" else "text2")
    if tip:
        made.setToolTip(tip)
    if clicked is not None:
        made.clicked.connect(lambda _checked=False: clicked())
    return made


def icon_button(
    icon: str, name: str, clicked: Callable[[], None] | None = None, *, px: int = 16
) -> QToolButton:
    """A button without words; the name is its tooltip and what a screen reader says."""
    made = QToolButton()
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    icons.attach(made, icon, px)
    made.setToolTip(name)
    made.setAccessibleName(name)
    made.setFixedSize(28, 28)
    if clicked is not None:
        made.clicked.connect(lambda _checked=False: clicked())
    return made


def choice_button(name: str, tip: str = "") -> QToolButton:
    """Shows what is chosen, and opens its menu; the name is what a screen reader says."""
    made = QToolButton()
    made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    made.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    made.setFont(theme.font("small"))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setToolTip(tip)
    made.setAccessibleName(name)
    icons.attach(made, "chevron-down", 12)
    return made


class ActionButton(QToolButton):
    """A button that does what an action does, with a look of its own.

    `setDefaultAction` would put the action's icon and text over ours at every change.
    """

    def __init__(self, action: QAction, icon: str = "", words: str = "") -> None:
        super().__init__()
        self._action = action
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(action.text())
        self.setCheckable(action.isCheckable())
        if icon:
            icons.attach(self, icon)
            self.setFixedSize(28, 28)
        else:
            self.setText(words or action.text())
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())
        self.setChecked(self._action.isChecked())

    def nextCheckState(self) -> None:
        """Left to the action, which a click triggers."""


class CommandButton(QPushButton):
    """A button with words that does what an action does, and is off when the action is."""

    def __init__(self, action: QAction, words: str) -> None:
        super().__init__(words)
        self._action = action
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())


def action_button(action: QAction, icon: str = "", *, words: str = "") -> ActionButton:
    """A button for an action: its icon alone, or words; off and checked as the action is."""
    return ActionButton(action, icon, words)


def column(
    *parts: QWidget | QLayout | int | None,
    spacing: int = 0,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> QVBoxLayout:
    """Parts below each other; an int is a space in px, None is what stretches."""
    layout = QVBoxLayout()
    _fill(layout, parts, spacing, margins)
    return layout


def row(
    *parts: QWidget | QLayout | int | None,
    spacing: int = 8,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> QHBoxLayout:
    """Parts beside each other; an int is a space in px, None is what stretches."""
    layout = QHBoxLayout()
    _fill(layout, parts, spacing, margins)
    return layout


def surface(kind: str, layout: QLayout) -> QFrame:
    """A box with the ground "window", "panel", "card" or "line"."""
    frame = QFrame()
    frame.setProperty("surface", kind)
    frame.setLayout(layout)
    return frame


def line() -> QFrame:
    """A thin horizontal divider."""
    made = QFrame()
    made.setProperty("surface", "line")
    made.setFixedHeight(1)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def clear(layout: QLayout) -> None:
    """Take everything out of a layout."""
    while item := layout.takeAt(0):
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()


def _fill(
    layout: QBoxLayout,
    parts: tuple[QWidget | QLayout | int | None, ...],
    spacing: int,
    margins: tuple[int, int, int, int],
) -> None:
    layout.setSpacing(spacing)
    layout.setContentsMargins(*margins)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, int):
            layout.addSpacing(part)
        elif isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 label`, `1,284 labels`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
