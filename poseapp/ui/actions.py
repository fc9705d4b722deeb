"""Actions: one QAction for each command of the shortcut table, the same in menus and on keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from poseapp.ui.shortcuts import BY_ID, FRAMES, SHORTCUTS, Keymap, Where, shown

Needs = Callable[[], str]
"""Says in one sentence what a command still misses; empty when it can run."""

_CHECKABLE = {
    "show_labels", "show_predictions", "show_names", "show_trails", "show_heatmap",
    "predict_shown", "full_screen", "follow_person",
}  # fmt: skip


def _no_project() -> str:
    return "Open a project first."


class Actions(QObject):
    """Holds the actions, says why one is off, and keeps keys and tooltips true."""

    def __init__(self, keymap: Keymap, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.keymap = keymap
        self._actions: dict[str, QAction] = {}
        self._handlers: dict[str, Callable[[], None]] = {}
        self._needs: dict[str, Needs] = {}
        self._said: dict[str, str] = {}
        """What each command was last known to miss."""
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        for shortcut in SHORTCUTS:
            action = QAction(shortcut.text, self)
            action.setObjectName(shortcut.id)
            action.setCheckable(shortcut.id in _CHECKABLE)
            action.setShortcutContext(
                Qt.ShortcutContext.WindowShortcut
                if shortcut.where is Where.WINDOW
                else Qt.ShortcutContext.WidgetWithChildrenShortcut
            )
            action.triggered.connect(self._triggered)
            self._actions[shortcut.id] = action
        self.renew_keys()
        self.refresh()

    def __getitem__(self, command: str) -> QAction:
        return self._actions[command]

    def connect_to(
        self, command: str, handler: Callable[[], None], needs: Needs | None = None
    ) -> None:
        """Let `command` call `handler` whenever `needs` says that nothing is missing."""
        self._handlers[command] = handler
        self._needs[command] = needs or (lambda: "")

    def disconnect_from(self, commands: set[str]) -> None:
        """Forget the handlers of commands whose project was closed."""
        for command in commands:
            self._handlers.pop(command, None)
            self._needs.pop(command, None)
        self.refresh()

    @property
    def connected(self) -> set[str]:
        """The commands that have a handler."""
        return set(self._handlers)

    def listen_on(self, where: Where, widget: QWidget) -> None:
        """Hear the keys of the commands of `where` on this widget and its children."""
        for shortcut in SHORTCUTS:
            if shortcut.where is where:
                widget.addAction(self._actions[shortcut.id])

    def listen_to_frames(self, page: QWidget, canvas: QWidget) -> None:
        """Hear the keys that go through a video on a page, or only on its canvas."""
        for shortcut in SHORTCUTS:
            if shortcut.group == FRAMES:
                widget = canvas if shortcut.where is Where.CANVAS else page
                widget.addAction(self._actions[shortcut.id])

    def missing(self, command: str) -> str:
        """What a command misses to run, or an empty string."""
        return self._needs.get(command, _no_project)()

    def refresh(self) -> None:
        """Ask every command again what it misses; a disabled one says so in its tooltip."""
        self._soon.stop()
        for command, action in self._actions.items():
            missing = self.missing(command)
            if self._said.get(command) != missing:
                self._said[command] = missing
                action.setEnabled(not missing)
                action.setToolTip(missing or self._tooltip(command))

    def refresh_soon(self) -> None:
        """The same once everything that waits is done, above all what is to be painted."""
        self._soon.start()

    def renew_keys(self) -> None:
        """Give the actions the keys that are in force now."""
        self._said.clear()
        for command, action in self._actions.items():
            action.setShortcuts([QKeySequence(key) for key in self.keymap.keys(command)])

    def caps(self, command: str) -> str:
        """The first key of a command as on a keycap; empty when it has none."""
        keys = self.keymap.keys(command)
        return shown(keys[0]) if keys else ""

    def _tooltip(self, command: str) -> str:
        caps = self.caps(command)
        return f"{BY_ID[command].text} ({caps})" if caps else BY_ID[command].text

    def _triggered(self) -> None:
        action = self.sender()
        if isinstance(action, QAction) and (handler := self._handlers.get(action.objectName())):
            handler()
