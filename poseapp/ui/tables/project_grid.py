"""Projects as cards: picture, name, what is in them, where they are."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from poseapp.ui import theme
from poseapp.ui.tables.delegates import paint_picture, paint_text
from poseapp.ui.tables.rows import ROW, CardList, Index, Row

_CARD = QSize(300, 240)
_PICTURE_HEIGHT = 150


class ProjectDelegate(QStyledItemDelegate):
    """Paints one project; `right` is its folder, `right_detail` a warning."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return _CARD

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue] - stubs miss it
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        area = rect.adjusted(0, 0, -32, -8)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        picture = QRect(area.left(), area.top(), area.width(), _PICTURE_HEIGHT)
        paint_picture(painter, picture, row.picture, theme.radius("card"))
        if state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_HasFocus):
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(picture, 8, 8)
        lines = (
            (row.title, "strong", "text", 24),
            (row.right_detail or row.detail, "small", row.tone, 18),
            (row.right, "small", "text3", 18),
        )
        top = picture.bottom() + 9
        for words, font, role, height in lines:
            line = QRect(area.left(), top, area.width(), height)
            paint_text(painter, line, words, font, role, Qt.AlignmentFlag.AlignLeft)
            top += height
        painter.restore()


class ProjectGrid(CardList):
    """The cards in as many columns as fit; one click opens."""

    def __init__(self) -> None:
        super().__init__(ProjectDelegate(), "Recent projects", _CARD)
