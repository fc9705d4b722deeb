"""F1: every command with its keys, found by typing, changed in place."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from poseapp.ui import theme
from poseapp.ui.panels import pieces
from poseapp.ui.shortcuts import BY_ID, SHORTCUTS, Keymap, conflicts, shown

_ID = Qt.ItemDataRole.UserRole


class ShortcutEditor(QDialog):
    """Shows the table of shortcuts; what is changed is in force once "Keep" is pressed."""

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(680, 680)
        self._keymap = keymap
        self._keys = {command: keymap.keys(command) for command in BY_ID}
        self._find = QLineEdit()
        self._find.setPlaceholderText("Find a command or a key")
        self._find.setAccessibleName("Find a command or a key")
        self._find.setClearButtonEnabled(True)
        self._find.textChanged.connect(self._filter)
        self._tree = self._make_tree()
        self._edit = QKeySequenceEdit()
        self._edit.setMaximumSequenceLength(1)
        self._edit.setMinimumWidth(120)
        self._edit.setAccessibleName("New keys")
        self._edit.keySequenceChanged.connect(self._judge)
        self._asked = pieces.text("Choose a command to change its keys.", "body", "text2")
        self._verdict = pieces.text("", "small", "warning", wrap=True)
        self._set = pieces.button("Set", self._set_keys)
        self._also = pieces.button("Add as well", self._add_keys)
        self._none = pieces.button("No keys", self._no_keys, kind="quiet")
        self._default = pieces.button("Default", self._default_keys, kind="quiet")
        self._keep = pieces.button("Keep", self._accept, kind="primary", large=True)
        self._build()
        self._fill()
        self._choose()

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(2)
        tree.setHeaderLabels(["Command", "Keys"])
        tree.setAccessibleName("Commands")
        tree.setRootIsDecorated(False)
        tree.setIndentation(0)
        tree.setUniformRowHeights(True)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tree.currentItemChanged.connect(self._choose)
        tree.itemDoubleClicked.connect(lambda: self._edit.setFocus())
        return tree

    def _build(self) -> None:
        change = pieces.row(
            self._asked, None, self._edit, self._set, self._also, self._none, self._default
        )
        reset = pieces.button("All defaults", self._reset, kind="quiet", large=True)
        buttons = pieces.row(
            reset, None, pieces.button("Cancel", self.reject, large=True), self._keep
        )
        self.setLayout(
            pieces.column(
                self._find,
                self._tree,
                change,
                self._verdict,
                buttons,
                spacing=12,
                margins=(24, 20, 24, 20),
            )
        )

    def _fill(self) -> None:
        self._items: dict[str, QTreeWidgetItem] = {}
        groups: dict[str, QTreeWidgetItem] = {}
        for shortcut in SHORTCUTS:
            if shortcut.group not in groups:
                head = QTreeWidgetItem(self._tree, [shortcut.group])
                head.setFlags(Qt.ItemFlag.ItemIsEnabled)
                head.setSizeHint(0, QSize(0, theme.height("row")))
                head.setFont(0, theme.font("strong"))
                head.setForeground(0, theme.color("text3"))
                head.setExpanded(True)
                groups[shortcut.group] = head
            item = QTreeWidgetItem(groups[shortcut.group], [shortcut.text, ""])
            item.setData(0, _ID, shortcut.id)
            item.setSizeHint(0, QSize(0, theme.height("rowDense")))
            self._items[shortcut.id] = item
        self._tree.expandAll()
        self._show_keys()

    def _show_keys(self) -> None:
        for command, item in self._items.items():
            caps = dict.fromkeys(shown(key) for key in self._keys[command])
            item.setText(1, "   ".join(caps))
            changed = self._keys[command] != BY_ID[command].keys
            item.setForeground(1, theme.color("accent" if changed else "text2"))
        fights = conflicts(self._keys)
        self._keep.setEnabled(not fights)
        sentences = [
            f"{shown(c.key)} would call both “{BY_ID[c.first].text}” and “{BY_ID[c.second].text}”."
            for c in fights
        ]
        self._verdict.setText(" ".join(sentences))
        self._keep.setToolTip(" ".join(sentences))

    def _filter(self, words: str) -> None:
        wanted = words.casefold().split()
        for command, item in self._items.items():
            keys = " ".join(shown(key) for key in self._keys[command])
            content = f"{BY_ID[command].text} {BY_ID[command].group} {keys}".casefold()
            item.setHidden(not all(word in content for word in wanted))
        for n in range(self._tree.topLevelItemCount()):
            head = self._tree.topLevelItem(n)
            if head is not None:
                children = [head.child(c) for c in range(head.childCount())]
                head.setHidden(all(child is None or child.isHidden() for child in children))

    def _current(self) -> str | None:
        item = self._tree.currentItem()
        return item.data(0, _ID) if item is not None else None

    def _choose(self) -> None:
        command = self._current()
        self._asked.setText(
            BY_ID[command].text if command else "Choose a command to change its keys."
        )
        self._edit.clear()
        for widget in (self._edit, self._none, self._default):
            widget.setEnabled(command is not None)
            widget.setToolTip("" if command else "Choose a command first")
        self._judge()

    def _judge(self) -> None:
        ready = self._current() is not None and not self._edit.keySequence().isEmpty()
        for widget in (self._set, self._also):
            widget.setEnabled(ready)
            widget.setToolTip("" if ready else "Press the new keys in the field first")

    def _pressed(self) -> str:
        return self._edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _set_keys(self) -> None:
        self._change((self._pressed(),))

    def _add_keys(self) -> None:
        if command := self._current():
            self._change((*self._keys[command], self._pressed()))

    def _no_keys(self) -> None:
        self._change(())

    def _default_keys(self) -> None:
        if command := self._current():
            self._change(BY_ID[command].keys)

    def _change(self, keys: tuple[str, ...]) -> None:
        if command := self._current():
            self._keys[command] = tuple(dict.fromkeys(keys))
            self._edit.clear()
            self._show_keys()

    def _reset(self) -> None:
        self._keys = {command: BY_ID[command].keys for command in BY_ID}
        self._show_keys()

    def _accept(self) -> None:
        self._keymap.change(self._keys)
        self.accept()
