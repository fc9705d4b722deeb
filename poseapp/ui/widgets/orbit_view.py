"""OrbitView: a body in space, to be turned with the mouse; the floor, its way and its points.

The mesh is rasterised beside the window's thread. Lines are drawn with the camera of the picture
that is shown, so that they never run ahead of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from poseapp.domain.skeleton import Side
from poseapp.media.mesh_paint import Paint, Style, painted
from poseapp.ui import theme
from poseapp.ui.canvas import markers
from poseapp.ui.canvas.markers import State
from poseapp.ui.canvas.meshes_item import Painted, painted_image
from poseapp.ui.latest import Latest
from poseapp.ui.orbit import Floats, Orbit, grid, view_of

_RADIANS_A_PX = 0.008
_STEP = 1.15
_KEY_PX = 30
_GRID_M = 0.5
_RADIUS = 4.0
_WIDE_TRAIL = 2.4
_LIGHT = (0.96, 0.80, 0.70)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is shown, in the axes of the world."""

    vertices: Floats
    """(V, 3)"""
    faces: NDArray[np.integer]
    points: Floats
    """(K, 3) keypoints, NaN where there is none."""
    bones: tuple[tuple[int, int], ...]
    sides: tuple[Side, ...]
    root: Floats
    """(3,) where the person is."""
    trail: Floats
    """(T, 3) where they were, oldest first."""
    floor: float
    """Its height, y."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a scene is drawn."""

    mesh: bool = True
    skeleton: bool = True
    floor: bool = True
    trail: bool = True


