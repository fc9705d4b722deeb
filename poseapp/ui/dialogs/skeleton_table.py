"""The keypoints of a skeleton draft as a table that is edited in place."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from poseapp.domain.skeleton import Side
from poseapp.ui import theme
from poseapp.ui.dialogs.skeleton_draft import SkeletonDraft
from poseapp.ui.tables.rows import Index

NAME, SIDE, PARTNER, PART, COLOUR = range(5)
_TITLES = ("Keypoint", "Side", "Swaps with", "Body parts", "Colour")
_SIDES = {Side.LEFT: "Left", Side.RIGHT: "Right", Side.CENTRE: "Centre"}
_NONE = "none"
_TIPS = {
    PART: "Names with commas between; the agents compare the poses of each part",
    COLOUR: "Double-click to choose a colour",
}


class SkeletonTable(QAbstractTableModel):
    """Shows a draft and writes what is typed into it; `edited` follows every change."""

    edited = Signal()

    def __init__(self, draft: SkeletonDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft

    def renew(self, draft: SkeletonDraft | None = None) -> None:
        """Show the draft again after it was changed from elsewhere, or another draft."""
        self.beginResetModel()
        self.draft = draft or self.draft
        self.endResetModel()
        self.edited.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.draft.points)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(_TITLES)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return _TITLES[section] if orientation is Qt.Orientation.Horizontal else str(section + 1)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        return flags if index.column() == COLOUR else flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        k, column = index.row(), index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._text(k, column)
        if role == Qt.ItemDataRole.DecorationRole and column == COLOUR:
            return self.colour(k)
        return _TIPS.get(column) if role == Qt.ItemDataRole.ToolTipRole else None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or value == self._text(index.row(), index.column()):
            return False
        k, column = index.row(), index.column()
        if column == NAME:
            self.draft.rename(k, str(value))
        elif column == SIDE:
            self.draft.turn_pair(k)
        elif column == PARTNER:
            names = [point.keypoint.name for point in self.draft.points]
            self.draft.pair(k, names.index(value) if value in names else None)
        elif column == PART:
            self.draft.assign(k, [part.strip() for part in str(value).split(",")])
        self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, COLOUR))
        self.edited.emit()
        return True

    def choices(self, index: Index) -> list[str]:
        """What a cell can be set to; empty where any text may be typed."""
        k, column = index.row(), index.column()
        if column == SIDE:
            if self.draft.points[k].partner is None:
                return [_SIDES[Side.CENTRE]]
            return [_SIDES[Side.LEFT], _SIDES[Side.RIGHT]]
        if column == PARTNER:
            others = [p.keypoint.name for n, p in enumerate(self.draft.points) if n != k]
            return [_NONE, *others]
        return []

    def parts(self) -> list[str]:
        """The names of all body parts."""
        return sorted({part for point in self.draft.points for part in point.parts})

    def colour(self, k: int) -> QColor:
        """The colour a keypoint is drawn in."""
        own = self.draft.points[k].keypoint.colour
        return QColor(own) if own else theme.overlay(self.draft.side(k).value)

    def _text(self, k: int, column: int) -> str:
        point = self.draft.points[k]
        partner = point.partner.keypoint.name if point.partner else _NONE
        colour = point.keypoint.colour or "of its side"
        return (
            point.keypoint.name,
            _SIDES[self.draft.side(k)],
            partner,
            ", ".join(point.parts),
            colour,
        )[column]


class ChoiceDelegate(QStyledItemDelegate):
    """Offers a list where a cell has choices, and a line to type in elsewhere."""

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        model = index.model()
        assert isinstance(model, SkeletonTable)
        if index.column() == PART:
            line = QLineEdit(parent)
            completer = QCompleter(model.parts(), line)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            line.setCompleter(completer)
            return line
        choices = model.choices(index)
        if not choices:
            return super().createEditor(parent, option, index)
        box = QComboBox(parent)
        box.addItems(choices)
        box.activated.connect(lambda: self.commitData.emit(box))
        return box

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QComboBox):
            editor.setCurrentText(str(index.data(Qt.ItemDataRole.EditRole)))
            editor.showPopup()
        else:
            super().setEditorData(editor, index)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QComboBox):
            model.setData(_plain(model, index), editor.currentText(), Qt.ItemDataRole.EditRole)
        else:
            super().setModelData(editor, model, index)


def _plain(model: QAbstractItemModel, index: Index) -> QModelIndex:
    """The index as the type that `setData` is declared with."""
    return model.index(index.row(), index.column())
