"""The guide: a small figure that shows which keypoint is placed next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from poseapp.ui import theme
from poseapp.ui.canvas import markers
from poseapp.ui.canvas.markers import State
from poseapp.ui.canvas.poses import SkeletonLook

_WIDTH, _HEIGHT, _CAPTION = 148.0, 196.0, 28.0
_MARGIN, _PADDING = 16.0, 20.0
_DOT = 2.5


def guide_place(view: QRectF, cursor: QPointF | None) -> QRectF:
    """The lower right corner of the view, or the left one while the cursor is near."""
    top = view.bottom() - _MARGIN - _HEIGHT
    right = QRectF(view.right() - _MARGIN - _WIDTH, top, _WIDTH, _HEIGHT)
    near = right.adjusted(-2 * _MARGIN, -2 * _MARGIN, 2 * _MARGIN, 2 * _MARGIN)
    if cursor is not None and near.contains(cursor):
        return QRectF(view.left() + _MARGIN, top, _WIDTH, _HEIGHT)
    return right


def paint_guide(
    painter: QPainter,
    place: QRectF,
    look: SkeletonLook,
    figure: NDArray[np.float64],
    placed: list[bool],
    keypoint: int,
) -> None:
    """Draw the (K, 2) `figure`, of any size, with the `keypoint` that comes next."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("line2"), 1))  # or it has no end where the picture is dark
    painter.setBrush(theme.overlay("tag"))
    painter.drawRoundedRect(place, theme.radius("card"), theme.radius("card"))
    spots = _fitted(figure, place.adjusted(_PADDING, _PADDING, -_PADDING, -_CAPTION - 8))
    for (a, b), colour in zip(look.bones, look.bone_colours, strict=True):
        painter.setPen(QPen(colour, 1.5))
        painter.setOpacity(1.0 if placed[a] and placed[b] else 0.45)
        painter.drawLine(spots[a], spots[b])
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setOpacity(1.0)
    for k, spot in enumerate(spots):
        painter.setBrush(look.colours[k] if placed[k] else theme.color("control"))
        painter.drawEllipse(spot, _DOT, _DOT)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.overlay("select"), 1.5))
    painter.drawEllipse(spots[keypoint], 10, 10)
    painter.setFont(theme.font("caption"))
    painter.setPen(theme.overlay("tagText"))
    text = f"{keypoint + 1} of {len(spots)} · {look.names[keypoint].lower()}"
    line = QRectF(place.left(), place.bottom() - _CAPTION, place.width(), _CAPTION - 6)
    elided = painter.fontMetrics().elidedText(
        text, Qt.TextElideMode.ElideRight, int(line.width()) - 12
    )
    painter.drawText(line, Qt.AlignmentFlag.AlignCenter, elided)
    painter.restore()
    side, colour = look.sides[keypoint], look.colours[keypoint]
    markers.paint_marker(painter, spots[keypoint], side, State.LABEL, colour)


def _fitted(figure: NDArray[np.float64], area: QRectF) -> list[QPointF]:
    """The figure's points, as large as they go in the middle of an area."""
    low, high = figure.min(axis=0), figure.max(axis=0)
    extent = np.maximum(high - low, 1e-9)
    scale = min(area.width() / extent[0], area.height() / extent[1])
    offset = np.array([area.center().x(), area.center().y()]) - (low + high) / 2 * scale
    return [QPointF(x, y) for x, y in (figure * scale + offset).tolist()]
