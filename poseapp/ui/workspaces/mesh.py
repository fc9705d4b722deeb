"""The Mesh workspace: the video with its meshes, the body in space, figures and a timeline."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QSplitter, QStackedWidget, QToolButton, QWidget

from poseapp.media.mesh_paint import Style
from poseapp.ui import theme
from poseapp.ui.actions import Actions
from poseapp.ui.canvas.canvas import Canvas
from poseapp.ui.panels import pieces
from poseapp.ui.panels.mesh_inspector import MeshInspector
from poseapp.ui.panels.transport import Transport
from poseapp.ui.shortcuts import Where
from poseapp.ui.timeline import MeshTimeline
from poseapp.ui.widgets.empty_state import EmptyState
from poseapp.ui.widgets.orbit_view import OrbitView, Shown

_STYLES = {
    Style.SHADED: "Shaded",
    Style.TRANSPARENT: "Transparent",
    Style.WIRE: "Wire",
}
_PARTS = ("mesh", "skeleton", "floor", "trail")


class MeshWorkspace(QWidget):
    """Owns the widgets and their places; the controller reaches them by name."""

    style_chosen = Signal(object)
    points_switched = Signal(bool)

    def __init__(self, actions: Actions, post: Callable[[Callable[[], None]], None]) -> None:
        super().__init__()
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.canvas = Canvas()
        self.canvas.setMinimumSize(280, 240)
        self.orbit = OrbitView(post)
        self.inspector = MeshInspector()
        self.transport = Transport(actions, "next_disagreeing")
        self.timeline = MeshTimeline()
        self._styles = QButtonGroup(self)
        self._points = _switch("Keypoints", self.points_switched.emit)
        self._parts = {part: _switch(part.capitalize(), self._parts_switched) for part in _PARTS}
        self._instead = EmptyState()
        self._upper = QStackedWidget()
        self._build()
        for widget in (self.canvas, self.orbit):
            actions.listen_on(Where.MESH, widget)
        actions.listen_to_frames(self, self.canvas)
        self.show_meshes()

    def show_meshes(self) -> None:
        """Show video and body."""
        self._upper.setCurrentIndex(0)

    def show_instead(
        self,
        icon: str,
        title: str,
        detail: str,
        buttons: Sequence[tuple[str, Callable[[], None], bool]] = (),
    ) -> None:
        """Say why there is no mesh; buttons as of an empty state."""
        self._instead.set_content(icon, title, detail)
        self._instead.set_actions(buttons)
        self._upper.setCurrentIndex(1)

    @property
    def shows_meshes(self) -> bool:
        return self._upper.currentIndex() == 0

    @property
    def shows_points(self) -> bool:
        return self._points.isChecked()

    def choose_style(self, style: Style) -> None:
        """Check the button of a style."""
        self._styles.button(list(_STYLES).index(style)).setChecked(True)

    def _parts_switched(self, _on: bool) -> None:
        self.orbit.show_parts(Shown(**{part: b.isChecked() for part, b in self._parts.items()}))

    def _style_clicked(self, number: int) -> None:
        self.style_chosen.emit(list(_STYLES)[number])

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        styles = []
        for number, words in enumerate(_STYLES.values()):
            button = _switch(words)
            self._styles.addButton(button, number)
            styles.append(button)
        self._styles.setExclusive(True)
        self._styles.idClicked.connect(self._style_clicked)
        reset = pieces.icon_button("rotate-3d", "Look as at first", self.orbit.reset)
        video = _column("Video", [*styles, 8, self._points], self.canvas)
        space = _column("3D", [*self._parts.values(), 8, reset], self.orbit)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setChildrenCollapsible(False)
        both.setHandleWidth(1)
        both.addWidget(video)
        both.addWidget(space)
        both.setSizes([560, 560])
        self._upper.addWidget(both)
        self._upper.addWidget(self._instead)
        time = pieces.surface("panel", pieces.column(self.transport, self.timeline, 4))
        left = pieces.column(spacing=1)
        left.addWidget(self._upper, 1)
        left.addWidget(time)
        layout = pieces.row(spacing=1)
        layout.addLayout(left, 1)
        layout.addWidget(self.inspector)
        self.setLayout(layout)


def _column(title: str, switches: Sequence[QWidget | int], content: QWidget) -> QWidget:
    """A header with switches over what they are about."""
    header = QWidget()
    header.setProperty("surface", "panel")
    header.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    header.setFixedHeight(theme.height("contextLine"))
    header.setLayout(
        pieces.row(pieces.text(title, "strong"), None, *switches, spacing=4, margins=(12, 0, 12, 0))
    )
    box = QWidget()
    layout = pieces.column(header)
    layout.addWidget(content, 1)
    box.setLayout(layout)
    return box


def _switch(words: str, toggled: Callable[[bool], None] | None = None) -> QToolButton:
    made = QToolButton()
    made.setText(words)
    made.setCheckable(True)
    made.setChecked(True)
    made.setFont(theme.font("small"))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if toggled is not None:
        made.toggled.connect(toggled)
    return made