class OrbitView(QWidget):
    """Drag turns, the middle button or Shift moves, the wheel zooms."""

    turned = Signal()
    """A person moved the camera."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        super().__init__()
        self._renderer = Latest("orbit view", post)
        self._scene: Scene | None = None
        self._shown = Shown()
        self._orbit = Orbit()
        self._drawn: tuple[Painted | None, Orbit] = None, self._orbit
        self._press: QPointF | None = None
        self.follows = True
        """Whether the camera goes where the person goes."""
        self.setMinimumSize(240, 240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName("Body in space")
        theme.notifier.changed.connect(self._draw)

    # -- what is shown -----------------------------------------------------------------------

    def show_scene(self, scene: Scene | None) -> None:
        """Show another body, or nobody."""
        first = self._scene is None
        self._scene = scene
        if scene is not None and (self.follows or first):
            self._orbit = self._orbit.looking_at(scene.root)
        self._draw()

    def show_parts(self, shown: Shown) -> None:
        """Draw these parts of it."""
        self._shown = shown
        self._draw()

    @property
    def orbit(self) -> Orbit:
        """The camera."""
        return self._orbit

    def look_from(self, orbit: Orbit) -> None:
        """Put the camera elsewhere."""
        self._orbit = orbit
        self._draw()

    def reset(self) -> None:
        """Look at the person as at first."""
        self._orbit = Orbit()
        if self._scene is not None:
            self._orbit = self._orbit.looking_at(self._scene.root)
        self._draw()

    def close_renderer(self) -> None:
        """End the thread that draws."""
        self._renderer.close()

    def _draw(self) -> None:
        """Have the mesh drawn as the camera sees it now."""
        scene, orbit, ratio = self._scene, self._orbit, self.devicePixelRatioF()
        if scene is None or not self._shown.mesh or not self.isVisible():
            self._drawn = None, orbit
            self.update()
            return
        view = view_of(round(self.width() * ratio), round(self.height() * ratio))

        def work() -> Painted:
            paint = Paint(Style.SHADED, 1.0, _LIGHT)
            return painted_image(painted(orbit.seen(scene.vertices), scene.faces, view, paint))

        def done(made: Painted) -> None:
            self._drawn = made, orbit
            self.update()

        self._renderer.run(work, done)

    # -- gestures ----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._press = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        by = event.position() - self._press
        self._press = event.position()
        shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if shifted or event.buttons() & Qt.MouseButton.MiddleButton:
            self._go(self._orbit.moved(by.x() / self.height(), by.y() / self.height()))
        else:
            self._go(self._orbit.turned(by.x() * _RADIANS_A_PX, by.y() * _RADIANS_A_PX))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._press = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        self._go(self._orbit.zoomed(_STEP**-steps))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turns = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        zooms = {Qt.Key.Key_Plus: 1 / _STEP, Qt.Key.Key_Minus: _STEP}
        key = Qt.Key(event.key())
        if key in turns:
            across, down = turns[key]
            step = _KEY_PX * _RADIANS_A_PX
            self._go(self._orbit.turned(across * step, down * step))
        elif key in zooms:
            self._go(self._orbit.zoomed(zooms[key]))
        else:
            super().keyPressEvent(event)

    def _go(self, orbit: Orbit) -> None:
        self._orbit = orbit
        self._draw()
        self.turned.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw()

    def showEvent(self, event: object) -> None:
        self._draw()

    # -- painting ----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("canvas"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        made, orbit = self._drawn
        if self._scene is not None:
            if self._shown.floor:
                self._paint_floor(painter, self._scene, orbit)
            if self._shown.trail:
                self._paint_trail(painter, self._scene, orbit)
            if made is not None:
                self._paint_mesh(painter, *made)
            if self._shown.skeleton:
                self._paint_points(painter, self._scene, orbit)
            self._paint_axes(painter, orbit)
            self._paint_words(painter)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_mesh(self, painter: QPainter, image: QImage, rect: QRectF) -> None:
        ratio = self.devicePixelRatioF()
        left, top = (rect.left() + 0.5) / ratio, (rect.top() + 0.5) / ratio
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        place = QRectF(left, top, rect.width() / ratio, rect.height() / ratio)
        painter.drawImage(place, image)

    def _paint_floor(self, painter: QPainter, scene: Scene, orbit: Orbit) -> None:
        starts, ends = grid(scene.root, scene.floor, _GRID_M)
        colour = theme.color("line2")
        colour.setAlphaF(0.7)
        self._lines(painter, orbit, starts, ends, QPen(colour, 1))
        below = np.array([scene.root[0], scene.floor, scene.root[2]])
        round_it = np.linspace(0, 2 * np.pi, 25)
        ring = 0.22 * np.stack([np.cos(round_it), 0 * round_it, np.sin(round_it)], axis=1) + below
        self._lines(painter, orbit, ring[:-1], ring[1:], QPen(theme.color("control"), 1.5))

    def _paint_trail(self, painter: QPainter, scene: Scene, orbit: Orbit) -> None:
        if len(scene.trail) > 1:
            floor = scene.trail * (1, 0, 1) + (0, scene.floor, 0)
            pen = QPen(theme.color("accent"), _WIDE_TRAIL)
            self._lines(painter, orbit, floor[:-1], floor[1:], pen)

    def _paint_points(self, painter: QPainter, scene: Scene, orbit: Orbit) -> None:
        known = np.isfinite(scene.points[:, 0])
        for a, b in scene.bones:
            if known[a] and known[b]:
                colour = _bone_colour(scene.sides[a], scene.sides[b])
                ends = scene.points[[a]], scene.points[[b]]
                self._lines(painter, orbit, *ends, QPen(colour, theme.stroke("bone")))
        seen = orbit.seen(scene.points[known])
        places = view_of(self.width(), self.height()).project(seen)
        for k, (x, y), point in zip(np.flatnonzero(known), places.tolist(), seen, strict=True):
            if point[2] > 0:
                side = scene.sides[k]
                colour = theme.overlay(side.value)
                markers.paint_marker(painter, QPointF(x, y), side, State.LABEL, colour, _RADIUS)

    def _paint_axes(self, painter: QPainter, orbit: Orbit) -> None:
        corner = QPointF(44, self.height() - 40)
        unit = orbit.looking_at((0, 0, 0)).seen(np.concatenate([np.eye(3), np.zeros((1, 3))]))
        painter.setFont(theme.font("caption"))
        painter.setPen(QPen(theme.color("text2"), 1.5))
        for name, tip in zip("xyz", unit[:3] - unit[3], strict=True):
            end = corner + QPointF(26 * float(tip[0]), 26 * float(tip[1]))
            painter.drawLine(corner, end)
            out = corner + QPointF(36 * float(tip[0]), 36 * float(tip[1]))
            place = QRectF(out.x() - 8, out.y() - 8, 16, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_words(self, painter: QPainter) -> None:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text2"))
        area = QRectF(self.rect()).adjusted(12, 10, -12, -10)
        right = Qt.AlignmentFlag.AlignRight
        if self._shown.floor:
            painter.drawText(area, right | Qt.AlignmentFlag.AlignTop, f"grid {_GRID_M} m")
        words = "drag to turn · wheel to zoom · Shift moves"
        painter.drawText(area, right | Qt.AlignmentFlag.AlignBottom, words)

    def _lines(
        self, painter: QPainter, orbit: Orbit, starts: Floats, ends: Floats, pen: QPen
    ) -> None:
        painter.setPen(pen)
        found = orbit.lines(starts, ends, view_of(self.width(), self.height()))
        painter.drawLines([QLineF(*line) for line in found.tolist()])


def _bone_colour(one: Side, other: Side) -> QColor:
    side = one if one is other or other is Side.CENTRE else other
    both = one is not Side.CENTRE and other is not Side.CENTRE and one is not other
    return theme.overlay(Side.CENTRE.value if both else side.value)
