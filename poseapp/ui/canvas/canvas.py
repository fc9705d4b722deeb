"""The canvas: the frame, the bodies on it, and the gestures that change them.

It keeps no truth: gestures are signals, and what they led to is shown by `show_instances`.
In signals an instance is its InstanceId when it is a label, and the Instance itself when it is a
prediction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from poseapp.domain.ids import InstanceId
from poseapp.domain.pose import Instance
from poseapp.domain.skeleton import Skeleton
from poseapp.ui import theme
from poseapp.ui.canvas import foreground, loupe
from poseapp.ui.canvas.foreground import Disagreement
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
from poseapp.ui.canvas.markers import RADIUS, State, state_of
from poseapp.ui.canvas.pose_item import (
    Pose,
    PoseItem,
    SkeletonLook,
    nearest_body,
    nearest_keypoint,
    paint_pose,
)
from poseapp.ui.canvas.trails import TrailsItem
from poseapp.ui.canvas.view import PictureItem, PictureView

Owner = InstanceId | Instance
_PREVIEW_AFTER_MS = 300
_TIE = 1.0
"""px by which two keypoints count as equally near."""


class Mode(Enum):
    """What a click on the picture does."""

    PLACING = "Placing"
    """The selected keypoint has no position yet: a click gives it one."""
    CORRECTING = "Correcting"


@dataclass(frozen=True, slots=True)
class Options:
    """What is drawn."""

    labels: bool = True
    predictions: bool = True
    bones: bool = True
    names: bool = False
    trails: bool = False
    heatmap: bool = False
    low_confidence: float = 0.3


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
        self.options = Options()
        self._read_only = False
        self._exact = True
        self._frame_text = ""
        self._skeleton: Skeleton | None = None
        self._look: SkeletonLook | None = None
        self._poses: list[Pose] = []
        self._items: list[PoseItem] = []
        self._current: Pose | None = None
        self._keypoint: int | None = None
        self._ghosts: Mapping[int, tuple[float, float]] = {}
        self._disagreements: Sequence[Disagreement] = ()
        self._trails: Sequence[NDArray[np.float64]] = ()
        self._press: Press | None = None
        self._hover: tuple[Pose, int] | None = None
        self._cursor: QPointF | None = None
        self._shift = False
        self._loupe = loupe.Loupe()
        self._heatmap_item = PictureItem(z=1)
        self._heatmap_item.hide()
        self._trails_item = TrailsItem()
        for item in (self._heatmap_item, self._trails_item):
            self._kept_scene.addItem(item)
        self._name_timer = self._timer(theme.motion("nameTagDelayMs"))
        self._preview_timer = self._timer(_PREVIEW_AFTER_MS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Canvas")
        theme.notifier.changed.connect(self._renew_look)

    def _timer(self, after_ms: int) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=after_ms)
        timer.timeout.connect(self.viewport().update)
        return timer

    # -- what is shown -----------------------------------------------------------------------

    def set_picture(
        self,
        picture: NDArray[np.uint8],
        exact: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        """Show a BGR frame. One that is not exact may be smaller than the frame's `size`."""
        self._exact = exact
        self._preview_timer.stop() if exact else self._preview_timer.start()
        self.show_picture(picture, size)

    def clear(self, message: str = "") -> None:
        """Show a sentence instead of a frame."""
        self.cancel()
        self.show_instances((), ())
        self.clear_picture(message)
        self._frame_text = message
        self._speak()

    def describe_frame(self, text: str) -> None:
        """What screen readers say about the frame: "Frame 1,284 of garden_01.mp4"."""
        self._frame_text = text
        self._speak()

    def set_skeleton(self, skeleton: Skeleton) -> None:
        """Draw sides, bones and names of this skeleton; instances are shown anew after it."""
        self._skeleton = skeleton
        self._renew_look()
        self.show_instances((), ())

    def _renew_look(self) -> None:
        self._look = SkeletonLook(self._skeleton) if self._skeleton else None

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
        names = [*titles, *(f"Instance {n + 1}" for n in range(len(titles), 1000))]
        self._poses = [
            self._pose(instance, n < len(labels), names[n])
            for n, instance in enumerate((*labels, *predictions))
        ]
        self._current = self._matching(current)
        self._keypoint = keypoint
        self._ghosts = dict(moved or {})
        self._hover = self._found_again(self._hover)
        self._keep_press()
        self._show_items()
        self._speak()

    def set_disagreements(self, disagreements: Sequence[Disagreement]) -> None:
        """Draw these pairs of answers until others are set."""
        self._disagreements = tuple(disagreements)
        self.viewport().update()

    def set_trails(self, trails: Sequence[NDArray[np.float64]]) -> None:
        """Positions over the frames around this one: (T, K, 2) per body, oldest first."""
        self._trails = trails
        self._trails_item.show_trails(trails, self._look)

    def set_heatmap(self, heat: NDArray[np.float32] | None) -> None:
        """Lay a (H, W) map of values in 0..1 over the picture, None for no map."""
        image = QImage() if heat is None else _heat_image(heat)
        self._heatmap_item.show_image(image, self.picture_rect())

    def set_options(self, **changed: object) -> None:
        """Change some of the fields of `Options`."""
        self.options = replace(self.options, **changed)
        self._poses = [self._pose(p.instance, p.is_label, p.title) for p in self._poses]
        self._current = self._matching(self._current.owner) if self._current else None
        self._heatmap_item.setVisible(self.options.heatmap)
        self._trails_item.setVisible(self.options.trails)
        self._show_items()

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
        if self._read_only or self._keypoint is None or self._look is None:
            return Mode.CORRECTING
        if self._current is None:
            return Mode.PLACING
        absent = self._current.states[self._keypoint] is State.ABSENT
        return Mode.PLACING if absent else Mode.CORRECTING

    def cancel(self) -> None:
        """Let go of what is held and leave everything as it was."""
        if self._press is None:
            return
        self._press = None
        for pose in self._poses:
            pose.points[:] = pose.instance.points
        self.end_pan()
        self._loupe.hide()
        self.viewport().update()

    def _pose(self, instance: Instance, is_label: bool, title: str) -> Pose:
        states = tuple(
            state_of(instance, k, is_label=is_label, low_confidence=self.options.low_confidence)
            for k in range(len(instance.visibility))
        )
        return Pose(instance, is_label, title, states)

    def _matching(self, owner: Owner | None) -> Pose | None:
        if owner is None:
            return None
        for pose in self._poses:
            if pose.owner == owner or pose.instance is owner:
                return pose
            if isinstance(owner, Instance) and not pose.is_label and pose.instance.same_pose(owner):
                return pose
        return None

    def _found_again(self, hit: tuple[Pose, int] | None) -> tuple[Pose, int] | None:
        """The same keypoint among the poses shown now, if it is still there."""
        pose = self._matching(hit[0].owner) if hit else None
        if hit is None or pose is None or pose.states[hit[1]] is State.ABSENT:
            return None
        return pose, hit[1]

    def _keep_press(self) -> None:
        """Go on with a drag when the bodies are shown anew meanwhile, unless its body is gone."""
        hold = self._press.hold if self._press else None
        if not isinstance(hold, KeypointDrag | BodyDrag | BodyPress):
            return
        pose = self._matching(hold.pose.owner)
        if pose is None:
            self.cancel()
            return
        pose.points[:] = hold.pose.points
        hold.pose = pose

    def _show_items(self) -> None:
        while len(self._items) < len(self._poses):
            self._items.append(PoseItem())
            self._kept_scene.addItem(self._items[-1])
        while len(self._items) > len(self._poses):
            self._kept_scene.removeItem(self._items.pop())
        for item, pose in zip(self._items, self._poses, strict=True):
            item.setVisible(self._look is not None and self._is_shown(pose))
            if self._look is not None:
                item.show_pose(
                    pose, self._look, current=pose is self._current, bones=self.options.bones
                )
        self.viewport().update()

    def _is_shown(self, pose: Pose) -> bool:
        return self.options.labels if pose.is_label else self.options.predictions

    def _shown_poses(self) -> list[Pose]:
        return [pose for pose in self._poses if self._is_shown(pose)]

    # -- mouse -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        if not self.has_picture() or self._press is not None:
            return
        at = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._begin(at, Panning())
            self.start_pan(event)
        elif event.button() == Qt.MouseButton.RightButton:
            self._cycle(at)
        elif event.button() == Qt.MouseButton.LeftButton and not self._go_to_edge_tag(at):
            self._begin(at, self._held(at, event.modifiers()))
            if isinstance(self._hold, Panning):
                self._pan_from = at

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.accept()
        at = event.position()
        self._cursor = at
        self._shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not self.has_picture():
            return
        scene = self.scene_at(at)
        self.hovered.emit(scene.x(), scene.y())
        if self._press is None:
            self._hover_at(at)
        elif self._press.follow(at):
            self._drag(event, scene)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        press, self._press = self._press, None
        if press is None:
            return
        self.end_pan()
        self._loupe.hide()
        self._let_go(press, self.scene_at(event.position()))
        self._hover_at(event.position())
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self.mode is Mode.PLACING:
            self.mousePressEvent(event)  # two quick clicks place two points
            return
        event.accept()
        at = event.position()
        hit = self._keypoint_at(at)
        pose = hit[0] if hit else self._body_at(at)
        if pose is None:
            self.fit()
        elif not pose.is_label and not self._read_only:
            self.prediction_accepted.emit(pose.instance)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._loupe_is_shown():
            self._loupe.turn((event.angleDelta().y() or event.angleDelta().x()) / 120)
            self.viewport().update()
            event.accept()
            return
        super().wheelEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._cursor, self._hover = None, None
        self.hovered.emit(float("nan"), float("nan"))
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._note_shift(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._note_shift(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._shift = False

    def _note_shift(self, event: QKeyEvent) -> None:
        """Shift alone shows the loupe; every other key belongs to the actions of the window."""
        if event.key() == Qt.Key.Key_Shift:
            self._shift = event.type() == QEvent.Type.KeyPress
            self.viewport().update()
        event.ignore()

    # -- gestures ----------------------------------------------------------------------------

    @property
    def _hold(self) -> Hold | None:
        return self._press.hold if self._press else None

    def _begin(self, at: QPointF, hold: Hold) -> None:
        self._press = Press(at, self.scene_at(at), hold)

    def _held(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> Hold:
        """What a press of the left button takes."""
        hit = self._keypoint_at(at)
        body = hit[0] if hit else self._body_at(at)
        if body and modifiers & Qt.KeyboardModifier.AltModifier and not self._read_only:
            return BodyDrag(body)
        if hit:
            return KeypointDrag(*hit)
        if self.mode is Mode.PLACING and self._keypoint is not None:
            return Placing(self._keypoint)
        return BodyPress(body) if body else Panning()

    def _drag(self, event: QMouseEvent, scene: QPointF) -> None:
        press = self._press
        if press is None:
            return
        by = scene - press.start_scene
        hold = press.hold
        if isinstance(hold, Panning | BodyPress):
            if self._pan_from is None:
                self.start_pan(event)
            self.follow_pan(event)
        elif isinstance(hold, KeypointDrag) and not self._read_only:
            x, y = hold.pose.instance.points[hold.keypoint]
            hold.pose.points[hold.keypoint] = self._inside(x + by.x(), y + by.y())
        elif isinstance(hold, BodyDrag):
            hold.pose.points[:] = hold.pose.instance.points + np.array([by.x(), by.y()])
        self.viewport().update()

    def _let_go(self, press: Press, scene: QPointF) -> None:
        hold = press.hold
        if isinstance(hold, Placing):
            self._place(hold.keypoint, *self._inside(scene.x(), scene.y()))
        elif isinstance(hold, KeypointDrag) and press.moving and not self._read_only:
            self._move(hold.pose, hold.keypoint)
        elif isinstance(hold, KeypointDrag):
            self.keypoint_selected.emit(hold.pose.owner, hold.keypoint)
        elif isinstance(hold, BodyDrag) and press.moving:
            by = scene - press.start_scene
            self.body_moved.emit(hold.pose.owner, by.x(), by.y())
        elif isinstance(hold, BodyPress | BodyDrag) and not press.moving:
            self.instance_selected.emit(hold.pose.owner)

    def _place(self, keypoint: int, x: float, y: float) -> None:
        if self._current is not None and not self._current.is_label:
            self.prediction_touched.emit(self._current.instance, keypoint, x, y)
        else:
            self.keypoint_placed.emit(keypoint, x, y)

    def _move(self, pose: Pose, keypoint: int) -> None:
        x, y = pose.points[keypoint].tolist()
        signal = self.keypoint_moved if pose.is_label else self.prediction_touched
        signal.emit(pose.owner, keypoint, x, y)

    def _cycle(self, at: QPointF) -> None:
        hit = self._keypoint_at(at)
        if hit and not self._read_only:
            self.visibility_cycled.emit(hit[0].owner, hit[1])

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        """The position, or the nearest one on the picture."""
        rect = self.picture_rect()
        return (
            float(np.clip(x, rect.left(), rect.right())),
            float(np.clip(y, rect.top(), rect.bottom())),
        )

    def _keypoint_at(self, at: QPointF) -> tuple[Pose, int] | None:
        """The keypoint that a press at a viewport position takes.

        While a point is being placed only a press on the marker itself takes another one, so
        that points can be set close to each other.
        """
        scene = self.scene_at(at)
        reach = RADIUS if self.mode is Mode.PLACING else GRAB_RADIUS
        preferred = ((self._current, self._keypoint), (self._current, None))
        return nearest_keypoint(
            self._shown_poses(),
            (scene.x(), scene.y()),
            reach / self.magnification,
            [pair for pair in preferred if pair[0] is not None],
            _TIE / self.magnification,
        )

    def _body_at(self, at: QPointF) -> Pose | None:
        if self._look is None:
            return None
        scene = self.scene_at(at)
        reach = BODY_REACH / self.magnification
        return nearest_body(self._shown_poses(), self._look.bones, (scene.x(), scene.y()), reach)

    def _hover_at(self, at: QPointF) -> None:
        before, self._hover = self._hover, self._keypoint_at(at)
        if self._hover != before:
            self._name_timer.start()
            locked = self._read_only and self._hover is not None
            self.viewport().setCursor(
                Qt.CursorShape.ForbiddenCursor if locked else self._idle_cursor()
            )
            self.viewport().update()
        if self.mode is Mode.PLACING or self._shift:
            self.viewport().update()

    def _idle_cursor(self) -> Qt.CursorShape:
        placing = self.mode is Mode.PLACING and self._hover is None
        return Qt.CursorShape.BlankCursor if placing else Qt.CursorShape.ArrowCursor

    def _go_to_edge_tag(self, at: QPointF) -> bool:
        for pose, _text, place in self._edge_tags():
            if place.contains(at):
                box = pose.instance.box()
                if box:
                    left, top, right, bottom = box
                    self.zoom_to(QPointF((left + right) / 2, (top + bottom) / 2))
                self.instance_selected.emit(pose.owner)
                return True
        return False

    # -- drawing over the scene --------------------------------------------------------------

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        if not self.has_picture() or self._look is None:
            return
        painter.save()
        painter.resetTransform()
        to_screen = self.viewportTransform()
        view = QRectF(self.viewport().rect())
        foreground.paint_disagreements(painter, self._disagreements, self._look, to_screen)
        self._paint_points(painter, self._look, to_screen)
        self._paint_tags(painter, self._look, to_screen, view)
        self._paint_cursor(painter, self._look, view)
        painter.restore()

    def _selected(self) -> tuple[Pose, int] | None:
        """The keypoint that is held, or else the selected one, if it has a place."""
        if isinstance(self._hold, KeypointDrag):
            return self._hold.pose, self._hold.keypoint
        pose, keypoint = self._current, self._keypoint
        if pose is None or keypoint is None or pose.states[keypoint] is State.ABSENT:
            return None
        return (pose, keypoint) if self._is_shown(pose) else None

    def _paint_points(self, painter: QPainter, look: SkeletonLook, to_screen: QTransform) -> None:
        selected = self._selected()
        if selected:
            pose, keypoint = selected
            old = self._old_position(pose, keypoint)
            if old is not None:
                now = foreground.shown_at(pose, keypoint, to_screen)
                foreground.paint_ghost(painter, old, now, keypoint, look, to_screen)
            foreground.paint_selected(painter, pose, keypoint, look, to_screen)
        if self._hover and self._hover != selected and not self._read_only:
            foreground.paint_hovered(painter, *self._hover, look, to_screen)

    def _old_position(self, pose: Pose, keypoint: int) -> tuple[float, float] | None:
        """Where a prediction had the keypoint, or where it was before the drag of now."""
        if pose is self._current and keypoint in self._ghosts:
            return self._ghosts[keypoint]
        if isinstance(self._hold, KeypointDrag) and self._press and self._press.moving:
            x, y = pose.instance.points[keypoint].tolist()
            return x, y
        return None

    def _paint_tags(
        self, painter: QPainter, look: SkeletonLook, to_screen: QTransform, view: QRectF
    ) -> None:
        named = {hit for hit in (self._selected(),) if hit}
        if self._hover and not self._name_timer.isActive():
            named.add(self._hover)
        if self.options.names and self._current and self._is_shown(self._current):
            present = np.flatnonzero(self._current.instance.present).tolist()
            named |= {(self._current, k) for k in present}
        for pose, keypoint in named:
            name = look.names[keypoint]
            foreground.paint_name(painter, name, pose, keypoint, to_screen, view)
        for _pose, text, place in self._edge_tags():
            foreground.tags.paint_tag(painter, text, place)
        if not self._exact and not self._preview_timer.isActive():
            foreground.paint_notice(painter, "Preview, the full frame is on its way", view)

    def _edge_tags(self) -> list[tuple[Pose, str, QRectF]]:
        view = QRectF(self.viewport().rect())
        return foreground.edge_tags(self._shown_poses(), self.viewportTransform(), view)

    def _paint_cursor(self, painter: QPainter, look: SkeletonLook, view: QRectF) -> None:
        """The crosshair while placing, and the loupe."""
        if self._cursor is None:
            return
        if self.mode is Mode.PLACING and self._hover is None and self._keypoint is not None:
            text = f"Click the {look.names[self._keypoint].replace('_', ' ').lower()}"
            foreground.paint_aim(painter, text, self._cursor, view)
        if self._loupe_is_shown():
            self._paint_loupe(painter, look, view, self._cursor)

    def _loupe_is_shown(self) -> bool:
        if self._cursor is None or not self.has_picture():
            return False
        dragging = self._press is not None and self._press.moving
        return self._shift or (dragging and isinstance(self._hold, KeypointDrag | Placing))

    def _paint_loupe(
        self, painter: QPainter, look: SkeletonLook, view: QRectF, cursor: QPointF
    ) -> None:
        held = self._hold if isinstance(self._hold, KeypointDrag) else None
        at = QPointF(*held.pose.points[held.keypoint]) if held else self.scene_at(cursor)

        def paint_poses(loupe_painter: QPainter, to_screen: QTransform) -> None:
            for pose in self._shown_poses():
                paint_pose(loupe_painter, pose, look, to_screen, bones=self.options.bones)

        loupe.paint_loupe(
            painter,
            self._loupe.place(view, cursor),
            self.image,
            self.picture_rect(),
            at,
            self._loupe.magnification(self.magnification),
            paint_poses,
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
        if self._look is None or self._keypoint is None:
            return ""
        name = self._look.names[self._keypoint]
        if self._current is None:
            return f"click to place {name}"
        state = self._current.states[self._keypoint]
        text = f"{name} of {foreground.body_title(self._current)}, {state.value}"
        if state is State.ABSENT:
            return text
        x, y = self._current.points[self._keypoint]
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
