"""Painted meshes on the canvas, under trails and bodies."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from poseapp.media.mesh_paint import Overlay

Painted = tuple[QImage, QRectF]
"""A picture and the rectangle of the scene that it covers."""


class MeshesItem(QGraphicsItem):
    """Draws what it was given last; the farthest person comes first."""

    def __init__(self) -> None:
        super().__init__()
        self._painted: tuple[Painted, ...] = ()
        self.setZValue(2)

    def show_meshes(self, painted: Sequence[Painted]) -> None:
        """Draw these from now on."""
        self.prepareGeometryChange()
        self._painted = tuple(painted)
        self.update()

    def boundingRect(self) -> QRectF:
        whole = QRectF()
        for _, rect in self._painted:
            whole = whole.united(rect)
        return whole

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for image, rect in self._painted:
            painter.drawImage(rect, image)


def painted_image(overlay: Overlay, scale: int = 1) -> Painted:
    """An overlay as Qt draws it; `scale` of its pixels are one of the picture."""
    h, w = overlay.pixels.shape[:2]
    shared = QImage(overlay.pixels.data, w, h, 4 * w, QImage.Format.Format_ARGB32_Premultiplied)
    rect = QRectF(overlay.left / scale - 0.5, overlay.top / scale - 0.5, w / scale, h / scale)
    return shared.copy(), rect
