"""The loupe: a magnified circle in the corner of the canvas that is farthest from the cursor."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QCursor, QImage, QPainter, QPainterPath, QPen, QPixmap, QTransform

from poseapp.ui import theme
from poseapp.ui.canvas import tags
from poseapp.ui.canvas.view import SMOOTH_UP_TO

_DIAMETER = 168.0
_MARGIN = 16.0
_AIM_ARM = 26
_LEAST, _MOST = 2.0, 16.0
_OVER_THE_VIEW = 2.0
"""The loupe magnifies at least this much more than the canvas does."""


class Loupe:
    """Keeps its magnification and its corner between frames."""

    def __init__(self) -> None:
        self.power = 4.0
        self._corner: tuple[bool, bool] | None = None

    def turn(self, steps: float) -> None:
        """Magnify more or less, in steps of the wheel."""
        self.power = min(max(self.power * 2 ** (steps / 2), _LEAST), _MOST)

    def hide(self) -> None:
        """Choose the corner anew at the next showing."""
        self._corner = None

    def magnification(self, view_magnification: float) -> float:
        """Screen pixels per pixel of the picture inside the loupe."""
        return max(self.power, min(_MOST, _OVER_THE_VIEW * view_magnification))

    def place(self, view: QRectF, cursor: QPointF) -> QRectF:
        """The circle's square: it stays in its corner until the cursor comes near."""
        if self._corner is not None:
            here = self._square(view, self._corner)
            if not here.adjusted(-48, -48, 48, 48).contains(cursor):
                return here
        self._corner = cursor.x() < view.center().x(), cursor.y() < view.center().y()
        return self._square(view, self._corner)

    def _square(self, view: QRectF, corner: tuple[bool, bool]) -> QRectF:
        right, bottom = corner
        caption = tags.tag_size("")[1] + 8
        left = view.right() - _MARGIN - _DIAMETER if right else view.left() + _MARGIN
        top = view.bottom() - _MARGIN - _DIAMETER - caption if bottom else view.top() + _MARGIN
        return QRectF(left, top, _DIAMETER, _DIAMETER)


def paint_loupe(
    painter: QPainter,
    place: QRectF,
    image: QImage,
    image_rect: QRectF,
    at: QPointF,
    magnification: float,
    paint_poses: Callable[[QPainter, QTransform], None],
) -> None:
    """Draw the surroundings of a position in the picture, magnified, into the circle `place`.

    `paint_poses` is called to draw what lies on the picture, with the transform to the screen.
    """
    centre = place.center()
    to_screen = QTransform.fromTranslate(centre.x(), centre.y())
    to_screen.scale(magnification, magnification)
    to_screen.translate(-at.x(), -at.y())
    circle = QPainterPath()
    circle.addEllipse(place)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(circle)
    painter.fillRect(place, theme.color("canvas"))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, magnification <= SMOOTH_UP_TO)
    seen = to_screen.inverted()[0].mapRect(place).intersected(image_rect)
    share = image.width() / max(image_rect.width(), 1e-9)
    source = QRectF((seen.topLeft() - image_rect.topLeft()) * share, seen.size() * share)
    painter.drawImage(to_screen.mapRect(seen), image, source)
    paint_poses(painter, to_screen)
    painter.restore()
    _paint_ring(painter, place)
    paint_crosshair(painter, centre, gap=6, arm=22)
    text = f"{magnification:.0f}×  x {at.x():.1f}  y {at.y():.1f}"
    tags.paint_tag(painter, text, tags.tag_under(text, QPointF(centre.x(), place.bottom()), 8))


def _paint_ring(painter: QPainter, place: QRectF) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = theme.stroke("select")
    for ink, thick in ((theme.overlay("halo"), width + 2), (theme.overlay("select"), width)):
        painter.setPen(QPen(ink, thick))
        painter.drawEllipse(place)
    painter.restore()


def paint_crosshair(painter: QPainter, at: QPointF, *, gap: float, arm: float) -> None:
    """Four white arms around a position that stays free."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for ink, thick in ((theme.overlay("halo"), 3.5), (theme.overlay("select"), 1.5)):
        painter.setPen(QPen(ink, thick, c=Qt.PenCapStyle.FlatCap))
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(at + QPointF(x, y) * gap, at + QPointF(x, y) * arm)
    painter.restore()


@lru_cache(maxsize=4)
def aiming_cursor(scale: float) -> QCursor:
    """The crosshair as a mouse cursor: it never lags behind the hand."""
    side = 2 * _AIM_ARM + 3
    drawn = QPixmap(round(side * scale), round(side * scale))
    drawn.setDevicePixelRatio(scale)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    middle = side // 2
    paint_crosshair(painter, QPointF(middle + 0.5, middle + 0.5), gap=6, arm=_AIM_ARM)
    painter.end()
    return QCursor(drawn, middle, middle)
