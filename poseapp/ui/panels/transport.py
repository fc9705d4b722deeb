"""Frame number and buttons to move through a video."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QWidget

from poseapp.ui import icons, theme
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.widgets.keycap import Keycap

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_NARROW_PX = 860
_HINTS = {
    "skip": "Next suggestion",
    "next_label": "Next label",
    "next_disagreeing": "Next worst frame",
}


class FrameField(QLineEdit):
    """The frame number, typed over to go elsewhere; Esc gives the keys back to the canvas."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


class Transport(QWidget):
    """First, back, play, on, last; where in the video; speed and zoom."""

    frame_typed = Signal(int)
    left = Signal()
    """The field was left without going anywhere."""
    speed_chosen = Signal(float)

    def __init__(self, actions: Actions, *hints: str) -> None:
        """`hints` are the commands whose keys are shown."""
        super().__init__()
        self.setFixedHeight(36)
        self._actions = actions
        self._play = pieces.action_button(actions["play"], "play")
        self._frame = FrameField("0")
        self._frame.setValidator(QIntValidator(0, 2**31 - 1, self._frame))
        self._frame.setFixedWidth(72)
        self._frame.setFont(theme.font("strong"))
        self._frame.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._frame.setAccessibleName("Frame")
        self._frame.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._frame.returnPressed.connect(self._typed)
        self._frame.left.connect(self._leave)
        self._number = 0
        self._of = pieces.text("", "body", "text3")
        self._time = pieces.text("", "body", "text2")
        self._hints = self._make_hints(hints)
        self._speed = self._make_speed()
        self.setLayout(
            pieces.row(
                pieces.action_button(actions["first_frame"], "skip-back"),
                pieces.action_button(actions["previous_frame"], "chevron-left"),
                self._play,
                pieces.action_button(actions["next_frame"], "chevron-right"),
                pieces.action_button(actions["last_frame"], "skip-forward"),
                8,
                self._frame,
                self._of,
                self._time,
                None,
                self._hints,
                self._speed,
                pieces.action_button(actions["zoom_out"], "zoom-out"),
                pieces.action_button(actions["zoom_in"], "zoom-in"),
                pieces.action_button(actions["fit"], "maximize-2"),
                spacing=4,
                margins=(12, 0, 12, 0),
            )
        )

    def show_frame(self, frame: int, count: int, fps: float) -> None:
        """Say where in the video we are."""
        self._number = frame
        if not self._frame.hasFocus():
            self._frame.setText(str(frame))
        self._of.setText(f"of {count:,}")
        seconds = frame / fps if fps > 0 else 0.0
        self._time.setText(f"{int(seconds // 60):02d}:{seconds % 60:05.2f}" if fps > 0 else "")

    def show_playing(self, playing: bool) -> None:
        icons.attach(self._play, "pause" if playing else "play")

    def ask_for_frame(self) -> None:
        """Put the cursor into the frame number."""
        self._frame.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._frame.selectAll()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._hints.setVisible(self.width() >= _NARROW_PX)

    def _make_hints(self, commands: tuple[str, ...]) -> QWidget:
        box, line = QWidget(), pieces.row()
        for command in commands:
            line.addWidget(pieces.text(_HINTS[command], "small", "text2"))
            line.addWidget(Keycap(self._actions.caps(command)))
            line.addSpacing(8)
        box.setLayout(line)
        return box

    def _make_speed(self) -> QToolButton:
        made = QToolButton()
        made.setText("1×")
        made.setMinimumWidth(40)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made.setToolTip("Speed of playing")
        made.setAccessibleName("Speed of playing")
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(made)
        for speed in SPEEDS:
            action = menu.addAction(f"{speed:g}×")
            action.triggered.connect(lambda _checked=False, chosen=speed: self._chose(chosen))
        made.setMenu(menu)
        return made

    def _chose(self, speed: float) -> None:
        self._speed.setText(f"{speed:g}×")
        self.speed_chosen.emit(speed)

    def _typed(self) -> None:
        if self._frame.text():
            self.frame_typed.emit(int(self._frame.text()))
        self._leave()

    def _leave(self) -> None:
        self._frame.clearFocus()
        self._frame.setText(str(self._number))
        self.left.emit()
