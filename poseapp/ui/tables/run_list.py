"""Trainings under each other, joined to the one each started from."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from poseapp.ui import theme
from poseapp.ui.tables.delegates import RowDelegate
from poseapp.ui.tables.rows import ROW, Index, Row, RowList

_GRAPH = 32
MARKS = {"running": "accent", "used": "good", "failed": "danger", "kept": "text3"}
"""What a run is, and the colour role of its dot."""


class LineageDelegate(RowDelegate):
    """A row whose `mark` is one of MARKS, drawn as a dot on the line of runs."""

    def __init__(self) -> None:
        super().__init__(56)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        row: Row = index.data(ROW)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue] - stubs miss it
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, middle = rect.left() + 24.0, rect.center().y() + 0.5
        painter.setPen(QPen(theme.color("line2"), 2))
        if index.row() > 0:
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, middle - 8))
        if index.row() + 1 < index.model().rowCount():
            painter.drawLine(QPointF(x, middle + 8), QPointF(x, rect.bottom() + 1))
        colour = theme.color(MARKS[row.mark])
        painter.setPen(QPen(colour, 2))
        filled = row.mark in ("running", "used")
        painter.setBrush(colour if filled else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(x, middle), 5, 5)
        painter.restore()

    def _paint_left(self, painter: QPainter, rect: QRect, row: Row) -> QRect:
        return rect.adjusted(_GRAPH, 0, 0, 0)


class RunList(RowList):
    """The list itself, newest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(LineageDelegate(), "Runs", parent)
