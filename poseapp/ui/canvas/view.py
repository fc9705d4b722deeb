"""A picture that can be zoomed and panned; the canvas puts poses on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QNativeGestureEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsItem,
    QGraphicsScene,
    QGraphicsView,
    QStyleOptionGraphicsItem,
    QWidget,
)

from poseapp.ui import theme

SMOOTH_UP_TO = 8.0
"""Magnification above which pixels are shown as squares."""
_LARGEST = 64.0
_SMALLEST_OF_FIT = 0.25
_STEP = 1.25
_STAYS_IN_VIEW = 64.0
"""px of the picture that panning cannot push out of the view."""


def to_image(picture: NDArray[np.uint8]) -> QImage:
    """A BGR picture (H, W, 3) in the layout that Qt draws without converting."""
    picture = np.ascontiguousarray(picture)
    rows, columns = picture.shape[:2]
    shared = QImage(picture.data, columns, rows, 3 * columns, QImage.Format.Format_BGR888)
    return shared.convertToFormat(QImage.Format.Format_RGB32)  # owns its pixels


class PictureItem(QGraphicsItem):
    """An image laid over a rectangle of the scene."""

    def __init__(self, z: float) -> None:
        super().__init__()
        self.image = QImage()
        self._rect = QRectF()
        self.setZValue(z)

    def show_image(self, image: QImage, rect: QRectF) -> None:
        """Draw `image` over `rect` from now on."""
        if rect != self._rect:
            self.prepareGeometryChange()
        self.image, self._rect = image, rect
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        magnified = painter.worldTransform().m11() * self._rect.width()
        smooth = magnified < SMOOTH_UP_TO * self.image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(self._rect, self.image)


class PictureView(QGraphicsView):
    """Scene coordinates are the picture's: (0, 0) is the centre of its top-left pixel."""

    zoomed = Signal(float)
    """Screen pixels per pixel of the picture, in percent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept_scene = QGraphicsScene(self)  # a view does not own its scene
        self._kept_scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setScene(self._kept_scene)
        self._picture_item = PictureItem(z=0)
        self._kept_scene.addItem(self._picture_item)
        self._size = QSizeF()
        self._message = ""
        self._fitted = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setMouseTracking(True)
        self.setAcceptDrops(False)  # files that are dropped here are for the window
        theme.notifier.changed.connect(self.viewport().update)

    # -- picture ---------------------------------------------------------------------------

    @property
    def image(self) -> QImage:
        """The picture that is shown; null when there is none."""
        return self._picture_item.image

    def show_picture(self, picture: NDArray[np.uint8], size: tuple[int, int] | None = None) -> None:
        """Show a BGR picture; `size` is the (width, height) that a smaller copy stands for."""
        image = to_image(picture)
        shown = QSizeF(*size) if size else QSizeF(image.size())
        changed = shown != self._size
        self._size, self._message = shown, ""
        self._picture_item.show_image(image, self.picture_rect())
        if changed:
            self.fit()

    def clear_picture(self, message: str) -> None:
        """Show stripes and a sentence instead of a picture."""
        self._size, self._message = QSizeF(), message
        self._picture_item.show_image(QImage(), QRectF())
        self.viewport().update()

    def has_picture(self) -> bool:
        return not self._size.isEmpty()

    def picture_rect(self) -> QRectF:
        """The picture's place in the scene."""
        return QRectF(QPointF(-0.5, -0.5), self._size)

    # -- zoom and pan ----------------------------------------------------------------------

    @property
    def magnification(self) -> float:
        """Screen pixels per pixel of the picture."""
        return self.transform().m11()

    @property
    def zoom_percent(self) -> float:
        return 100 * self.magnification

    def fit(self) -> None:
        """Show the whole picture as large as it goes, now and when the window changes."""
        if not self.has_picture():
            return
        self._magnify(self._fitting(), self.picture_rect().center())
        self._fitted = True

    def zoom_to(self, target: QRectF | QPointF | tuple[float, float]) -> None:
        """Bring a rectangle, or a point at no less than twice the fitting size, to the middle."""
        if not self.has_picture():
            return
        if isinstance(target, QRectF):
            view = self.viewport().size()
            wanted = min(
                view.width() / max(target.width(), 1e-6), view.height() / max(target.height(), 1e-6)
            )
            self._magnify(wanted, target.center())
            return
        point = target if isinstance(target, QPointF) else QPointF(*target)
        self._magnify(max(self.magnification, 2 * self._fitting()), point)

    def reveal(self, x: float, y: float) -> None:
        """Bring a point of the picture to the middle unless it is in the middle half already."""
        at, view = self.mapFromScene(x, y), self.viewport().rect()
        half = view.adjusted(
            view.width() // 4, view.height() // 4, -view.width() // 4, -view.height() // 4
        )
        if self.has_picture() and not half.contains(at):
            self.zoom_to(QPointF(x, y))

    def bring(self, rect: QRectF) -> None:
        """Bring a rectangle to the middle, smaller than now only if it would not fit."""
        if not self.has_picture():
            return
        view = self.viewport().size()
        fitting = min(view.width() / rect.width(), view.height() / rect.height())
        self._magnify(min(self.magnification, fitting), rect.center())

    def zoom_in(self) -> None:
        """One step nearer, around the middle."""
        self._zoom_at(QPointF(self.viewport().rect().center()), _STEP)

    def zoom_out(self) -> None:
        """One step farther, around the middle."""
        self._zoom_at(QPointF(self.viewport().rect().center()), 1 / _STEP)

    def scene_at(self, at: QPointF) -> QPointF:
        """The position in the picture under a position of the viewport, with its fraction."""
        inverse, _possible = self.viewportTransform().inverted()
        return inverse.map(at)

    def view_at(self, x: float, y: float) -> QPointF:
        """The position in the viewport of a position in the picture, with its fraction."""
        return self.viewportTransform().map(QPointF(x, y))

    def _fitting(self) -> float:
        view = self.viewport().size()
        return max(
            1e-6, min(view.width() / self._size.width(), view.height() / self._size.height())
        )

    def _zoom_at(self, at: QPointF, factor: float) -> None:
        if not self.has_picture():
            return
        wanted = float(
            np.clip(self.magnification * factor, _SMALLEST_OF_FIT * self._fitting(), _LARGEST)
        )
        kept = self.scene_at(at)
        middle = QPointF(self.viewport().width() / 2, self.viewport().height() / 2)
        self._magnify(wanted, kept - (at - middle) / wanted)

    def _magnify(self, magnification: float, centre: QPointF) -> None:
        self._fitted = False
        self.setTransform(QTransform.fromScale(magnification, magnification))
        self._set_range()
        self.centerOn(centre)
        self.viewport().update()
        self.zoomed.emit(self.zoom_percent)

    def _set_range(self) -> None:
        """Let the picture be pushed about until only its edge is left in view."""
        view, scale = self.viewport().size(), self.magnification
        across = max(0.0, view.width() - _STAYS_IN_VIEW) / scale
        down = max(0.0, view.height() - _STAYS_IN_VIEW) / scale
        self.setSceneRect(self.picture_rect().adjusted(-across, -down, across, down))

    def pan(self, by: QPointF) -> None:
        """Move the picture by screen pixels."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - round(by.x()))
        down.setValue(down.value() - round(by.y()))
        self._fitted = False

    # -- events ----------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        middle = self.scene_at(QPointF(event.oldSize().width() / 2, event.oldSize().height() / 2))
        super().resizeEvent(event)
        if not self.has_picture():
            return
        if self._fitted:
            self.fit()
        else:
            self._magnify(self.magnification, middle)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned:
            self._zoom_at(event.position(), _STEP ** (turned / 120))
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self._zoom_at(event.position(), 1 + event.value())
            return True
        return super().viewportEvent(event)

    # -- background ------------------------------------------------------------------------

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.save()
        painter.resetTransform()
        painter.fillRect(self.viewport().rect(), theme.color("canvas"))
        if not self.has_picture():
            self._paint_stripes(painter)
            self._paint_message(painter)
        painter.restore()

    def _paint_stripes(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme.color("window"), 8))
        area = self.viewport().rect()
        for x in range(-area.height(), area.width(), 24):
            painter.drawLine(x, area.height(), x + area.height(), 0)

    def _paint_message(self, painter: QPainter) -> None:
        painter.setFont(theme.font("body"))
        painter.setPen(theme.color("text2"))
        margin = theme.space(4)
        area = self.viewport().rect().adjusted(margin, margin, -margin, -margin)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(area, int(flags), self._message)
