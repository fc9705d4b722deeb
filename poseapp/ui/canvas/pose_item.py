"""Bodies on the picture: halos, bones and keypoints, in sizes of the screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform

from poseapp.ui import theme
from poseapp.ui.canvas import markers
from poseapp.ui.canvas.markers import State
from poseapp.ui.canvas.poses import Pose, SkeletonLook
from poseapp.ui.canvas.screen_item import ScreenItem

_OTHER_LABEL_OPACITY = 0.7
_WEAKEST_FIRST = (State.HIDDEN, State.LOW_CONFIDENCE, State.PREDICTION)
_DASHES = {State.PREDICTION: (5.0, 4.0), State.LOW_CONFIDENCE: (5.0, 4.0), State.HIDDEN: (3.6, 2.2)}
"""px drawn and px left out of a bone, by the weakest of its ends."""


def on_screen(points: NDArray[np.float64], to_screen: QTransform) -> NDArray[np.float64]:
    """(…, 2) positions on the screen of positions in the picture."""
    scale = np.array([to_screen.m11(), to_screen.m22()])
    return points * scale + np.array([to_screen.dx(), to_screen.dy()])


def radii(screen: NDArray[np.float64]) -> list[float]:
    """Marker radius of each of (K, 2) screen positions: smaller where they crowd."""
    across = screen[:, None] - screen[None]
    apart = np.hypot(across[..., 0], across[..., 1])
    np.fill_diagonal(apart, np.inf)
    crowded = np.nanmin(np.where(np.isnan(apart), np.inf, apart), axis=1) < markers.CROWDED
    return [markers.CROWDED_RADIUS if close else markers.RADIUS for close in crowded.tolist()]


class PosesItem(ScreenItem):
    """All bodies of the frame in the scene."""

    def __init__(self) -> None:
        super().__init__()
        self._poses: Sequence[Pose] = ()
        self._look: SkeletonLook | None = None
        self._current: Pose | None = None
        self._bones = True
        self.setZValue(4)

    def show_poses(
        self, poses: Sequence[Pose], look: SkeletonLook | None, current: Pose | None, *, bones: bool
    ) -> None:
        """Draw these poses from now on, the last on top; labels but `current` are fainter."""
        self._poses, self._look, self._current, self._bones = poses, look, current, bones
        self.update()

    def paint_on_screen(self, painter: QPainter, to_screen: QTransform) -> None:
        if self._look is None:
            return
        view = QRectF(0, 0, painter.device().width(), painter.device().height())
        paint_poses(
            painter, self._poses, self._look, to_screen, view,
            current=self._current, bones=self._bones,
        )  # fmt: skip


def paint_poses(  # noqa: PLR0913 - what is drawn, and where
    painter: QPainter,
    poses: Sequence[Pose],
    look: SkeletonLook,
    to_screen: QTransform,
    view: QRectF,
    *,
    current: Pose | None = None,
    bones: bool = True,
    free: QPointF | None = None,
) -> None:
    """Draw poses with a painter that works in screen pixels; nothing outside of `view`.

    No marker is drawn over the spot `free`.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    drawn = [_Drawing(pose, look, to_screen, view, faint=_faint(pose, current)) for pose in poses]
    if bones:
        _paint_halos(painter, [line for one in drawn for line in one.lines], view)
    for one in drawn:
        if bones:
            one.paint_bones(painter)
        one.paint_markers(painter, free)


def _faint(pose: Pose, current: Pose | None) -> float:
    return _OTHER_LABEL_OPACITY if pose.is_label and pose is not current else 1.0


