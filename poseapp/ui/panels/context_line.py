"""The line above the canvas: what a gesture does now, and what is drawn."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from poseapp.ui import theme
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.widgets.chip import Chip

_SHOWN = ("show_labels", "show_predictions", "show_names", "show_trails", "show_heatmap")


class ContextLine(QWidget):
    """Says the mode with its gestures; words with keys switch the overlays."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(theme.height("contextLine"))
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self._mode = Chip("Placing", "accent")
        self._gestures = QHBoxLayout()
        self._gestures.setSpacing(8)
        self._hints: tuple[str, ...] = ()
        self._labels: list[QLabel] = []
        self._switches = [self._switch(command) for command in _SHOWN]
        self._zoom = pieces.text("100 %", "small", "text2")
        self._zoom.setMinimumWidth(48)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._line = pieces.row(
            self._mode, self._gestures, None, *self._switches, self._zoom,
            margins=(12, 0, 12, 0),
        )  # fmt: skip
        self.setLayout(self._line)

    def show_mode(self, mode: str, gestures: tuple[str, ...]) -> None:
        """Say what clicking and dragging does now."""
        self._mode.set_text(mode)
        if gestures == self._hints:
            return
        self._hints = gestures
        pieces.clear(self._gestures)
        self._labels = [pieces.text(words, "small", "text2") for words in gestures]
        for label in self._labels:
            self._gestures.addWidget(label)
        self._fit()

    def show_zoom(self, percent: float) -> None:
        self._zoom.setText(f"{percent:.0f} %")

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _switch(self, command: str) -> QToolButton:
        made = pieces.action_button(self._actions[command])
        made.setFont(theme.font("small"))
        return made

    def _fit(self) -> None:
        """As much as there is room for: gestures but the first go first, then the keys."""
        fuller = [(count, True) for count in range(len(self._labels), 1, -1)]
        for gestures, keys in (*fuller, (1, True), (1, False)):
            self._show(gestures, keys=keys)
            if self._wanted() <= self.width():
                return

    def _show(self, gestures: int, *, keys: bool) -> None:
        for number, label in enumerate(self._labels):
            label.setVisible(number < gestures)
        for command, button in zip(_SHOWN, self._switches, strict=True):
            caps = self._actions.caps(command) if keys else ""
            button.setText(f"{self._actions[command].text()}  {caps}".rstrip())

    def _wanted(self) -> int:
        """Width in pixels in which nothing is cut."""
        self._gestures.invalidate()
        self._line.invalidate()
        return self._line.sizeHint().width()
