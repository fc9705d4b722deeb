"""The keypoints of the current body: sign, name, how sure or what was done, and an eye."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from poseapp.domain.skeleton import Side
from poseapp.ui import icons, theme
from poseapp.ui.canvas.markers import State, paint_glyph
from poseapp.ui.tables.delegates import paint_text, text_width
from poseapp.ui.tables.rows import ROW, Index, Row, RowList

_EYES = {State.HIDDEN: "circle-dot-dashed", State.ABSENT: "eye-off"}
_EYE_ROOM = 40


def keypoint_mark(side: Side, state: State) -> str:
    """What a row's `mark` says to the delegate."""
    return f"{side.value}|{state.value}"


class KeypointDelegate(QStyledItemDelegate):
    """Paints one keypoint; a row's `mark` comes from `keypoint_mark`."""

    def __init__(self) -> None:
        super().__init__()
        self.show_scores = True

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, theme.height("rowDense"))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        side, state = _parsed(row.mark)
        rect: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue] - stubs miss it
        flags: QStyle.StateFlag = option.state  # pyright: ignore[reportAttributeAccessIssue]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(flags & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, theme.color("soft"))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("raised"))
        paint_glyph(painter, QPointF(rect.left() + 23, rect.center().y() + 0.5), side, state)
        area = rect.adjusted(40, 0, -_EYE_ROOM, 0)
        shown = row.right if self.show_scores or not row.right.startswith((".", "1.")) else ""
        tone = "accent" if row.tone == "accent" else "text3"
        paint_text(painter, area, shown, "small", tone, Qt.AlignmentFlag.AlignRight)
        area = area.adjusted(0, 0, -text_width(shown, "small") - 8, 0)
        role = "text" if selected or state is not State.ABSENT else "text2"
        font = "strong" if selected else "body"
        paint_text(painter, area, row.title, font, role, Qt.AlignmentFlag.AlignLeft)
        self._paint_eye(painter, rect, state)
        painter.restore()

    def _paint_eye(self, painter: QPainter, rect: QRect, state: State) -> None:
        scale = painter.device().devicePixelRatioF()
        role = "text" if state is State.HIDDEN else "text3"
        eye = icons.pixmap(_EYES.get(state, "eye"), 16, role, scale)
        painter.drawPixmap(rect.right() - 30, rect.center().y() - 7, eye)


def _parsed(mark: str) -> tuple[Side, State]:
    side, state = mark.split("|")
    return Side(side), State(state)


class KeypointList(RowList):
    """The list itself; a click on the eye or a right click cycles the visibility."""

    eye_clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._painter = KeypointDelegate()
        super().__init__(self._painter, "Keypoints", parent)

    def show_scores(self, shown: bool) -> None:
        """Leave the confidences out where there is no room."""
        self._painter.show_scores = shown
        self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        right = event.button() is Qt.MouseButton.RightButton
        on_eye = event.position().x() > self.viewport().width() - _EYE_ROOM
        if index.isValid() and (right or on_eye):
            self.eye_clicked.emit(index.data(ROW).key)
            return
        super().mousePressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            position = event.pos()  # pyright: ignore[reportAttributeAccessIssue] - a help event
            on_eye = position.x() > self.viewport().width() - _EYE_ROOM
            self.setToolTip("Visible, hidden or absent" if on_eye else "")
        return super().viewportEvent(event)
