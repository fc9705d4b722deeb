"""The canvas: the frame, the bodies on it, and the gestures that change them.

It keeps no truth: gestures are signals, and what they led to is shown by `show_instances`.
In signals an instance is its InstanceId when it is a label, and the Instance itself when it is a
prediction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QCursor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from poseapp.domain.pose import Instance
from poseapp.domain.skeleton import Skeleton
from poseapp.ui import theme
from poseapp.ui.canvas.foreground import Disagreement, Foreground, bounds, edge_tags
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
from poseapp.ui.canvas.loupe import Loupe, aiming_cursor, paint_loupe
from poseapp.ui.canvas.markers import RADIUS, State
from poseapp.ui.canvas.pose_item import PosesItem, paint_poses
from poseapp.ui.canvas.poses import Bodies, Hit, Options, Owner, Pose, SkeletonLook
from poseapp.ui.canvas.trails import TrailsItem
from poseapp.ui.canvas.view import PictureItem, PictureView

_PREVIEW_AFTER_MS = 300
_TIE = 1.0
"""px by which two keypoints count as equally near."""


class Mode(Enum):
    """What a click on the picture does."""

    PLACING = "Placing"
    """The selected keypoint has no position yet: a click gives it one."""
    CORRECTING = "Correcting"


class Canvas(PictureView):
    """Shows one frame with its instances and turns gestures into signals."""

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
        self._read_only = False
        self._exact = True
        self._frame_text = ""
        self._look: SkeletonLook | None = None
        self._disagreements: Sequence[Disagreement] = ()
        self._press: Press | None = None
        self._hover: Hit | None = None
        self._cursor: QPointF | None = None
        self._shown_cursor: QCursor | Qt.CursorShape = Qt.CursorShape.ArrowCursor
        self._shift = False
        self._loupe = Loupe()
        self._heatmap_item = PictureItem(z=1)
        self._trails_item = TrailsItem()
        self._poses_item = PosesItem()
        for item in (self._heatmap_item, self._trails_item, self._poses_item):
            self._kept_scene.addItem(item)
        self._name_timer = self._timer(theme.motion("nameTagDelayMs"))
        self._preview_timer = self._timer(_PREVIEW_AFTER_MS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Canvas")
        self._show_bodies()

    def _timer(self, after_ms: int) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=after_ms)
        timer.timeout.connect(self.viewport().update)
        return timer

    # -- what is shown -----------------------------------------------------------------------

    def set_picture(
        self, picture: NDArray[np.uint8], exact: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        """Show a BGR frame. One that is not exact may be smaller than the frame's `size`."""
        self._exact = exact
        if exact:
            self._preview_timer.stop()
        else:
            self._preview_timer.start()
        self.show_picture(picture, size)

    def clear(self, message: str = "") -> None:
        """Show a sentence instead of a frame."""
        self.show_instances((), ())
        self.clear_picture(message)
        self.describe_frame(message)

    def describe_frame(self, text: str) -> None:
        """What screen readers say about the frame: "Frame 1,284 of garden_01.mp4"."""
        self._frame_text = text
        self._speak()

    def set_skeleton(self, skeleton: Skeleton) -> None:
        """Draw sides, bones and names of this skeleton; instances are shown anew after it."""
        self._look = SkeletonLook(skeleton)
        self.set_trails(())
        self.show_instances((), ())

    def show_instances(
        self,
        labels: Sequence[Instance],
        predictions: Sequence[Instance],
        current: Owner | None = None,
        keypoint: int | None = None,
        moved: Mapping[int, tuple[float, float]] | None = None,
        titles: Sequence[str] = (),
    ) -> None:
        """Show the bodies of the frame.

        `current` is the one that is worked on and `keypoint` the one of its points that is
        selected. `moved` says for keypoints of the current instance that were moved in this
        session where the prediction had them. `titles` names labels, then predictions.
        """
        bodies = self._bodies
        bodies.show(labels, predictions, titles)
        bodies.current, bodies.keypoint = bodies.matching(current), keypoint
        bodies.old_positions = dict(moved or {})
        self._show_bodies()
        self._speak()

    def set_options(self, **changed: object) -> None:
        """Change some of the fields of `Options`."""
        self._bodies.set_options(**changed)
        self._show_bodies()

    @property
    def options(self) -> Options:
        """What is drawn."""
        return self._bodies.options

    def set_disagreements(self, disagreements: Sequence[Disagreement]) -> None:
        """Draw these pairs of answers until others are set."""
        self._disagreements = tuple(disagreements)
        self.viewport().update()

    def set_trails(self, trails: Sequence[NDArray[np.float64]]) -> None:
        """Positions over the frames around this one: (T, K, 2) per body, oldest first."""
        self._trails_item.show_trails(trails, self._look)

    def set_heatmap(self, heat: NDArray[np.float32] | None) -> None:
        """Lay a (H, W) map of values in 0..1 over the picture, None for no map."""
        image = QImage() if heat is None else _heat_image(heat)
        self._heatmap_item.show_image(image, self.picture_rect())

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

    def _show_bodies(self) -> None:
        bodies = self._bodies
        self._hover = bodies.again(self._hover)
        self._keep_press()
        self._heatmap_item.setVisible(bodies.options.heatmap)
        self._trails_item.setVisible(bodies.options.trails)
        self._poses_item.show_poses(
            bodies.visible(), self._look, bodies.current, bones=bodies.options.bones
        )
        self.viewport().update()

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

        While a point is being placed only a press on the marker itself takes another one, so
        that points can be set close to each other.
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

    # -- drawing over the scene --------------------------------------------------------------

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if not self.has_picture() or self._look is None:
            return
        painter.save()
        painter.resetTransform()
        view = QRectF(self.viewport().rect())
        drawn = Foreground(painter, self._look, self.viewportTransform(), view)
        drawn.disagreements(self._disagreements)
        self._draw_points(drawn)
        drawn.edge_tags(self._edge_tags())
        if not self._exact and not self._preview_timer.isActive():
            drawn.notice("Preview, the full frame is on its way")
        if self._cursor is not None and self._hover is None and self._to_place is not None:
            drawn.aim(self._to_place, self._cursor)
        if self._cursor is not None and self._loupe_is_shown():
            self._draw_loupe(painter, self._look, view, self._cursor)
        painter.restore()

    def _draw_points(self, drawn: Foreground) -> None:
        """The marks and names of the selected, held and hovered keypoints."""
        selected = self._bodies.selected()
        if isinstance(self._hold, KeypointDrag):
            selected = self._hold.pose, self._hold.keypoint
        if selected:
            drawn.selected(selected, self._old_position(selected))
        if self._hover and self._hover != selected and not self._read_only:
            drawn.hovered(self._hover)
        hovered = None if self._name_timer.isActive() else self._hover
        named = [selected, hovered, *(self._all_of_current() if self.options.names else ())]
        drawn.names(list(dict.fromkeys(hit for hit in named if hit)))

    def _all_of_current(self) -> list[Hit]:
        current = self._bodies.current
        if current is None or current not in self._bodies.visible():
            return []
        return [(current, k) for k, state in enumerate(current.states) if state is not State.ABSENT]

    def _old_position(self, hit: Hit) -> tuple[float, float] | None:
        """Where a prediction had the keypoint, or where it was before the drag of now."""
        pose, keypoint = hit
        if pose is self._bodies.current and keypoint in self._bodies.old_positions:
            return self._bodies.old_positions[keypoint]
        if self._press and self._press.moving and isinstance(self._hold, KeypointDrag):
            x, y = pose.instance.points[keypoint].tolist()
            return x, y
        return None

    def _edge_tags(self) -> list[tuple[Pose, str, QRectF]]:
        view = QRectF(self.viewport().rect())
        return edge_tags(self._bodies.visible(), self.viewportTransform(), view)

    def _loupe_is_shown(self) -> bool:
        if self._cursor is None or not self.has_picture():
            return False
        dragging = self._press is not None and self._press.moving and not self._read_only
        return self._shift or (dragging and isinstance(self._hold, KeypointDrag | Placing))

    def _draw_loupe(
        self, painter: QPainter, look: SkeletonLook, view: QRectF, cursor: QPointF
    ) -> None:
        hold = self._hold
        held = isinstance(hold, KeypointDrag)
        at = QPointF(*hold.pose.points[hold.keypoint]) if held else self.scene_at(cursor)
        place = self._loupe.place(view, cursor)

        def paint_inside(inner: QPainter, to_screen: QTransform) -> None:
            paint_poses(
                inner, self._bodies.visible(), look, to_screen, place,
                bones=self.options.bones, free=place.center(),
            )  # fmt: skip

        magnification = self._loupe.magnification(self.magnification)
        paint_loupe(
            painter, place, self.image, self.picture_rect(), at, magnification, paint_inside
        )

    # -- speaking ----------------------------------------------------------------------------

    def _speak(self) -> None:
        """Tell screen readers which frame and point are shown."""
        text = ", ".join(part for part in (self._frame_text, self._point_text()) if part)
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
            QAccessible.updateAccessibility(
                QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
            )

    def _point_text(self) -> str:
        keypoint, current = self._bodies.keypoint, self._bodies.current
        if self._look is None or keypoint is None:
            return ""
        name = self._look.names[keypoint]
        if current is None:
            return f"click to place {name}"
        text = f"{name} of {current.full_title}, {current.states[keypoint].value}"
        if current.states[keypoint] is State.ABSENT:
            return text
        x, y = current.points[keypoint]
        return f"{text}, x {x:.1f} y {y:.1f}"


def _heat_image(heat: NDArray[np.float32]) -> QImage:
    """A map of 0..1 as one colour that is the more opaque the higher the value."""
    colour = theme.overlay("disagree")
    rows, columns = heat.shape
    pixels = np.empty((rows, columns, 4), np.uint8)
    alpha = np.clip(heat, 0, 1) * 0.75
    for channel, value in enumerate((colour.blue(), colour.green(), colour.red(), 255)):
        pixels[..., channel] = alpha * value
    image = QImage(
        pixels.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied
    )
    return image.copy()
