"""Lists of rows: what one row says, the model that holds them and the view that shows them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QWidget

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True, eq=True)
class Row:
    """What a list says about one thing; every tone is a colour role of the theme."""

    key: Hashable
    title: str
    detail: str = ""
    right: str = ""
    right_detail: str = ""
    number: str = ""
    picture: QPixmap | None = None
    tone: str = "text3"
    """Colour of the detail, and of the right side where `right_tone` says nothing else."""
    right_tone: str = ""
    bars: tuple[tuple[str, float], ...] = ()
    """Small bars at the right: (colour role, value in 0..1)."""
    mark: str = ""
    """What a delegate of its own draws at the left."""
    tip: str = ""

    def spoken(self) -> str:
        """The row as a screen reader says it."""
        values = [f"{value:.2f}" for _, value in self.bars]
        parts = (self.number, self.title, self.detail, self.right, self.right_detail, *values)
        return ", ".join(part for part in parts if part)


class RowModel(QAbstractListModel):
    """Rows in order; a change repaints only the rows that differ."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken()
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.tip or None
        return None

    def rows(self) -> tuple[Row, ...]:
        return self._rows

    def set_rows(self, rows: Sequence[Row]) -> None:
        before = self._rows
        if [row.key for row in before] != [row.key for row in rows]:
            self.beginResetModel()
            self._rows = tuple(rows)
            self.endResetModel()
            return
        self._rows = tuple(rows)
        for number, (old, new) in enumerate(zip(before, self._rows, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(number), self.index(number))

    def position(self, key: Hashable) -> int:
        """Where the row with this key stands; -1 when there is none."""
        return next((n for n, row in enumerate(self._rows) if row.key == key), -1)


class RowList(QListView):
    """A list that is clicked, and walked with the arrow keys once Tab has reached it.

    A click leaves the focus where it was, so that the canvas keeps the keys.
    """

    chosen = Signal(object)
    """The key of the row a person clicked or walked to."""
    opened = Signal(object)
    """The key of the row a person double-clicked or pressed Enter on."""

    def __init__(
        self, delegate: QStyledItemDelegate, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = RowModel(self)
        delegate.setParent(self)
        self.setModel(self._model)
        self.setItemDelegate(delegate)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._opened)

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._model.rows()

    def set_rows(self, rows: Sequence[Row], current: Hashable | None = None) -> None:
        """Show these rows and mark the current one."""
        self._model.set_rows(rows)
        self.set_current(current)

    def set_current(self, key: Hashable | None) -> None:
        """Mark a row without saying that a person chose it."""
        position = -1 if key is None else self._model.position(key)
        if position < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != position:
            index = self._model.index(position)
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.currentIndex().row()
        super().keyPressEvent(event)
        index = self.currentIndex()
        if not index.isValid():
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._opened(index)
        elif index.row() != before:
            self._clicked(index)

    def _clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(index.data(ROW).key)

    def _opened(self, index: QModelIndex) -> None:
        self.opened.emit(index.data(ROW).key)


class CardList(RowList):
    """Cards of one size, in as many columns as fit."""

    def __init__(self, delegate: QStyledItemDelegate, name: str, card: QSize) -> None:
        super().__init__(delegate, name)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setSpacing(0)
        self.setGridSize(card)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
