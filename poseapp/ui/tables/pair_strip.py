"""Frames beside what they are compared with, in a row of as many as fit."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from poseapp.ui import theme
from poseapp.ui.tables.delegates import paint_text
from poseapp.ui.tables.rows import ROW, CardList, Index, Row

PAIR = QSize(292, 176)
"""Of both pictures together, in px."""
_BESIDE, _BELOW = 20, 52
_BAR = 14
"""Room for a scroll bar."""


class PairDelegate(QStyledItemDelegate):
    """Paints one row: its `picture` holds all sides, title and detail stand below."""

    def __init__(self, size: QSize) -> None:
        super().__init__()
        self._size = size

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self._size.width() + _BESIDE, self._size.height() + _BELOW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue] - stubs miss it
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        place = QRect(rect.topLeft(), self._size).translated(2, 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.picture is not None:
            painter.drawPixmap(place, row.picture)
        if state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus):
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place, theme.radius("card"), theme.radius("card"))
        left = Qt.AlignmentFlag.AlignLeft
        title = QRect(place.left(), place.bottom() + 6, self._size.width(), 20)
        paint_text(painter, title, row.title, "body", "text", left)
        paint_text(painter, title.translated(0, 19), row.detail, "small", "text3", left)
        painter.restore()


class PairStrip(CardList):
    """One row high; a click says which frame is meant."""

    def __init__(self, name: str, size: QSize = PAIR) -> None:
        cell = QSize(size.width() + _BESIDE, size.height() + _BELOW)
        super().__init__(PairDelegate(size), name, cell)
        self.setFixedHeight(cell.height())
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def scroll_along(self) -> None:
        """Let those that do not fit be reached by a bar below."""
        self.setWrapping(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setFixedHeight(self.height() + _BAR)
