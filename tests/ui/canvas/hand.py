"""A mouse for tests: events with exact positions, sent straight to a viewport."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

LEFT = Qt.MouseButton.LeftButton
MIDDLE = Qt.MouseButton.MiddleButton
RIGHT = Qt.MouseButton.RightButton
PLAIN = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


class Hand:
    def __init__(self, widget: QWidget) -> None:
        self.widget = widget
        self.modifiers = PLAIN
        self._down = Qt.MouseButton.NoButton

    def _send(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
        globally = QPointF(self.widget.mapToGlobal(at.toPoint()))
        event = QMouseEvent(kind, at, globally, button, self._down, self.modifiers)
        QApplication.sendEvent(self.widget, event)

    def press(self, x: float, y: float, button: Qt.MouseButton = LEFT) -> None:
        self._down = button
        self._send(QEvent.Type.MouseButtonPress, QPointF(x, y), button)

    def move(self, x: float, y: float) -> None:
        self._send(QEvent.Type.MouseMove, QPointF(x, y), Qt.MouseButton.NoButton)

    def release(self, x: float, y: float, button: Qt.MouseButton = LEFT) -> None:
        self._down = Qt.MouseButton.NoButton
        self._send(QEvent.Type.MouseButtonRelease, QPointF(x, y), button)

    def click(self, x: float, y: float, button: Qt.MouseButton = LEFT) -> None:
        self.press(x, y, button)
        self.release(x, y, button)

    def double_click(self, x: float, y: float) -> None:
        self.click(x, y)
        self._down = LEFT
        self._send(QEvent.Type.MouseButtonDblClick, QPointF(x, y), LEFT)
        self.release(x, y)

    def drag(
        self, start: tuple[float, float], end: tuple[float, float], button: Qt.MouseButton = LEFT
    ) -> None:
        self.press(*start, button)
        self.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.move(*end)
        self.release(*end, button)

    def wheel(self, x: float, y: float, steps: float = 1.0) -> None:
        at = QPointF(x, y)
        event = QWheelEvent(
            at,
            QPointF(self.widget.mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, round(120 * steps)),
            self._down,
            self.modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.widget, event)
