"""The one row on top: menus, workspaces, project, find a command, undo, redo, shortcuts."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QMenu,
    QMenuBar,
    QPushButton,
    QToolButton,
    QWidget,
)

from poseapp.ui import icons, theme
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces

WORKSPACES = ("Label", "Train", "Mesh", "Export")

_MENUS: dict[str, tuple[str, ...]] = {
    "File": (
        "new", "open", "import", "-", "add_video", "add_pictures", "-", "workspace_export",
        "save", "close", "-", "quit",
    ),
    "Edit": ("undo", "redo", "-", "copy", "paste", "-", "edit_skeleton"),
    "View": (
        "fit", "zoom_in", "zoom_out", "-", "show_labels", "show_predictions", "show_names",
        "show_trails", "show_heatmap", "-", "hide_panels", "reset_layout", "full_screen", "-",
        "theme_dark", "theme_light", "theme_system",
    ),
    "Labels": (
        "add_instance", "add_instance_usual", "add_instance_copy", "delete_instance",
        "swap_sides", "mark_empty", "-",
        "edit_tracks", "new_track", "trade_tracks", "-",
        "next_keypoint", "previous_keypoint", "cycle_visibility", "clear_keypoint", "cancel",
        "-",
        "accept", "fix", "skip", "reject", "accept_all", "-",
        "next_label", "previous_label", "go_to_frame",
    ),
    "Train": (
        "train", "-", "predict_shown", "predict_video", "predict_all", "-",
        "suggest", "suggest_here",
    ),
    "Mesh": (
        "recover_meshes", "-", "refit_mesh", "next_disagreeing", "-", "mesh_style",
        "follow_person",
    ),
    "Help": ("show_shortcuts", "find_command", "copy_diagnostics"),
}  # fmt: skip
_NEEDS_PROJECT = ("Labels", "Train", "Mesh")
_NARROW_PX = 1320


class TopBar(QWidget):
    """Always there; what belongs to a project shows once one is open."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setFixedHeight(theme.height("topBar"))
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._logo = QLabel()
        self._menus: dict[str, QMenu] = {}
        self._bar = self._make_menus()
        self._workspaces = self._make_workspaces()
        self._project = pieces.text("", "body", "text2")
        self._find = self._make_find()
        self._project_only = [
            self._workspaces,
            self._project,
            pieces.action_button(actions["undo"], "undo-2"),
            pieces.action_button(actions["redo"], "redo-2"),
        ]
        self._build()
        self._paint_logo()
        theme.notifier.changed.connect(self._paint_logo)
        self.show_project(None)

    @property
    def recent_menu(self) -> QMenu:
        """Where the projects opened last are listed."""
        return self._menus["Recent"]

    def show_project(self, name: str | None) -> None:
        """Name the open project, or show what is there without one."""
        for widget in self._project_only:
            widget.setVisible(name is not None)
        for menu in _NEEDS_PROJECT:
            self._menus[menu].menuAction().setVisible(name is not None)
        self._project.setText(name or "")

    def mark_workspace(self, index: int) -> None:
        """Show which workspace is in front."""
        self._group.button(index).setChecked(True)

    def resizeEvent(self, event: object) -> None:
        self._find.setVisible(self.width() >= _NARROW_PX)

    def _make_menus(self) -> QMenuBar:
        bar = QMenuBar()
        bar.setNativeMenuBar(False)
        bar.setFont(theme.font("body"))
        for title, commands in _MENUS.items():
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            self._menus[title] = menu
            for command in commands:
                self._fill_menu(menu, command)
        return bar

    def _fill_menu(self, menu: QMenu, command: str) -> None:
        if command == "-":
            menu.addSeparator()
            return
        menu.addAction(self._actions[command])
        if command == "open":
            recent = menu.addMenu("Open recent")
            recent.setToolTipsVisible(True)
            self._menus["Recent"] = recent

    def _make_workspaces(self) -> QWidget:
        self._group = QButtonGroup(self)
        buttons = []
        for index, name in enumerate(WORKSPACES):
            button = QToolButton()
            button.setText(name)
            button.setCheckable(True)
            button.setFont(theme.font("strong"))
            button.setMinimumWidth(62)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            action = self._actions[f"workspace_{name.lower()}"]
            button.setToolTip(f"{name} ({self._actions.caps(action.objectName())})")
            button.clicked.connect(action.trigger)
            self._group.addButton(button, index)
            buttons.append(button)
        box = QWidget()
        box.setLayout(pieces.row(*buttons, spacing=4))
        return box

    def _make_find(self) -> QPushButton:
        action = self._actions["find_command"]
        find = pieces.button("Find a command", action.trigger, kind="field", icon="search")
        find.setToolTip(f"Find a command ({self._actions.caps('find_command')})")
        find.setText(f"Find a command     {self._actions.caps('find_command')}")
        return find

    def _build(self) -> None:
        undo, redo = self._project_only[2:]
        keys = pieces.action_button(self._actions["show_shortcuts"], "keyboard")
        look = pieces.icon_button("sun-moon", "Dark or light theme", self._turn_theme)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 0, 12, 0)
        left = pieces.row(self._logo, self._bar, None, spacing=10)
        left.setAlignment(self._bar, Qt.AlignmentFlag.AlignVCenter)
        right = pieces.row(None, self._project, self._find, undo, redo, look, keys, spacing=4)
        grid.addLayout(left, 0, 0)
        grid.addWidget(self._workspaces, 0, 1)
        grid.addLayout(right, 0, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(2, 1)

    def _turn_theme(self) -> None:
        self._actions["theme_light" if theme.is_dark() else "theme_dark"].trigger()

    def _paint_logo(self) -> None:
        self._logo.setPixmap(icons.logo(20, self.devicePixelRatioF()))


def fill_recent(menu: QMenu, projects: list[str], open_project: Callable[[str], None]) -> None:
    """List the projects opened last."""
    menu.clear()
    for path in projects:
        action = QAction(path, menu)
        action.triggered.connect(lambda _checked=False, chosen=path: open_project(chosen))
        menu.addAction(action)
    menu.setEnabled(bool(projects))
    menu.menuAction().setToolTip("" if projects else "No project was opened yet")
