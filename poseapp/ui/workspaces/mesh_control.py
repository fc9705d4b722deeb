"""What happens in the Mesh workspace: meshes drawn, fitted again, asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PySide6.QtCore import QObject, QRectF, Signal

from poseapp.app.changes import Changes
from poseapp.app.followed import scores_of
from poseapp.app.jobs import Job
from poseapp.app.mesh_people import (
    MeshPerson,
    apart,
    disagreeing,
    instance_of,
    people_of,
    suggestion_of,
    suggestions_of,
)
from poseapp.app.mesh_tasks import Outcome
from poseapp.app.services import Services
from poseapp.app.session import Session
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Instance
from poseapp.domain.suggestion import Suggestion
from poseapp.domain.video import Video
from poseapp.media.mesh_paint import Paint, Style
from poseapp.ui.actions import Actions
from poseapp.ui.bridge import Background
from poseapp.ui.latest import Latest
from poseapp.ui.panels import pieces
from poseapp.ui.workspaces.label_control import LabelControl
from poseapp.ui.workspaces.mesh import MeshWorkspace
from poseapp.ui.workspaces.mesh_drawing import Asked, Drawn, draw, stretches
from poseapp.ui.workspaces.overview import Lanes
from poseapp.ui.workspaces.shown_frame import Picture

_TALLEST_PX = 1600
"""Of a body: beyond that it is drawn coarser than the screen."""
_LOOK = "mesh_look"


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """The meshes of a video, or why they cannot be read."""

    video: VideoId
    people: tuple[MeshPerson, ...] = ()
    problem: str = ""


class MeshControl(QObject):
    """Shows the frame that the Label workspace shows, and edits it by the same verbs."""

    said = Signal(str)
    hinted = Signal(str)
    offered = Signal(str)
    """A sentence about frames that were put into the queue."""

    def __init__(
        self,
        session: Session,
        services: Services,
        background: Background,
        label: LabelControl,
        view: MeshWorkspace,
        actions: Actions,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__(view)
        self._session = session
        self._project = session.project
        self._meshing = services.meshing
        self._inference = services.inference
        self._background = background
        self._label = label
        self.view = view
        self._actions = actions
        self._renderer = Latest("mesh overlay", post)
        kept = session.settings.get(_LOOK, {})
        self._paint = Paint(
            Style(kept.get("style", Style.SHADED)), float(kept.get("opacity", 0.75))
        )
        self._loaded: Loaded | None = None
        self._current = 0
        self._ready = False
        self._unseen = False
        """Whether the current person was not brought into view yet."""
        self._tracks: list[tuple[str, int, int]] = []
        view.choose_style(self._paint.style)
        view.inspector.set_opacity(self._paint.opacity)
        self._connect()

    # -- what is there -----------------------------------------------------------------------

    @property
    def people(self) -> tuple[MeshPerson, ...]:
        """Whose meshes the open video has."""
        return self._loaded.people if self._loaded is not None else ()

    @property
    def person(self) -> MeshPerson | None:
        """The one who is looked at."""
        return self.people[self._current] if self.people else None

    @property
    def paint(self) -> Paint:
        """How meshes are painted."""
        return self._paint

    # -- the window --------------------------------------------------------------------------

    def shown(self) -> None:
        """The workspace came to the front."""
        self.view.canvas.set_skeleton(self._project.skeleton)
        self.view.canvas.read_only = self._project.read_only
        if (wanted := self._label.frame.wanted) is not None:
            self._label.frame.go(wanted.frame)  # the picture comes to this canvas too
        self._show_bodies()
        self.view.canvas.setFocus()
        self._load()

    def close(self) -> None:
        """Keep the look, and end the threads that draw."""
        kept = {"style": self._paint.style.value, "opacity": self._paint.opacity}
        self._session.settings.set(_LOOK, kept)
        self._renderer.close()
        self.view.orbit.close_renderer()

    def changed(self, changes: Changes) -> None:
        """Refresh what the changes concern, while somebody looks."""
        if not self.view.isVisible():
            return
        video = self._label.videos.current
        if changes.skeleton:
            self.view.canvas.set_skeleton(self._project.skeleton)
        about = changes.meshes | changes.predictions
        if changes.runs or changes.skeleton or (video is not None and video.id in about):
            self._load()
        elif changes.frames:
            self._draw()

    def job_changed(self, job: Job) -> None:
        """Say how far the recovery is, in place of meshes that are not there yet."""
        if job is self._meshing.job and self.view.isVisible() and not self.people:
            self._show_nothing()

    # -- commands ----------------------------------------------------------------------------

    def connect_commands(self) -> None:
        """What the commands of meshes do, and what they need."""
        connect = self._actions.connect_to
        connect("recover_meshes", self.recover, self._not_yet)
        connect("refit_mesh", self.refit, self._no_mesh)
        connect("next_disagreeing", self.go_to_next, self._no_disagreement)
        connect("mesh_style", self.next_style, self._no_mesh)
        connect("follow_person", self._follow)
        self._actions["follow_person"].setChecked(True)

    def recover(self) -> None:
        """Fit bodies to everybody in the open video."""
        video = self._label.videos.current
        if video is None or self._not_yet():
            return
        self._meshing.recover([video.id], partial(self._recovered, video))

    def refit(self) -> None:
        """Fit the mesh of this frame to its keypoints as they are."""
        frame, person = self._frame(), self.person
        instance = None if person is None else self._instance(person)
        if person is None or frame is None or instance is None:
            self.hinted.emit("No keypoints of this person are on the frame.")
            return
        self._refit(person, frame, instance)

    def go_to_next(self) -> None:
        """Go to the worst frame after this one, and after the last to the first."""
        person, frame = self.person, self._frame()
        if person is None or frame is None:
            return
        frames = sorted(disagreeing(person))
        if frames:
            self._label.go(next((n for n in frames if n > frame), frames[0]))

    def next_style(self) -> None:
        """Shaded, transparent, wire, and from the start."""
        styles = list(Style)
        self._choose_style(styles[(styles.index(self._paint.style) + 1) % len(styles)])
        self.view.choose_style(self._paint.style)

    def add_to_queue(self) -> None:
        """Put this frame into the queue, with how far the mesh is off as the reason."""
        person, frame = self.person, self._frame()
        if person is None or frame is None:
            return
        made = suggestion_of(person, frame, self._instances(), self._project.skeleton)
        if made is not None and self._meshing.offer([made]):
            self.said.emit(f"Frame {frame:,} is in the queue")

    def ask(self) -> None:
        """Put the frames on which mesh and points disagree into the queue."""
        video, reader = self._label.videos.current, self._project.reader
        if video is None:
            return

        def work() -> tuple[Suggestion, ...]:
            with reader() as project:
                return suggestions_of(project, video.id)

        self._background.run("ask about meshes", work, self._offer)

    def _offer(self, found: tuple[Suggestion, ...]) -> None:
        count = self._meshing.offer(found)
        if count:
            self.offered.emit(f"{pieces.count(count, 'frame')} to look at")
        else:
            self.hinted.emit("They are in the queue already.")

    # -- wiring ------------------------------------------------------------------------------

    def _connect(self) -> None:
        label, view = self._label, self.view
        label.frame.asked.connect(self._frame_asked)
        label.frame.arrived.connect(self._picture_arrived)
        label.editing.changed.connect(self._show_bodies)
        label.videos.opened.connect(self._video_opened)
        label.player.changed.connect(view.transport.show_playing)
        label.overview.lanes_read.connect(self._show_tracks)
        view.transport.frame_typed.connect(label.go)
        view.transport.left.connect(view.canvas.setFocus)
        view.transport.speed_chosen.connect(label.player.set_speed)
        timeline = view.timeline
        for signal in (timeline.seek_requested, timeline.scrubbing, timeline.scrub_finished):
            signal.connect(label.go)
        self._connect_canvas()
        view.style_chosen.connect(self._choose_style)
        view.points_switched.connect(self._switch_points)
        inspector = view.inspector
        inspector.opacity_changed.connect(self._choose_opacity)
        inspector.person_chosen.connect(self._choose)
        inspector.refit_wanted.connect(self.refit)
        inspector.queue_wanted.connect(self.add_to_queue)
        inspector.ask_wanted.connect(self.ask)
        inspector.recover_wanted.connect(self.recover)

    def _connect_canvas(self) -> None:
        """A gesture is the same edit as in the Label workspace; then the mesh follows."""
        canvas, editing = self.view.canvas, self._label.editing
        for signal, verb in (
            (canvas.keypoint_moved, editing.move),
            (canvas.prediction_touched, editing.touch),
            (canvas.visibility_cycled, editing.cycle_visibility),
        ):
            signal.connect(verb)
            signal.connect(self._after_gesture)
        canvas.body_moved.connect(editing.move_body)
        canvas.instance_selected.connect(editing.choose_owner)
        canvas.keypoint_selected.connect(editing.choose_owner)
        canvas.zoomed.connect(lambda _percent: self._draw())
        canvas.hovered.connect(self._label.say_position)

    # -- meshes ------------------------------------------------------------------------------

    def _load(self) -> None:
        """Read the meshes of the open video again, beside the window's thread."""
        video, reader = self._label.videos.current, self._project.reader
        if video is None:
            self._show_nothing()
            return

        def work() -> Loaded:
            try:
                with reader() as project:
                    return Loaded(video.id, people_of(project, video.id))
            except PoseAppError as why:
                return Loaded(video.id, problem=str(why))

        self._background.run("meshes", work, self._keep)

    def _keep(self, loaded: Loaded) -> None:
        video = self._label.videos.current
        if video is None or loaded.video != video.id:
            return
        first = self._loaded is None
        self._loaded = loaded
        self._current = min(self._current, max(len(loaded.people) - 1, 0))
        if first and loaded.people:
            sizes = [len(one.motion) * one.height_px for one in loaded.people]
            self._current = sizes.index(max(sizes))
            self._unseen = True
        if loaded.people:
            self.view.show_meshes()
            self._get_ready()
        else:
            self._show_nothing()
        self._show_person()

    def _get_ready(self) -> None:
        """Have the worker ready for a drag, once."""
        if not self._ready and not self._project.read_only:
            self._ready = True
            self._meshing.get_ready()

    def _show_person(self) -> None:
        people, view = self.people, self.view
        names = [one.track.name for one in people]
        person = self.person
        view.inspector.show_people(names, self._current, person.figure.body.name if person else "")
        view.inspector.exports.show_missing("" if people else "There is no mesh to export yet.")
        view.timeline.set_stretches(stretches(people), self._tracks)
        if person is None:
            view.timeline.set_errors([], [], 1.0, [])
            view.inspector.show_disagreeing(0, 0.0)
        else:
            over = disagreeing(person)
            limit = person.limit_px
            view.timeline.set_errors(person.motion.frames, person.errors, limit, over)
            view.inspector.show_disagreeing(len(over), limit)
        self._actions.refresh_soon()
        self._draw()

    def _show_nothing(self) -> None:
        """Say why there is no mesh, and what to do."""
        job, loaded = self._meshing.job, self._loaded
        missing = self._meshing.not_yet()
        if job is not None:
            text = f"{job.progress:.0%} · {job.text}" if job.text else "Starting"
            self.view.show_instead("person-standing", "Fitting bodies", text)
        elif loaded is not None and loaded.problem:
            again = ("Fit bodies again", self.recover, True)
            self.view.show_instead(
                "triangle-alert", "The meshes cannot be read", loaded.problem, (again,)
            )
        elif missing:
            buttons = ()
            if missing.startswith("There are no keypoints") and not self._inference.not_yet():
                buttons = (("Predict this video", self._predict, True),)
            self.view.show_instead("person-standing", "No mesh yet", missing, buttons)
        else:
            self.view.show_instead(
                "person-standing",
                "No mesh yet",
                "A body is fitted to the keypoints of each person: to your labels where there are "
                "some, else to predictions.",
                (("Fit bodies", self.recover, True),),
            )

    def _predict(self) -> None:
        video = self._label.videos.current
        if video is not None:
            self._inference.predict_video(video.id)

    def _recovered(self, video: Video, outcome: Outcome) -> None:
        who = pieces.count(outcome.people, "person", "people")
        stopped = "Stopped; " if outcome.stopped else ""
        self.said.emit(f"{stopped}bodies are fitted to {who} in {video.name}")

    # -- frames ------------------------------------------------------------------------------

    def _video_opened(self, video: Video) -> None:
        self._loaded, self._tracks = None, []
        self.view.timeline.set_video(video.frame_count, video.fps)
        if self.view.isVisible():
            self._load()

    def _frame_asked(self, ref: FrameRef) -> None:
        video = self._label.videos.current
        if video is not None:
            self.view.timeline.set_position(ref.frame)
            self.view.transport.show_frame(ref.frame, video.frame_count, video.fps)

    def _picture_arrived(self, ref: FrameRef, picture: Picture, exact: bool) -> None:
        video = self._label.videos.current
        if video is None or not self.view.isVisible():
            return
        self.view.canvas.set_picture(picture, exact, (video.width, video.height))
        self.view.canvas.describe_frame(f"Frame {ref.frame:,} of {video.name}")
        self._draw()

    def _show_bodies(self) -> None:
        editing = self._label.editing
        if not self.view.isVisible():
            return
        if not self.view.shows_points:
            self.view.canvas.show_instances((), ())
            return
        current = editing.current
        owner = None
        if current is not None:
            owner = current.instance.id if current.is_label else current.instance
        self.view.canvas.show_instances(
            editing.labels,
            editing.predictions,
            owner,
            editing.keypoint,
            editing.moved,
            [body.title for body in editing.bodies],
        )

    def _show_tracks(self, lanes: Lanes) -> None:
        self._tracks = list(lanes.tracks)
        self.view.timeline.set_stretches(stretches(self.people), self._tracks)

    # -- drawing -----------------------------------------------------------------------------

    def _draw(self) -> None:
        """Have the meshes of the frame painted, as they are looked at now."""
        frame, video = self._frame(), self._label.videos.current
        if frame is None or video is None or not self.people:
            self.view.canvas.set_meshes(())
            self.view.orbit.show_scene(None)
            return
        asked = Asked(
            frame,
            self.people,
            self._current,
            self._instances(),
            self._project.skeleton,
            self._paint,
            self._scale(),
            video.fps or 25.0,
        )
        self._renderer.run(partial(draw, asked), self._show_drawn)

    def _show_drawn(self, drawn: Drawn) -> None:
        mine = drawn.asked.current == self._current
        if self._unseen and mine and drawn.box is not None and self.view.canvas.has_picture():
            self._unseen = False
            self.view.canvas.zoom_to(QRectF(*drawn.box))
        self.view.canvas.set_meshes(drawn.overlays)
        self.view.canvas.set_disagreements(drawn.disagreements if self.view.shows_points else ())
        self.view.orbit.show_scene(drawn.scene)
        self.view.inspector.show_figures(drawn.figures, self._not_writable() or drawn.missing)

    def _scale(self) -> int:
        """How much finer than the picture the screen is, in whole steps."""
        wanted = self.view.canvas.magnification * self.view.devicePixelRatioF()
        tallest = max(min(one.height_px, 2 * one.motion.size[1]) for one in self.people)
        most = int(_TALLEST_PX / max(tallest, 1))
        return max(1, min(round(wanted), most))

    def _choose_style(self, style: Style) -> None:
        self._paint = replace(self._paint, style=style)
        self._draw()

    def _choose_opacity(self, share: float) -> None:
        self._paint = replace(self._paint, opacity=share)
        self._draw()

    def _choose(self, place: int) -> None:
        self._current, self._unseen = place, True
        self._show_person()

    def _switch_points(self, _on: bool) -> None:
        self._show_bodies()
        self._draw()

    def _follow(self) -> None:
        orbit = self.view.orbit
        orbit.follows = not orbit.follows
        self._draw()

    # -- fitting again -----------------------------------------------------------------------

    def _after_gesture(self, *_: object) -> None:
        """Fit the mesh of the person whose point was moved."""
        frame, body = self._frame(), self._label.editing.current
        if frame is None or body is None or self._project.read_only:
            return
        skeleton = self._project.skeleton
        gaps = [
            (gap.mean_px, n)
            for n, person in enumerate(self.people)
            if (gap := apart(person, frame, body.instance, skeleton)) is not None
        ]
        if gaps:
            self._refit(self.people[min(gaps)[1]], frame, body.instance)

    def _refit(self, person: MeshPerson, frame: int, instance: Instance) -> None:
        self.view.inspector.show_refitting(True)
        ended = partial(self.view.inspector.show_refitting, False)
        self._meshing.refit(person, frame, instance.points, scores_of(instance), ended)

    def _instance(self, person: MeshPerson) -> Instance | None:
        frame = self._frame()
        if frame is None:
            return None
        return instance_of(person, frame, self._instances(), self._project.skeleton)

    def _instances(self) -> tuple[Instance, ...]:
        return tuple(body.instance for body in self._label.editing.bodies)

    def _frame(self) -> int | None:
        """The frame whose picture is shown."""
        ref = self._label.frame.shown
        return None if ref is None else ref.frame

    # -- what is missing ---------------------------------------------------------------------

    def _not_yet(self) -> str:
        if self._label.videos.current is None:
            return "Add a video first."
        return self._meshing.not_yet()

    def _no_mesh(self) -> str:
        return "" if self.people else "This video has no meshes yet."

    def _no_disagreement(self) -> str:
        person = self.person
        if person is None:
            return self._no_mesh()
        return "" if disagreeing(person) else "Mesh and points agree on every frame."

    def _not_writable(self) -> str:
        return "The project is open for reading only." if self._project.read_only else ""
