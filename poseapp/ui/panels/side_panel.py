"""The left side: videos, the bodies on this frame, the keypoints of the current one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QMenu, QWidget

from poseapp.ui import theme
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.tables.delegates import RowDelegate
from poseapp.ui.tables.keypoint_list import KeypointList
from poseapp.ui.tables.rows import Row, RowList
from poseapp.ui.widgets.dock_header import DockHeader

_NARROW_PX = 232
_MOST_VIDEOS_SHOWN = 5
_MOST_BODIES_SHOWN = 6


class VideoPanel(QWidget):
    """The videos of the project; one box where room is scarce."""

    chosen = Signal(object)
    relink_wanted = Signal(object)
    remove_wanted = Signal(object)

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = DockHeader("Videos")
        """Stands outside the panel, as the title bar of its dock."""
        self.header.add_button(pieces.action_button(actions["add_video"], "plus"))
        delegate = RowDelegate(theme.height("rowVideo"), (48, 30))
        self._list = RowList(delegate, "Videos")
        self._list.chosen.connect(self.chosen)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._open_menu)
        self._box = QComboBox()
        self._box.setAccessibleName("Video")
        self._box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._box.activated.connect(self._chose_in_box)
        self._detail = pieces.text("", "small", "text3")
        self._narrow = QWidget()
        self._narrow.setLayout(
            pieces.column(self._box, self._detail, spacing=4, margins=(16, 0, 12, 8))
        )
        self.setLayout(pieces.column(self._list, self._narrow))
        self._rows: tuple[Row, ...] = ()
        self._fit()

    def show_videos(self, rows: Sequence[Row], current: Hashable | None) -> None:
        """Rows keyed by VideoId; the detail is how many labels and suggestions each has."""
        self._rows = tuple(rows)
        self.header.set_count(len(rows))
        self._list.set_rows(rows, current)
        names = [row.title for row in rows]
        if names != [self._box.itemText(n) for n in range(self._box.count())]:
            self._box.clear()
            self._box.addItems(names)
        here = next((n for n, row in enumerate(rows) if row.key == current), -1)
        self._box.setCurrentIndex(here)
        self._detail.setText(rows[here].detail if here >= 0 else "")
        pieces.set_role(self._detail, rows[here].tone if here >= 0 else "text3")
        shown = min(max(len(rows), 1), _MOST_VIDEOS_SHOWN)
        self._list.setFixedHeight(shown * theme.height("rowVideo"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def _fit(self) -> None:
        narrow = self.width() < _NARROW_PX
        self._list.setVisible(not narrow)
        self._narrow.setVisible(narrow)

    def _chose_in_box(self, index: int) -> None:
        self.chosen.emit(self._rows[index].key)

    def _open_menu(self, at: QPoint) -> None:
        index = self._list.indexAt(at)
        if not index.isValid():
            return
        key = self._rows[index.row()].key
        menu = QMenu(self)
        menu.addAction("Find the file…").triggered.connect(lambda: self.relink_wanted.emit(key))
        menu.addAction("Remove from the project").triggered.connect(
            lambda: self.remove_wanted.emit(key)
        )
        menu.popup(self._list.viewport().mapToGlobal(at))


class BodyPanel(QWidget):
    """The bodies on the frame that is shown, labels before predictions."""

    chosen = Signal(object)

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._header = DockHeader("On this frame")
        self._header.add_button(pieces.action_button(actions["edit_tracks"], "users"))
        self._header.add_button(pieces.action_button(actions["add_instance"], "user-plus"))
        self._list = RowList(RowDelegate(32), "Bodies on this frame")
        self._list.chosen.connect(self.chosen)
        self._nobody = pieces.text("", "small", "text3", wrap=True)
        self._nobody.setContentsMargins(16, 0, 16, 8)
        self.setLayout(pieces.column(self._header, self._list, self._nobody))

    def show_bodies(self, rows: Sequence[Row], current: Hashable | None, nobody: str) -> None:
        """Rows keyed by position; `nobody` is what to say when there are none."""
        self._header.set_count(len(rows) or None)
        self._list.set_rows(rows, current)
        self._list.setVisible(bool(rows))
        self._list.setFixedHeight(min(len(rows), _MOST_BODIES_SHOWN) * 32)
        self._nobody.setText(nobody)
        self._nobody.setVisible(not rows)


class KeypointPanel(QWidget):
    """The keypoints of the current body in the order of clicking."""

    chosen = Signal(object)
    eye_clicked = Signal(object)

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._header = DockHeader("Keypoints")
        self._header.add_button(pieces.action_button(actions["edit_skeleton"], "ellipsis"))
        self._list = KeypointList()
        self._list.chosen.connect(self.chosen)
        self._list.eye_clicked.connect(self.eye_clicked)
        layout = pieces.column(self._header, self._list)
        layout.setStretchFactor(self._list, 1)
        self.setLayout(layout)

    def show_keypoints(self, rows: Sequence[Row], current: int, body: str) -> None:
        """Rows keyed by the index of the keypoint."""
        self._header.set_detail(body)
        self._list.set_rows(rows, current)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._list.show_scores(self.width() >= _NARROW_PX)


class SidePanel(QWidget):
    """The three under each other."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.videos = VideoPanel(actions)
        self.bodies = BodyPanel(actions)
        self.keypoints = KeypointPanel(actions)
        layout = pieces.column(
            self.videos, pieces.line(), self.bodies, pieces.line(), self.keypoints
        )
        layout.setStretchFactor(self.keypoints, 1)
        self.setLayout(layout)

    @property
    def header(self) -> QWidget:
        """The title bar of the dock that holds this panel."""
        return self.videos.header
