"""Trails: where the keypoints were just before and will be just after the frame shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from poseapp.ui.canvas.pose_item import on_screen
from poseapp.ui.canvas.poses import SkeletonLook
from poseapp.ui.canvas.screen_item import ScreenItem

_WIDTH = 1.6
_OPACITIES = (0.2, 0.4, 0.6, 0.85)
"""From the oldest quarter of a trail to the newest."""


class TrailsItem(ScreenItem):
    """Fading lines in the colours of the keypoints."""

    def __init__(self) -> None:
        super().__init__()
        self._trails: list[NDArray[np.float64]] = []
        self._look: SkeletonLook | None = None
        self.setZValue(3)

    def show_trails(self, trails: Sequence[NDArray[np.float64]], look: SkeletonLook | None) -> None:
        """One (T, K, 2) array of positions per body, oldest first, NaN where there is none."""
        self._trails = [np.asarray(trail, dtype=np.float64) for trail in trails]
        self._look = look
        self.update()

    def paint_on_screen(self, painter: QPainter, to_screen: QTransform) -> None:
        if self._look is None:
            return
        for trail in self._trails:
            self._paint_trail(painter, on_screen(trail, to_screen), self._look)

    def _paint_trail(
        self, painter: QPainter, screen: NDArray[np.float64], look: SkeletonLook
    ) -> None:
        steps = len(screen) - 1
        for k in range(min(screen.shape[1], len(look.colours))):
            known = ~np.isnan(screen[:, k, 0])
            positions = screen[:, k].tolist()
            groups: dict[int, list[QLineF]] = {}
            for t in np.flatnonzero(known[:-1] & known[1:]).tolist():
                age = t * len(_OPACITIES) // steps
                groups.setdefault(age, []).append(QLineF(*positions[t], *positions[t + 1]))
            for age, lines in groups.items():
                colour = QColor(look.colours[k])
                colour.setAlphaF(_OPACITIES[age])
                painter.setPen(QPen(colour, _WIDTH, c=Qt.PenCapStyle.FlatCap))
                painter.drawLines(lines)
