"""How rows are painted: one delegate for all lists, told what it shows by its height and parts."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from poseapp.ui import theme
from poseapp.ui.tables.rows import ROW, Index, Row


class RowDelegate(QStyledItemDelegate):
    """Number, picture, title over detail, and figures or bars at the right.

    `picture` is the size of the thumbnail in px, (0, 0) for lists without.
    """

    def __init__(self, height: int, picture: tuple[int, int] = (0, 0), padding: int = 16) -> None:
        super().__init__()
        self._height = height
        self._picture = QSize(*picture)
        self._padding = padding
        self.show_bars = True
        """Left out where there is no room."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, self._height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue] - stubs miss it
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_ground(painter, rect, option)
        inner = rect.adjusted(self._padding, 0, -self._padding, 0)
        inner = self._paint_left(painter, inner, row)
        inner = self._paint_right(painter, inner, row)
        paint_two_lines(painter, inner, row)
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem) -> None:
        state: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        if state & QStyle.StateFlag.State_Selected:
            focused = bool(state & QStyle.StateFlag.State_HasFocus)
            painter.fillRect(rect, theme.color("soft" if focused else "hover"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("raised"))

    def _paint_left(self, painter: QPainter, rect: QRect, row: Row) -> QRect:
        if row.number:
            paint_text(painter, rect, row.number, "small", "text3", Qt.AlignmentFlag.AlignLeft)
            rect = rect.adjusted(18, 0, 0, 0)
        if not self._picture.isEmpty():
            area = QRect(rect.left(), 0, self._picture.width(), self._picture.height())
            area.moveTop(rect.center().y() - self._picture.height() // 2)
            paint_picture(painter, area, row.picture)
            rect = rect.adjusted(self._picture.width() + 10, 0, 0, 0)
        return rect

    def _paint_right(self, painter: QPainter, rect: QRect, row: Row) -> QRect:
        if row.bars and self.show_bars:
            paint_bars(painter, QRect(rect.right() - 35, rect.top(), 36, rect.height()), row.bars)
            return rect.adjusted(0, 0, -44, 0)
        width = max(text_width(row.right, "small"), text_width(row.right_detail, "caption"))
        if not width:
            return rect
        tone = row.right_tone or row.tone
        if row.right_detail:
            top, bottom = two_lines(rect)
            paint_text(painter, top, row.right, "strong", "text", Qt.AlignmentFlag.AlignRight)
            paint_text(
                painter, bottom, row.right_detail, "caption", tone, Qt.AlignmentFlag.AlignRight
            )
        else:
            paint_text(painter, rect, row.right, "small", tone, Qt.AlignmentFlag.AlignRight)
        return rect.adjusted(0, 0, -width - 8, 0)


def text_width(text: str, font: str) -> int:
    """Pixels a text needs in a font of the theme."""
    return QFontMetrics(theme.font(font)).horizontalAdvance(text) if text else 0


def two_lines(rect: QRect) -> tuple[QRect, QRect]:
    """The line boxes of a title and a detail, centred in a row."""
    middle = rect.center().y() + 1
    upper = QRect(rect.left(), middle - 19, rect.width(), 20)
    lower = QRect(rect.left(), middle, rect.width(), 18)
    return upper, lower


def paint_two_lines(painter: QPainter, rect: QRect, row: Row) -> None:
    """Title over detail, or the title alone in the middle; both end in … where room ends."""
    left = Qt.AlignmentFlag.AlignLeft
    if not row.detail:
        paint_text(painter, rect, row.title, "strong", "text", left)
        return
    upper, lower = two_lines(rect)
    paint_text(painter, upper, row.title, "strong", "text", left)
    paint_text(painter, lower, row.detail, "small", row.tone, left)


def paint_text(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: str | QFont,
    role: str,
    align: Qt.AlignmentFlag,
) -> None:
    """One line of text, vertically centred, elided at its end."""
    chosen = theme.font(font) if isinstance(font, str) else font
    painter.setFont(chosen)
    painter.setPen(theme.color(role))
    elided = QFontMetrics(chosen).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, elided)


def paint_picture(painter: QPainter, area: QRect, picture: QPixmap | None, radius: int = 4) -> None:
    """A thumbnail that fills its area, cut at the edges; an empty ground while there is none."""
    path = QPainterPath()
    path.addRoundedRect(QRectF(area), radius, radius)
    painter.save()
    painter.setClipPath(path, Qt.ClipOperation.IntersectClip)
    painter.fillRect(area, theme.color("track"))
    if picture is not None and not picture.isNull():
        scale = max(area.width() / picture.width(), area.height() / picture.height())
        size = QSize(round(picture.width() * scale), round(picture.height() * scale))
        target = QRect(QRect().topLeft(), size)
        target.moveCenter(area.center())
        painter.drawPixmap(target, picture)
    painter.restore()


def paint_bars(painter: QPainter, rect: QRect, bars: tuple[tuple[str, float], ...]) -> None:
    """Small horizontal bars under each other."""
    painter.setPen(Qt.PenStyle.NoPen)
    top = rect.center().y() - (len(bars) * 9 - 5) // 2
    for number, (role, value) in enumerate(bars):
        ground = QRectF(QPointF(rect.left(), top + number * 9), QSize(rect.width(), 4))
        painter.setBrush(theme.color("track"))
        painter.drawRoundedRect(ground, 2, 2)
        ground.setWidth(max(ground.width() * min(max(value, 0.0), 1.0), 4.0))
        painter.setBrush(theme.color(role))
        painter.drawRoundedRect(ground, 2, 2)
