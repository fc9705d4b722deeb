"""Find a command: type a few letters of its name, press Enter."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.shortcuts import SHORTCUTS, Shortcut
from poseapp.ui.tables.delegates import RowDelegate
from poseapp.ui.tables.rows import Row, RowList

_SHOWN = 60


class CommandPalette(QDialog):
    """Lists the commands that fit what is typed; those that cannot run say what is missing."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._actions = actions
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find a command")
        self._field.setAccessibleName("Find a command")
        self._field.installEventFilter(self)
        self._field.textChanged.connect(self._fill)
        self._list = RowList(RowDelegate(32, padding=12), "Commands")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.chosen.connect(self._run)
        self.setLayout(pieces.column(self._field, self._list, spacing=8, margins=(8, 8, 8, 8)))
        self.resize(560, 420)
        self._fill("")

    def open_over(self, window: QWidget) -> None:
        """Show it in the upper middle of the window, ready to type."""
        centre = window.mapToGlobal(window.rect().center())
        top = window.mapToGlobal(window.rect().topLeft()).y() + 48
        self.move(centre.x() - self.width() // 2, top)
        self.show()
        self._field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
            if event.key() in steps:
                self._walk(steps[Qt.Key(event.key())])
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                row = self._list.currentIndex().row()
                if row >= 0:
                    self._run(self._list.rows[row].key)
                return True
        return super().eventFilter(watched, event)

    def _walk(self, by: int) -> None:
        rows = self._list.rows
        if rows:
            position = (self._list.currentIndex().row() + by) % len(rows)
            self._list.set_current(rows[position].key)

    def _fill(self, words: str) -> None:
        wanted = words.casefold().split()
        found = [s for s in SHORTCUTS if all(w in f"{s.text} {s.group}".casefold() for w in wanted)]
        found.sort(key=lambda s: bool(self._actions.missing(s.id)))
        rows = [self._row(shortcut) for shortcut in found[:_SHOWN]]
        self._list.set_rows(rows, rows[0].key if rows else None)

    def _row(self, shortcut: Shortcut) -> Row:
        missing = self._actions.missing(shortcut.id)
        right = missing or self._actions.caps(shortcut.id)
        return Row(shortcut.id, shortcut.text, right=right, tip=missing or shortcut.group)

    def _run(self, command: object) -> None:
        action = self._actions[str(command)]
        if not action.isEnabled():
            return
        self.accept()
        action.trigger()
