"""The canvas: the frame, the bodies on it, and the gestures that change them.

It keeps no truth: gestures are signals, and what they led to is shown by `show_instances`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QAccessible, QAccessibleEvent, QImage, QPainter, QTransform
from PySide6.QtWidgets import QWidget

from poseapp.domain.pose import Instance
from poseapp.domain.skeleton import Skeleton
from poseapp.ui import theme
from poseapp.ui.canvas.foreground import Disagreement, Foreground
from poseapp.ui.canvas.gesture_view import GestureView
from poseapp.ui.canvas.gestures import KeypointDrag
from poseapp.ui.canvas.guide import guide_place, paint_guide
from poseapp.ui.canvas.loupe import paint_loupe
from poseapp.ui.canvas.markers import State
from poseapp.ui.canvas.meshes_item import MeshesItem, Painted
from poseapp.ui.canvas.pose_item import PosesItem, paint_poses
from poseapp.ui.canvas.poses import Hit, Options, Owner, SkeletonLook
from poseapp.ui.canvas.trails import TrailsItem
from poseapp.ui.canvas.view import PictureItem

_PREVIEW_AFTER_MS = 300


class Canvas(GestureView):
    """Shows one frame with its instances; its gestures are the signals of GestureView."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._exact = True
        self._frame_text = ""
        self._disagreements: Sequence[Disagreement] = ()
        self._guide: NDArray[np.float64] | None = None
        self._heatmap_item = PictureItem(z=1)
        self._meshes_item = MeshesItem()
        self._trails_item = TrailsItem()
        self._poses_item = PosesItem()
        for item in (
            self._heatmap_item, self._meshes_item, self._trails_item, self._poses_item,
        ):  # fmt: skip
            self._kept_scene.addItem(item)
        self._preview_timer = self._timer(_PREVIEW_AFTER_MS)
        self.setAccessibleName("Canvas")
        self._show_bodies()

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
        self.set_guide(None)
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

    def set_guide(self, figure: NDArray[np.float64] | None) -> None:
        """Show a small figure while points are placed: (K, 2) places of the skeleton's keypoints.

        Their unit is free; None for no figure.
        """
        self._guide = figure
        self.viewport().update()

    def set_heatmap(self, heat: NDArray[np.float32] | None) -> None:
        """Lay a (H, W) map of values in 0..1 over the picture, None for no map."""
        image = QImage() if heat is None else _heat_image(heat)
        self._heatmap_item.show_image(image, self.picture_rect())

    def set_meshes(self, painted: Sequence[Painted]) -> None:
        """Lay painted meshes over the picture, the nearest person last; none for no mesh."""
        self._meshes_item.show_meshes(painted)

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
        if self._to_place is not None and self._guide is not None:
            place = guide_place(view, self._cursor)
            placed = self._bodies.placed(len(self._look.names))
            paint_guide(painter, place, self._look, self._guide, placed, self._to_place)
        if self._cursor is not None and self._hover is None and self._to_place is not None:
            drawn.aim(self._to_place, self._cursor)
        if self._cursor is not None and self._loupe_is_shown():
            self._draw_loupe(painter, self._look, view, self._cursor)
        painter.restore()

    def _draw_points(self, drawn: Foreground) -> None:
        """The marks and names of the selected, held and hovered keypoints."""
        selected = self._selected()
        if selected:
            self._draw_ghost(drawn, selected)
            drawn.selected(selected)
        if self._hover and self._hover != selected and not self._read_only:
            drawn.hovered(self._hover)
        hovered = None if self._name_timer.isActive() else self._hover
        named = [selected, hovered, *(self._all_of_current() if self.options.names else ())]
        drawn.names(list(dict.fromkeys(hit for hit in named if hit)))

    def _selected(self) -> Hit | None:
        """The keypoint that is held, or else the selected one."""
        hold = self._hold
        if isinstance(hold, KeypointDrag):
            return hold.pose, hold.keypoint
        return self._bodies.selected()

    def _draw_ghost(self, drawn: Foreground, hit: Hit) -> None:
        """Where a prediction had the keypoint, or where it was before the drag of now."""
        pose, keypoint = hit
        if pose is self._bodies.current and keypoint in self._bodies.old_positions:
            drawn.ghost(hit, self._bodies.old_positions[keypoint])
        elif self._press and self._press.moving and isinstance(self._hold, KeypointDrag):
            x, y = pose.instance.points[keypoint].tolist()
            drawn.ghost(hit, (x, y))

    def _all_of_current(self) -> list[Hit]:
        current = self._bodies.current
        if current is None or current not in self._bodies.visible():
            return []
        return [(current, k) for k, state in enumerate(current.states) if state is not State.ABSENT]

    def _draw_loupe(
        self, painter: QPainter, look: SkeletonLook, view: QRectF, cursor: QPointF
    ) -> None:
        hit, place = self._selected(), self._loupe.place(view, cursor)
        at = self.scene_at(cursor)
        if hit is not None and isinstance(self._hold, KeypointDrag):
            at = QPointF(*hit[0].points[hit[1]])

        def paint_inside(inner: QPainter, to_screen: QTransform) -> None:
            paint_poses(
                inner, self._bodies.visible(), look, to_screen, place,
                current=self._bodies.current, bones=self.options.bones, free=place.center(),
            )  # fmt: skip
            if hit is not None:
                self._draw_ghost(Foreground(inner, look, to_screen, place), hit)

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
