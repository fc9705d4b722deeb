"""How meshes look over the video and in space: drawn anew for every frame and every look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QRectF

from poseapp.app.session import Session
from poseapp.media.mesh_paint import Paint, Style
from poseapp.ui.latest import Latest
from poseapp.ui.workspaces.label_control import LabelControl
from poseapp.ui.workspaces.mesh import MeshWorkspace
from poseapp.ui.workspaces.mesh_drawing import Asked, Drawn, draw
from poseapp.ui.workspaces.mesh_shown import ShownMeshes
from poseapp.ui.workspaces.painted_bodies import draw_bodies

_TALLEST_PX = 1600
"""Of a body: beyond that it is drawn coarser than the screen."""
_LOOK = "mesh_look"


class MeshOverlay(QObject):
    """Has a thread paint what is looked at, and shows it."""

    def __init__(
        self,
        session: Session,
        label: LabelControl,
        shown: ShownMeshes,
        view: MeshWorkspace,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__(view)
        self._session = session
        self._label = label
        self._shown = shown
        self._view = view
        self._renderer = Latest("mesh overlay", post)
        kept = session.settings.get(_LOOK, {})
        self._paint = Paint(
            Style(kept.get("style", Style.SHADED)), float(kept.get("opacity", 0.75))
        )
        self._unseen = False
        """Whether the current person was not brought into view yet."""
        view.choose_style(self._paint.style)
        view.inspector.set_opacity(self._paint.opacity)
        view.style_chosen.connect(self.choose_style)
        view.points_switched.connect(self._switch_points)
        view.inspector.opacity_changed.connect(self._choose_opacity)
        view.canvas.zoomed.connect(lambda _percent: self.draw())
        label.editing.changed.connect(self.show_bodies)
        shown.chosen.connect(self._look_at)

    @property
    def paint(self) -> Paint:
        """How meshes are painted."""
        return self._paint

    def close(self) -> None:
        """Keep the look, and end the threads that draw."""
        kept = {"style": self._paint.style.value, "opacity": self._paint.opacity}
        self._session.settings.set(_LOOK, kept)
        self._renderer.close()
        self._view.orbit.close_renderer()

    def show_bodies(self) -> None:
        """Show the keypoints of the frame."""
        editing, canvas = self._label.editing, self._view.canvas
        if not self._view.isVisible():
            return
        if not self._view.shows_points:
            canvas.show_instances((), ())
            return
        draw_bodies(canvas, editing)

    def draw(self) -> None:
        """Have the meshes of the frame painted, as they are looked at now."""
        ref, video = self._label.frame.shown, self._label.videos.current
        if ref is None or video is None or not self._shown.people:
            self._view.canvas.set_meshes(())
            self._view.orbit.show_scene(None)
            return
        asked = Asked(
            ref.frame,
            self._shown.people,
            self._shown.current,
            tuple(body.instance for body in self._label.editing.bodies),
            self._session.project.skeleton,
            self._paint,
            self._scale(),
            video.pace,
        )
        self._renderer.run(partial(draw, asked), self._show_drawn)

    def next_style(self) -> None:
        """Shaded, transparent, wire, and from the start."""
        styles = list(Style)
        self.choose_style(styles[(styles.index(self._paint.style) + 1) % len(styles)])
        self._view.choose_style(self._paint.style)

    def choose_style(self, style: Style) -> None:
        """Paint in another style."""
        self._paint = replace(self._paint, style=style)
        self.draw()

    def follow(self) -> None:
        """Have the view in space go along with the person, or no longer."""
        orbit = self._view.orbit
        orbit.follows = not orbit.follows
        self.draw()

    def _choose_opacity(self, share: float) -> None:
        self._paint = replace(self._paint, opacity=share)
        self.draw()

    def _switch_points(self, _on: bool) -> None:
        self.show_bodies()
        self.draw()

    def _look_at(self) -> None:
        self._unseen = True
        self.draw()

    def _show_drawn(self, drawn: Drawn) -> None:
        view = self._view
        mine = drawn.asked.current == self._shown.current
        if self._unseen and mine and drawn.box is not None and view.canvas.has_picture():
            self._unseen = False
            view.canvas.zoom_to(QRectF(*drawn.box))
        view.canvas.set_meshes(drawn.overlays)
        view.canvas.set_disagreements(drawn.disagreements if view.shows_points else ())
        view.orbit.show_scene(drawn.scene)
        locked = self._session.project.read_only
        missing = "The project is open for reading only." if locked else drawn.missing
        view.inspector.show_figures(drawn.figures, missing)

    def _scale(self) -> int:
        """How much finer than the picture the screen is, in whole steps."""
        wanted = self._view.canvas.magnification * self._view.devicePixelRatioF()
        people = self._shown.people
        tallest = max(min(one.height_px, 2 * one.motion.size[1]) for one in people)
        most = int(_TALLEST_PX / max(tallest, 1))
        return max(1, min(round(wanted), most))
