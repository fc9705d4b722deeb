"""What happens in the Mesh workspace: its parts joined, frames gone to and asked about."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from poseapp.app.changes import Changes
from poseapp.app.jobs import Job
from poseapp.app.mesh_people import disagreeing, suggestion_of, suggestions_of
from poseapp.app.services import Services
from poseapp.app.session import Session
from poseapp.domain.ids import FrameRef
from poseapp.domain.suggestion import Suggestion
from poseapp.domain.video import Video
from poseapp.media.mesh_paint import Paint
from poseapp.ui.actions import Actions
from poseapp.ui.bridge import Background
from poseapp.ui.panels import pieces
from poseapp.ui.workspaces.label_control import LabelControl
from poseapp.ui.workspaces.mesh import MeshWorkspace
from poseapp.ui.workspaces.mesh_drawing import stretches
from poseapp.ui.workspaces.mesh_fitting import MeshFitting
from poseapp.ui.workspaces.mesh_overlay import MeshOverlay
from poseapp.ui.workspaces.mesh_refitting import MeshRefitting
from poseapp.ui.workspaces.mesh_shown import ShownMeshes
from poseapp.ui.workspaces.overview import Lanes
from poseapp.ui.workspaces.shown_frame import Picture


class MeshControl(QObject):
    """Shows the frame that the Label workspace shows, and edits it by the same verbs."""

    said = Signal(str)
    hinted = Signal(str)
    failed = Signal(str)
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
        self._project = session.project
        self._meshing = services.meshing
        self._background = background
        self._label = label
        self.view = view
        self._actions = actions
        self.shown = ShownMeshes(self._project, background, lambda: label.videos.current, self)
        self.overlay = MeshOverlay(session, label, self.shown, view, post)
        self.fitting = MeshFitting(
            session.settings, services, background, label.videos, self.shown, view
        )
        self.refitting = MeshRefitting(session, self._meshing, label, self.shown, view)
        self._tracks: list[tuple[str, int, int]] = []
        self._connect()

    @property
    def paint(self) -> Paint:
        """How meshes are painted."""
        return self.overlay.paint

    # -- the window --------------------------------------------------------------------------

    def open(self) -> None:
        """The workspace came to the front."""
        self.view.canvas.set_skeleton(self._project.skeleton)
        self.view.canvas.read_only = self._project.read_only
        if (wanted := self._label.frame.wanted) is not None:
            self._label.frame.go(wanted.frame)  # the picture comes to this canvas too
        self.overlay.show_bodies()
        self.view.canvas.setFocus()
        self.refitting.get_ready()
        self.shown.load()

    def close(self) -> None:
        """Keep the look, and end the threads that draw."""
        self.overlay.close()

    def changed(self, changes: Changes) -> None:
        """Refresh what the changes concern, while somebody looks."""
        if not self.view.isVisible():
            return
        video = self._label.videos.current
        if changes.skeleton:
            self.view.canvas.set_skeleton(self._project.skeleton)
        about = changes.meshes | changes.predictions
        if changes.runs or changes.skeleton or (video is not None and video.id in about):
            self.shown.load()
        elif changes.frames:
            self.overlay.draw()

    def job_changed(self, job: Job) -> None:
        """Say how far the recovery is, in place of meshes that are not there yet."""
        if job is self._meshing.job and self.view.isVisible() and not self.shown.people:
            self.fitting.show_state()

    # -- commands ----------------------------------------------------------------------------

    def connect_commands(self) -> None:
        """What the commands of meshes do, and what they need."""
        connect = self._actions.connect_to
        connect("recover_meshes", self.fitting.recover, self.fitting.not_yet)
        connect("refit_mesh", self.refitting.refit, self._no_mesh)
        connect("next_disagreeing", self.go_to_next, self._no_disagreement)
        connect("mesh_style", self.overlay.next_style, self._no_mesh)
        connect("follow_person", self.overlay.follow)
        self._actions["follow_person"].setChecked(True)

    def go_to_next(self) -> None:
        """Go to the worst frame after this one, and after the last to the first."""
        person, ref = self.shown.person, self._label.frame.shown
        if person is None or ref is None:
            return
        frames = sorted(disagreeing(person))
        if frames:
            self._label.go(next((n for n in frames if n > ref.frame), frames[0]))

    def add_to_queue(self) -> None:
        """Put this frame into the queue, with how far the mesh is off as the reason."""
        person = self.shown.person
        instance = None if person is None else self.refitting.instance(person)
        if person is None or instance is None:
            return
        frame = instance.frame.frame
        made = suggestion_of(person, frame, [instance], self._project.skeleton)
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
        label.videos.opened.connect(self._video_opened)
        label.player.changed.connect(view.transport.show_playing)
        label.overview.lanes_read.connect(self._show_tracks)
        view.transport.frame_typed.connect(label.go)
        view.transport.left.connect(view.canvas.setFocus)
        view.transport.speed_chosen.connect(label.player.set_speed)
        timeline = view.timeline
        for signal in (timeline.seek_requested, timeline.scrubbing, timeline.scrub_finished):
            signal.connect(label.go)
        view.canvas.hovered.connect(label.say_position)
        view.inspector.person_chosen.connect(self.shown.choose)
        view.inspector.queue_wanted.connect(self.add_to_queue)
        view.inspector.ask_wanted.connect(self.ask)
        self.shown.loaded.connect(self._show_loaded)
        self.shown.chosen.connect(self._show_person)
        self.fitting.said.connect(self.said)
        self.fitting.failed.connect(self.failed)
        self.refitting.hinted.connect(self.hinted)

    # -- what is shown -----------------------------------------------------------------------

    def _show_loaded(self) -> None:
        self.fitting.show_state()
        if self.shown.people:
            self.refitting.get_ready()
        self._show_person()
        self.overlay.draw()

    def _show_person(self) -> None:
        people, person, view = self.shown.people, self.shown.person, self.view
        view.inspector.show_people([one.track.name for one in people], self.shown.current)
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

    def _video_opened(self, video: Video) -> None:
        self.shown.forget()
        self._tracks = []
        self.view.timeline.set_video(video.frame_count, video.fps)
        if self.view.isVisible():
            self.shown.load()

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
        self.overlay.draw()

    def _show_tracks(self, lanes: Lanes) -> None:
        self._tracks = list(lanes.tracks)
        self.view.timeline.set_stretches(stretches(self.shown.people), self._tracks)

    # -- what is missing ---------------------------------------------------------------------

    def _no_mesh(self) -> str:
        return "" if self.shown.people else "This video has no meshes yet."

    def _no_disagreement(self) -> str:
        person = self.shown.person
        if person is None:
            return self._no_mesh()
        return "" if disagreeing(person) else "Mesh and points agree on every frame."
