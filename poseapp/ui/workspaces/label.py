"""The Label workspace: canvas in the middle, panels around it, everything wired to nothing yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedLayout, QWidget

from poseapp.ui import theme
from poseapp.ui.actions import Actions
from poseapp.ui.canvas.canvas import Canvas
from poseapp.ui.panels import pieces
from poseapp.ui.panels.context_line import ContextLine
from poseapp.ui.panels.queue_panel import QueuePanel
from poseapp.ui.panels.side_panel import SidePanel
from poseapp.ui.panels.transport import Transport
from poseapp.ui.shortcuts import Where
from poseapp.ui.timeline import Timeline
from poseapp.ui.widgets.empty_state import EmptyState

_NARROW_PX = 1300
_SIZES = {False: (248, 312, 184), True: (216, 280, 136)}
"""Left, right, bottom in px; the second where the window is narrow."""
_AREAS = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
)
_WIDEST = 400
_NEAR_PX = 4


class TitleBar(QWidget):
    """Holds the header of a dock; docks look at the size hint alone to see how high it is."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setLayout(pieces.column(content))

    def sizeHint(self) -> QSize:
        return QSize(200, theme.height("dockHeader"))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, theme.height("dockHeader"))


class LabelWorkspace(QMainWindow):
    """Owns the widgets and their places; the controllers reach them by name."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(False)
        self.canvas = Canvas()
        self.canvas.setMinimumSize(320, 240)
        self.context = ContextLine(actions)
        self.side = SidePanel(actions)
        self.queue = QueuePanel(actions)
        self.transport = Transport(actions, "skip", "next_label")
        self.timeline = Timeline()
        self._instead = EmptyState()
        self._middle = self._build_middle()
        self._docks = self._build_docks()
        self._placed = False
        actions.listen_on(Where.LABEL, self)
        actions.listen_on(Where.CANVAS, self.canvas)

    # -- what is in the middle ---------------------------------------------------------------

    def show_instead(
        self,
        icon: str,
        title: str,
        detail: str,
        buttons: Sequence[tuple[str, Callable[[], None], bool]] = (),
    ) -> None:
        """Say in place of the canvas why there is no picture; buttons as of an empty state."""
        self._instead.set_content(icon, title, detail)
        self._instead.set_actions(buttons)
        self._middle.setCurrentWidget(self._instead)

    def show_canvas(self) -> None:
        self._middle.setCurrentWidget(self.canvas)

    def focus_canvas(self) -> None:
        """Give the keys back to the canvas."""
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- docks -------------------------------------------------------------------------------

    def toggle_panels(self) -> None:
        """Hide all panels, or show them when they are hidden."""
        shown = any(dock.isVisible() for dock in self._docks)
        for dock in self._docks:
            dock.setVisible(not shown)

    def place_panels(self, width: int) -> None:
        """Put the panels where they were meant to be, for a window of this width."""
        for dock, area in zip(self._docks, _AREAS, strict=True):
            dock.setFloating(False)
            self.addDockWidget(area, dock)
            dock.show()
        self._size_panels(narrow=width < _NARROW_PX)

    def layout_state(self) -> str:
        """Where the docks are, to be remembered; empty when they are where they always are."""
        if self._is_usual():
            return ""
        return bytes(self.saveState().toBase64().data()).decode()

    def restore_layout(self, state: str) -> None:
        """Put the docks where they were, if that was remembered."""
        self._placed = bool(state) and self.restoreState(QByteArray.fromBase64(state.encode()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        was_narrow = event.oldSize().width() < _NARROW_PX
        super().resizeEvent(event)
        narrow = self.width() < _NARROW_PX
        self.timeline.set_compact(narrow)
        if narrow != was_narrow and self.isVisible() and self._is_usual():
            self._size_panels(narrow=narrow)

    def showEvent(self, event: QShowEvent) -> None:
        if not self._placed:
            self._placed = True
            self.place_panels(self.window().width())

    def _is_usual(self) -> bool:
        """Whether every panel is where it always is, and between its two usual widths."""
        for dock, area in zip(self._docks, _AREAS, strict=True):
            if not dock.isVisible() or dock.isFloating() or self.dockWidgetArea(dock) != area:
                return False
        return all(
            least - _NEAR_PX <= dock.width() <= most + _NEAR_PX
            for dock, least, most in zip(self._docks[:2], _SIZES[True], _SIZES[False], strict=False)
        )

    def _size_panels(self, *, narrow: bool) -> None:
        left, right, bottom = _SIZES[narrow]
        self.resizeDocks(self._docks[:2], [left, right], Qt.Orientation.Horizontal)
        self.resizeDocks(self._docks[2:], [bottom], Qt.Orientation.Vertical)

    def _build_middle(self) -> QStackedLayout:
        stack = QStackedLayout()
        stack.addWidget(self.canvas)
        stack.addWidget(self._instead)
        middle = QWidget()
        layout = pieces.column(self.context)
        layout.addLayout(stack, 1)
        middle.setLayout(layout)
        self.setCentralWidget(middle)
        return stack

    def _build_docks(self) -> list[QDockWidget]:
        bottom = QWidget()
        bottom.setProperty("surface", "panel")
        bottom.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        bottom.setLayout(pieces.column(self.timeline, margins=(0, 0, 12, 4)))
        docks = [
            self._dock("side", "Videos, bodies, keypoints", self.side.header, self.side),
            self._dock("queue", "Queue", self.queue.header, self.queue),
            self._dock("time", "Timeline", self.transport, bottom),
        ]
        docks[0].setMinimumWidth(200)
        docks[1].setMinimumWidth(260)
        for dock in docks[:2]:
            dock.setMaximumWidth(_WIDEST)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        return docks

    def _dock(self, name: str, title: str, bar: QWidget, content: QWidget) -> QDockWidget:
        """A dock whose title bar is the header of what it holds."""
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setTitleBarWidget(TitleBar(bar))
        dock.setWidget(content)
        return dock
