"""Gestures on the bodies of a frame, as signals: what was pressed, dragged and let go.

In signals an instance is its InstanceId when it is a label, and the Instance itself when it is a
prediction.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QFocusEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from poseapp.ui import theme
from poseapp.ui.canvas.foreground import bounds, edge_tags
from poseapp.ui.canvas.gestures import (
    BODY_REACH,
    GRAB_RADIUS,
    BodyDrag,
    BodyPress,
    Hold,
    KeypointDrag,
    Panning,
    Placing,
    Press,
)
from poseapp.ui.canvas.loupe import Loupe, aiming_cursor
from poseapp.ui.canvas.markers import RADIUS
from poseapp.ui.canvas.poses import Bodies, Hit, Pose, SkeletonLook
from poseapp.ui.canvas.view import PictureView

_TIE = 1.0
"""px by which two keypoints count as equally near."""


class Mode(Enum):
    """What a click on the picture does."""

    PLACING = "Placing"
    """The selected keypoint has no position yet: a click gives it one."""
    CORRECTING = "Correcting"


class GestureView(PictureView):
    """Turns what the mouse does to the bodies into signals; it changes nothing itself."""

    keypoint_placed = Signal(int, float, float)
    keypoint_moved = Signal(object, int, float, float)
    prediction_touched = Signal(object, int, float, float)
    prediction_accepted = Signal(object)
    visibility_cycled = Signal(object, int)
    body_moved = Signal(object, float, float)
    instance_selected = Signal(object)
    keypoint_selected = Signal(object, int)
    hovered = Signal(float, float)
    """Position in the picture under the cursor; NaN when it leaves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bodies = Bodies()
        self._look: SkeletonLook | None = None
        self._loupe = Loupe()
        self._read_only = False
        self._press: Press | None = None
        self._hover: Hit | None = None
        self._cursor: QPointF | None = None
        self._shown_cursor: QCursor | Qt.CursorShape = Qt.CursorShape.ArrowCursor
        self._shift = False
        self._name_timer = self._timer(theme.motion("nameTagDelayMs"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _timer(self, after_ms: int) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=after_ms)
        timer.timeout.connect(self.viewport().update)
        return timer

    @property
    def read_only(self) -> bool:
        """Whether gestures only look and select."""
        return self._read_only

    @read_only.setter
    def read_only(self, value: bool) -> None:
        self.cancel()
        self._read_only = value

    @property
    def mode(self) -> Mode:
        """Placing while the selected keypoint has no position in the current instance."""
        return Mode.CORRECTING if self._to_place is None else Mode.PLACING

    @property
    def _to_place(self) -> int | None:
        """The keypoint that a click places."""
        return None if self._read_only or self._look is None else self._bodies.placing

    def cancel(self) -> None:
        """Let go of what is held and leave everything as it was."""
        if self._press is not None:
            self._release()
            self._bodies.put_back()

    def _keep_press(self) -> None:
        """Go on with a drag when the bodies are shown anew meanwhile, unless its body is gone."""
        hold = self._hold
        if not isinstance(hold, KeypointDrag | BodyDrag | BodyPress):
            return
        pose = self._bodies.matching(hold.pose.owner)
        if pose is None:
            self._release()
            return
        pose.points[:] = hold.pose.points
        hold.pose = pose

    # -- mouse -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if not self.has_picture() or self._press is not None:
            return
        at = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._begin(at, Panning())
        elif event.button() == Qt.MouseButton.RightButton:
            hit = self._keypoint_at(at)
            if hit and not self._read_only:
                self.visibility_cycled.emit(hit[0].owner, hit[1])
        elif event.button() == Qt.MouseButton.LeftButton and not self._go_to_edge_tag(at):
            self._begin(at, self._held(at, event.modifiers()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self._cursor = at = event.position()
        self._shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not self.has_picture():
            return
        scene = self.scene_at(at)
        self.hovered.emit(scene.x(), scene.y())
        if self._press is None:
            self._hover_at(at)
        elif self._press.follow(at):
            self._drag(self._press, at, scene)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        press = self._press
        if press is not None and event.buttons() == Qt.MouseButton.NoButton:
            self._release()
            self._let_go(press, self.scene_at(event.position()))
            self._hover_at(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if event.button() != Qt.MouseButton.LeftButton or self.mode is Mode.PLACING:
            self.mousePressEvent(event)  # two quick clicks place two points
            return
        hit = self._keypoint_at(event.position())
        pose = hit[0] if hit else self._body_at(event.position())
        if pose is None:
            self.fit()
        elif not pose.is_label and not self._read_only:
            self.prediction_accepted.emit(pose.instance)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self._loupe_is_shown():
            super().wheelEvent(event)
            return
        self._loupe.turn((event.angleDelta().y() or event.angleDelta().x()) / 120)
        self.viewport().update()
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor, self._hover = None, None
        self.hovered.emit(float("nan"), float("nan"))
        self.viewport().update()

    # Shift alone shows the loupe; every other key belongs to the actions of the window.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._note_shift(event, down=True)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._note_shift(event, down=False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._shift = False

    def _note_shift(self, event: QKeyEvent, *, down: bool) -> None:
        if event.key() == Qt.Key.Key_Shift:
            self._shift = down
            self.viewport().update()
        event.ignore()

    # -- gestures ----------------------------------------------------------------------------

    @property
    def _hold(self) -> Hold | None:
        return self._press.hold if self._press else None

    def _begin(self, at: QPointF, hold: Hold) -> None:
        self._press = Press(at, self.scene_at(at), hold)

    def _release(self) -> None:
        self._press = None
        self._loupe.hide()
        self._show_cursor(self._idle_cursor())
        self.viewport().update()

    def _held(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> Hold:
        """What a press of the left button takes."""
        hit = self._keypoint_at(at)
        body = hit[0] if hit else self._body_at(at)
        if body and modifiers & Qt.KeyboardModifier.AltModifier and not self._read_only:
            return BodyDrag(body)
        if hit:
            return KeypointDrag(*hit)
        if self._to_place is not None:
            return Placing(self._to_place)
        return BodyPress(body) if body else Panning()

    def _drag(self, press: Press, at: QPointF, scene: QPointF) -> None:
        """Let what is held follow the mouse."""
        hold, by = press.hold, scene - press.start_scene
        if isinstance(hold, Panning | BodyPress):
            self._show_cursor(Qt.CursorShape.ClosedHandCursor)
            self.pan(at - press.last)
        elif isinstance(hold, KeypointDrag) and not self._read_only:
            x, y = hold.pose.instance.points[hold.keypoint]
            hold.pose.points[hold.keypoint] = self._inside(x + by.x(), y + by.y())
        elif isinstance(hold, BodyDrag):
            hold.pose.points[:] = np.add(hold.pose.instance.points, (by.x(), by.y()))
        press.last = at
        self.viewport().update()

    def _let_go(self, press: Press, scene: QPointF) -> None:
        """Say what the gesture that ends here means."""
        hold = press.hold
        if isinstance(hold, Placing):
            self._place(hold.keypoint, *self._inside(scene.x(), scene.y()))
        elif isinstance(hold, KeypointDrag):
            if press.moving and not self._read_only:
                self._move(hold.pose, hold.keypoint)
            elif self._to_place is not None:  # in profile, one ear lies on the other
                self._place(self._to_place, *self._inside(scene.x(), scene.y()))
            else:
                self.keypoint_selected.emit(hold.pose.owner, hold.keypoint)
        elif isinstance(hold, BodyDrag) and press.moving:
            by = scene - press.start_scene
            self.body_moved.emit(hold.pose.owner, by.x(), by.y())
        elif isinstance(hold, BodyPress | BodyDrag) and not press.moving:
            self.instance_selected.emit(hold.pose.owner)

    def _place(self, keypoint: int, x: float, y: float) -> None:
        current = self._bodies.current
        if current is not None and not current.is_label:
            self.prediction_touched.emit(current.instance, keypoint, x, y)
        else:
            self.keypoint_placed.emit(keypoint, x, y)

    def _move(self, pose: Pose, keypoint: int) -> None:
        x, y = pose.points[keypoint].tolist()
        signal = self.keypoint_moved if pose.is_label else self.prediction_touched
        signal.emit(pose.owner, keypoint, x, y)

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        """The position, or the nearest one on the picture."""
        rect = self.picture_rect()
        return (
            min(max(x, rect.left()), rect.right()),
            min(max(y, rect.top()), rect.bottom()),
        )

    def _keypoint_at(self, at: QPointF) -> Hit | None:
        """The keypoint that a press at a viewport position takes.

        While a point is being placed only a drag that starts on the marker itself moves another
        one, so that points can be set close to each other, and on each other.
        """
        scene, scale = self.scene_at(at), self.magnification
        reach = GRAB_RADIUS if self._to_place is None else RADIUS
        return self._bodies.keypoint_at((scene.x(), scene.y()), reach / scale, _TIE / scale)

    def _body_at(self, at: QPointF) -> Pose | None:
        if self._look is None:
            return None
        scene, reach = self.scene_at(at), BODY_REACH / self.magnification
        return self._bodies.body_at((scene.x(), scene.y()), reach, self._look.bones)

    def _hover_at(self, at: QPointF) -> None:
        before, self._hover = self._hover, self._keypoint_at(at)
        if self._hover != before:
            self._name_timer.start()
        self._show_cursor(self._idle_cursor())
        if self._hover != before or self._to_place is not None or self._shift:
            self.viewport().update()

    def _show_cursor(self, cursor: QCursor | Qt.CursorShape) -> None:
        if cursor is not self._shown_cursor:
            self._shown_cursor = cursor
            self.viewport().setCursor(cursor)

    def _idle_cursor(self) -> QCursor | Qt.CursorShape:
        if self._hover is not None and self._read_only:
            return Qt.CursorShape.ForbiddenCursor
        if self._hover is None and self._to_place is not None and self.has_picture():
            return aiming_cursor(self.devicePixelRatioF())
        return Qt.CursorShape.ArrowCursor

    def _go_to_edge_tag(self, at: QPointF) -> bool:
        for pose, _text, place in self._edge_tags():
            if place.contains(at):
                self.bring(bounds(pose.known_points(), margin=0.2))
                self.instance_selected.emit(pose.owner)
                return True
        return False

    def _edge_tags(self) -> list[tuple[Pose, str, QRectF]]:
        view = QRectF(self.viewport().rect())
        return edge_tags(self._bodies.visible(), self.viewportTransform(), view)

    def _loupe_is_shown(self) -> bool:
        if self._cursor is None or not self.has_picture():
            return False
        dragging = self._press is not None and self._press.moving and not self._read_only
        return self._shift or (dragging and isinstance(self._hold, KeypointDrag | Placing))
