"""A scene item that draws in pixels of the screen, whatever the zoom."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

_EVERYWHERE = QRectF(-1e6, -1e6, 2e6, 2e6)
"""The view repaints as a whole, so that no item needs a tight bound."""


class ScreenItem(QGraphicsItem):
    """Base of what lies on the picture with line widths and markers of constant size."""

    def boundingRect(self) -> QRectF:
        return _EVERYWHERE

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        to_screen = painter.worldTransform()
        painter.resetTransform()
        self.paint_on_screen(painter, to_screen)
        painter.setWorldTransform(to_screen)

    def paint_on_screen(self, painter: QPainter, to_screen: QTransform) -> None:
        """Draw; `to_screen` takes positions in the picture to the screen."""
        raise NotImplementedError