class _Drawing:
    """One pose, its bones sorted by the pen they need."""

    def __init__(
        self, pose: Pose, look: SkeletonLook, to_screen: QTransform, view: QRectF, *, faint: float
    ) -> None:
        self._pose, self._look, self._view, self._faint = pose, look, view, faint
        self._screen = on_screen(pose.points, to_screen)
        self._radii = radii(self._screen)
        self._width = theme.stroke("bone" if pose.is_label else "bonePrediction")
        self._groups: dict[tuple[int, State, float], list[QLineF]] = {}
        self.lines: list[tuple[float, QLineF]] = []
        """(width, line) of every bone that is in view."""
        self._sort_bones()

    def _sort_bones(self) -> None:
        pose, look = self._pose, self._look
        ends = self._bone_ends()
        for n in _in_view(self._view, ends[:, :2], ends[:, 2:]):
            a, b = look.bones[n]
            line = QLineF(*ends[n].tolist())
            self.lines.append((self._width, line))
            states = (pose.states[a], pose.states[b])
            style = next((weak for weak in _WEAKEST_FIRST if weak in states), State.LABEL)
            strength = min(pose.opacities[a], pose.opacities[b]) * self._faint
            pen = (look.bone_colours[n].rgb(), style, strength)
            self._groups.setdefault(pen, []).append(line)

    def _bone_ends(self) -> NDArray[np.float64]:
        """(B, 4) x, y of both ends of every bone; it stops at the edge of a hollow marker."""
        if not self._look.bones:
            return np.empty((0, 4))
        filled = np.array([state is State.LABEL for state in self._pose.states])
        cut = np.where(filled, 0.0, self._radii)
        a, b = np.array(self._look.bones).T
        start, end = self._screen[a], self._screen[b]
        along = end - start
        along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
        return np.hstack([start + along * cut[a, None], end - along * cut[b, None]])

    def paint_bones(self, painter: QPainter) -> None:
        for (rgb, style, strength), lines in self._groups.items():
            pen = QPen(_dimmed(rgb, strength), self._width, c=Qt.PenCapStyle.FlatCap)
            if style in _DASHES:
                pen.setDashPattern([px / self._width for px in _DASHES[style]])
            painter.setPen(pen)
            painter.drawLines(lines)

    def paint_markers(self, painter: QPainter, free: QPointF | None) -> None:
        pose, look = self._pose, self._look
        scale = painter.device().devicePixelRatio()
        for k in _in_view(self._view, self._screen, self._screen):
            (x, y), radius = self._screen[k].tolist(), self._radii[k]
            if free is not None and abs(x - free.x()) + abs(y - free.y()) < radius:
                continue
            painter.setOpacity(pose.opacities[k] * self._faint)
            rgb = look.colours[k].rgb()
            marker = markers.marker_pixmap(look.sides[k], pose.states[k], rgb, radius, scale)
            half = marker.width() / scale / 2
            painter.drawPixmap(QPointF(x - half, y - half), marker)
        painter.setOpacity(1.0)


def _in_view(view: QRectF, starts: NDArray[np.float64], ends: NDArray[np.float64]) -> list[int]:
    """Which of (N, 2) lines may be seen; those without a place never are."""
    margin = 12
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    seen = (high[:, 0] >= view.left() - margin) & (low[:, 0] <= view.right() + margin)
    seen &= (high[:, 1] >= view.top() - margin) & (low[:, 1] <= view.bottom() + margin)
    return np.flatnonzero(seen).tolist()


def _dimmed(rgb: int, strength: float) -> QColor:
    """A bone's colour as it looks when it is translucent over its own halo.

    Qt draws opaque lines ten times faster than translucent ones.
    """
    colour = QColor.fromRgb(rgb)
    if strength >= 1:
        return colour
    red, green, blue = (round(c * strength) for c in (colour.red(), colour.green(), colour.blue()))
    return QColor(red, green, blue)


def _paint_halos(painter: QPainter, lines: Sequence[tuple[float, QLineF]], view: QRectF) -> None:
    """The dark ground of all bones: painted opaque on a layer, which is laid down translucent."""
    if not lines:
        return
    scale = painter.device().devicePixelRatio()
    size = (view.size() * scale).toSize()
    layer = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    layer.setDevicePixelRatio(scale)
    layer.fill(Qt.GlobalColor.transparent)
    halo = theme.overlay("halo")
    opaque = QColor(halo.rgb())
    inner = QPainter(layer)
    inner.setRenderHint(QPainter.RenderHint.Antialiasing)
    inner.translate(-view.topLeft())
    for width in {width for width, _line in lines}:
        inner.setPen(QPen(opaque, width + theme.stroke("halo"), c=Qt.PenCapStyle.FlatCap))
        inner.drawLines([line for own, line in lines if own == width])
    inner.end()
    painter.setOpacity(halo.alphaF())
    painter.drawImage(view.topLeft(), layer)
    painter.setOpacity(1.0)
