"""The skeleton as it will be drawn, joined by clicking one keypoint and then another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from poseapp.domain.skeleton import Side, Skeleton
from poseapp.ui import theme
from poseapp.ui.canvas.markers import State, colour_of, paint_marker
from poseapp.ui.dialogs.skeleton_draft import layout
from poseapp.ui.panels import pieces

_MARGIN = 36
_MOST_NAMES = 10
"""With more keypoints only those that are pointed at are named."""


class SkeletonPreview(QWidget):
    """Draws keypoints, bones and names; two clicks say between which a bone is wanted."""

    joined = Signal(int, int)
    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._skeleton: Skeleton | None = None
        self._pose: NDArray[np.float64] | None = None
        self._places = np.empty((0, 2))
        self._first: int | None = None
        self._current = -1
        self._under: int | None = None
        self._joining = True
        self.setMouseTracking(True)
        self.setMinimumSize(220, 220)
        self.setAccessibleName("Preview of the skeleton")

    def sizeHint(self) -> QSize:
        return QSize(320, 360)

    def set_joining(self, joining: bool) -> None:
        """Whether clicks join keypoints; without, they only pick."""
        self._joining = joining

    def show_skeleton(
        self, skeleton: Skeleton, pose: NDArray[np.float64] | None = None, current: int = -1
    ) -> None:
        """Draw this skeleton, in this pose where one is known."""
        self._skeleton, self._pose, self._current = skeleton, pose, current
        self._places = layout(skeleton, pose)
        if self._first is not None and self._first >= len(skeleton):
            self._first = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("canvas"))
        painter.drawRoundedRect(self.rect(), 8, 8)
        if self._skeleton is None:
            return
        places = self._pixels()
        for a, b in self._skeleton.bones:
            end = a if self._skeleton.side(b) is Side.CENTRE else b
            width = theme.stroke("bone")
            painter.setPen(QPen(colour_of(self._skeleton, end), width, c=Qt.PenCapStyle.RoundCap))
            painter.drawLine(places[a], places[b])
        for k, place in enumerate(places):
            if k in (self._first, self._current):
                painter.setPen(QPen(theme.color("text"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(place, 9, 9)
            side, colour = self._skeleton.side(k), colour_of(self._skeleton, k)
            paint_marker(painter, place, side, State.LABEL, colour)
        self._paint_names(painter, places)

    def _paint_names(self, painter: QPainter, places: list[QPointF]) -> None:
        if self._skeleton is None:
            return
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("text2"))
        crowded = len(places) > _MOST_NAMES
        for k, place in enumerate(places):
            if crowded and k not in (self._first, self._current, self._under):
                continue
            name = self._skeleton.names[k]
            width = painter.fontMetrics().horizontalAdvance(name)
            right = place.x() + 10 + width < self.width()
            x = place.x() + 10 if right else place.x() - 10 - width
            painter.drawText(QPointF(x, place.y() + 4), name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = self._hit(event.position())
        if hit is None or not self._joining:
            self._first = None
        elif self._first is None or self._first == hit:
            self._first = hit if self._first is None else None
        else:
            first, self._first = self._first, None
            self.joined.emit(first, hit)
        if hit is not None:
            self.picked.emit(hit)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        under = self._hit(event.position())
        if under != self._under:
            self._under = under
            self.update()

    def _hit(self, at: QPointF) -> int | None:
        places = self._pixels()
        reach = [(place - at).manhattanLength() for place in places]
        if not reach or min(reach) > 20:
            return None
        return int(np.argmin(reach))

    def _pixels(self) -> list[QPointF]:
        room = min(self.width(), self.height()) - 2 * _MARGIN
        left, top = (self.width() - room) / 2, (self.height() - room) / 2
        return [QPointF(left + x * room, top + y * room) for x, y in self._places]


def shape_of(skeleton: Skeleton) -> str:
    """`17 keypoints, 18 bones, 8 left/right pairs`."""
    parts = (
        pieces.count(len(skeleton), "keypoint"),
        pieces.count(len(skeleton.bones), "bone"),
        pieces.count(len(skeleton.pairs), "left/right pair"),
    )
    return ", ".join(parts)
