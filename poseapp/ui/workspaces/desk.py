"""Everything that belongs to one open project: services, workspaces, controllers, commands."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from poseapp.app.changes import Changes
from poseapp.app.commands import ChangeSkeleton
from poseapp.app.exchange import ImportSummary, bring_in
from poseapp.app.history import History
from poseapp.app.jobs import JobRunner
from poseapp.app.services import Services
from poseapp.app.session import Session
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef
from poseapp.ui.actions import Actions
from poseapp.ui.bridge import Background, MainThread
from poseapp.ui.dialogs.skeleton_editor import SkeletonEditor
from poseapp.ui.main_window import MainWindow
from poseapp.ui.panels import pieces
from poseapp.ui.workspaces import remembered
from poseapp.ui.workspaces.export import ExportWorkspace
from poseapp.ui.workspaces.export_control import ExportControl
from poseapp.ui.workspaces.label import LabelWorkspace
from poseapp.ui.workspaces.label_commands import connect_label_commands
from poseapp.ui.workspaces.label_control import LabelControl
from poseapp.ui.workspaces.long_step import LongSteps
from poseapp.ui.workspaces.mesh import MeshWorkspace
from poseapp.ui.workspaces.mesh_control import MeshControl
from poseapp.ui.workspaces.mesh_export_control import MeshExportControl
from poseapp.ui.workspaces.recent import cover
from poseapp.ui.workspaces.suggest_control import SuggestControl
from poseapp.ui.workspaces.track_control import TrackControl
from poseapp.ui.workspaces.train import TrainWorkspace
from poseapp.ui.workspaces.train_control import TrainControl
from poseapp.ui.workspaces.worth_control import WorthControl

if TYPE_CHECKING:
    from poseapp.formats.base import Imported

LABEL, TRAIN, MESH, EXPORT = range(4)
_COVER_WIDTH = 600


class Desk(QObject):
    """Made when a project is opened and closed with it."""

    def __init__(
        self,
        session: Session,
        post: MainThread,
        actions: Actions,
        window: MainWindow,
        files: JobRunner,
    ) -> None:
        """`files` does the exports; it outlives the project."""
        super().__init__(window)
        self.session = session
        self._actions = actions
        self._window = window
        self._commands_before = actions.connected
        self.background = Background(post.post)
        self.services = Services(session, post.post)
        self.label = LabelControl(
            session, self.services, self.background, LabelWorkspace(actions), actions
        )
        self.train = TrainControl(
            session, self.services, self.background, TrainWorkspace(actions), self
        )
        self.mesh = MeshControl(
            session, self.services, self.background, self.label,
            MeshWorkspace(actions, post.post), actions, post.post,
        )  # fmt: skip
        self.export = ExportControl(session, files, self.background, ExportWorkspace(), self)
        self.mesh_exports = MeshExportControl(
            session, files, lambda: self.label.videos.current, lambda: self.mesh.paint,
            (self.mesh.view.inspector.exports, self.export.view.meshes),
        )  # fmt: skip
        self.suggest = SuggestControl(
            session,
            self.services.selection,
            self.services.training,
            self.services.teaching,
            self.label,
            actions,
        )
        self.services.jobs.subscribe(self.suggest.job_changed)
        self.worth = WorthControl(
            session,
            self.services.weighing,
            self.services.jobs.subscribe,
            self.train.view.worth,
            self.label.view.queue,
        )
        self.tracks = TrackControl(session, self.label.editing, self.background, actions, window)
        self._long_steps = LongSteps(session, self.background, window)
        self._turning = False
        """Whether an edit is being undone or done again now."""
        self._connect()
        self._unsubscribe = session.subscribe(self._changed)

    @property
    def pages(self) -> list[QWidget]:
        """The workspaces in the order of the bar."""
        return [self.label.view, self.train.view, self.mesh.view, self.export.view]

    def start(self) -> None:
        """Show the project."""
        settings = self.session.settings
        self.label.view.restore_layout(settings.get("layout", ""))
        self.label.start()
        self._go_to_last_frame()
        self.train.refresh()
        self.suggest.refresh()
        self._show_saved()
        self._actions.refresh()
        if self.session.notice:
            self._window.banner("read-only", "warning", self.session.notice)

    def close(self) -> None:
        """Keep how it looks, end what runs, and let the project go."""
        self._unsubscribe()
        self._keep_cover()
        settings, project = self.session.settings, self.session.project
        remembered.keep_place(settings, project.path, self.label.frame.wanted)
        remembered.keep_drawn(settings, self.label.view.canvas.options)
        self.session.settings.set("layout", self.label.view.layout_state())
        self.mesh.close()
        self.label.close()
        self.export.close()
        self.mesh_exports.close()
        self.tracks.close()
        self.worth.close()
        self._actions.disconnect_from(self._actions.connected - self._commands_before)
        self.background.close()
        self._long_steps.close()
        self.services.close()
        self.session.close()

    def _go_to_last_frame(self) -> None:
        """Go on where the project was left, if that video is still in it."""
        last = remembered.place(self.session.settings, self.session.project.path)
        if last is not None and self.label.videos.get(last.video) is not None:
            self.label.go_to(last)

    def summary(self) -> str:
        """A line about the project for the start page."""
        labels = self.session.project.labels.count()
        waiting = self.session.project.suggestions.count_open()
        parts = [pieces.count(labels, "label") if labels else "no labels yet"]
        if waiting:
            parts.append(f"{pieces.count(waiting, 'frame')} to answer")
        return " · ".join(parts)

    # -- wiring ------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.label.hovered.connect(self._window.show_position)
        self.label.said.connect(self._say_undoable)
        self.label.hinted.connect(self._window.toast)
        self.label.failed.connect(self._say_failure)
        self.train.failed.connect(self._say_failure)
        self.train.said.connect(self._window.toast)
        self.train.frame_wanted.connect(self._open_frame)
        self.suggest.said.connect(self._window.toast)
        self.suggest.offered.connect(self._offer_frames)
        self.tracks.said.connect(self._say_undoable)
        self.tracks.hinted.connect(self._window.toast)
        self.export.said.connect(self._window.toast)
        self.mesh.said.connect(self._window.toast)
        self.mesh.hinted.connect(self._window.toast)
        self.mesh.failed.connect(self._say_failure)
        self.mesh.offered.connect(self._offer_frames)
        self.mesh_exports.said.connect(self._window.toast)
        self.mesh_exports.failed.connect(self._say_failure)
        self.services.jobs.subscribe(self.mesh.job_changed)
        self.label.view.canvas.set_options(**remembered.drawn(self.session.settings))
        connect = self._actions.connect_to
        connect_label_commands(self._actions, self.label, self.session)
        self.mesh.connect_commands()
        for command in ("fit", "zoom_in", "zoom_out"):
            connect(command, partial(self._on_canvas, command), self._no_video)
        self.train.connect_commands(self._actions, lambda: self.label.videos.current)
        history = self.session.history
        connect("undo", self.undo, lambda: "" if history.undo_text else "Nothing to undo")
        connect("redo", self.redo, lambda: "" if history.redo_text else "Nothing to redo")
        connect("save", self._say_saved)
        connect("edit_skeleton", self.edit_skeleton, self._read_only)
        connect("workspace_label", lambda: self._window.show_page(LABEL))
        connect("workspace_train", lambda: self._window.show_page(TRAIN))
        connect("workspace_mesh", self._show_mesh)
        connect("workspace_export", self._show_export)

    def _changed(self, changes: Changes) -> None:
        self.label.changed(changes)
        if self._turning and len(changes.frames) == 1:
            self.label.go_to(*changes.frames)  # so that nothing changes unseen
        self.mesh.changed(changes)
        self.train.changed(changes)
        self.export.changed(changes)
        self.suggest.changed(changes)
        self.worth.changed(changes)
        self.tracks.changed(changes)
        self._show_saved()
        self._actions.refresh()

    # -- commands ----------------------------------------------------------------------------

    def bring_in(self, path: Path, imported: Imported) -> None:
        """Add what was read from another tool's files, as one edit."""
        self._long_steps.take(
            f"Bringing in {path.name}",
            partial(bring_in, path=path, imported=imported),
            self._brought_in,
            partial(self._not_done, "Not imported"),
        )

    def _brought_in(self, summary: ImportSummary) -> None:
        self._say_undoable(
            f"Imported {pieces.count(summary.labels, 'label')} "
            f"in {pieces.count(summary.frames, 'frame')}"
        )
        if summary.notes:
            self._window.banner("import", "warning", "Imported", "\n".join(summary.notes[:8]))

    def _not_done(self, title: str, problem: BaseException) -> None:
        if not isinstance(problem, PoseAppError):
            raise problem
        self._window.banner("edit", "danger", title, str(problem))

    def undo(self) -> None:
        history = self.session.history
        if history.undo_is_long:
            text = f"Undoing: {history.undo_text}"
            failed = partial(self._not_done, "Not undone")
            self._long_steps.take(text, History.undo, self._say_undone, failed)
        else:
            self._say_undone(self._turned(history.undo))

    def redo(self) -> None:
        history = self.session.history
        if history.redo_is_long:
            text = f"Doing again: {history.redo_text}"
            failed = partial(self._not_done, "Not done again")
            self._long_steps.take(text, History.redo, self._say_redone, failed)
        else:
            self._say_redone(self._turned(history.redo))

    def _say_undone(self, done: str | None) -> None:
        if done:
            caps = self._actions.caps("redo")
            self._window.toast(f"Undone: {done}", "undo-2", f"Redo {caps}", self.redo)

    def _say_redone(self, done: str | None) -> None:
        if done:
            caps = self._actions.caps("undo")
            self._window.toast(f"Done again: {done}", "redo-2", f"Undo {caps}", self.undo)

    def _turned(self, turn: Callable[[], str | None]) -> str | None:
        self._turning = True
        try:
            return turn()
        finally:
            self._turning = False

    def _open_frame(self, ref: FrameRef) -> None:
        self._window.show_page(LABEL)
        self.label.go_to(ref)
        self.label.view.focus_canvas()

    def _show_mesh(self) -> None:
        self._window.show_page(MESH)
        self.mesh.open()

    def _on_canvas(self, verb: str) -> None:
        """Zoom the canvas that is in front."""
        mesh = self.mesh.view
        canvas = mesh.canvas if mesh.isVisible() else self.label.view.canvas
        getattr(canvas, verb)()

    def _no_video(self) -> str:
        return "" if self.label.videos.current else "Add a video first."

    def _show_export(self) -> None:
        self._window.show_page(EXPORT)
        self.export.shown()

    def edit_skeleton(self) -> None:
        """Change names, bones, pairs and parts; labels keep their points."""
        project = self.session.project
        dialog = SkeletonEditor(
            project.skeleton, self._window, pose=self._usual_pose(), labels=project.labels.count()
        )
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.session.history.do(ChangeSkeleton(dialog.result_skeleton))
            self._say_undoable("Changed the skeleton")

    def _usual_pose(self) -> NDArray[np.float64] | None:
        """The pose on the frame that is shown, to draw the skeleton as."""
        for body in self.label.editing.bodies:
            if bool(body.instance.present.all()):
                return body.instance.points
        return None

    # -- messages ----------------------------------------------------------------------------

    def _say_undoable(self, sentence: str) -> None:
        caps = self._actions.caps("undo")
        self._window.toast(sentence, "", f"Undo {caps}", self.undo)

    def _offer_frames(self, sentence: str) -> None:
        def open_first() -> None:
            self._window.show_page(LABEL)
            self.label.queue.open_current()

        self._window.toast(sentence, "sparkles", "Open the first", open_first)

    def _say_failure(self, sentence: str) -> None:
        self._window.banner("failure", "danger", sentence)

    def _say_saved(self) -> None:
        self._window.toast("Every edit is saved as it is made", "check")

    def _show_saved(self) -> None:
        read_only = self.session.project.read_only
        self._window.show_saved("Read only" if read_only else "All edits saved")

    def _read_only(self) -> str:
        return "The project is open for reading only." if self.session.project.read_only else ""

    def _keep_cover(self) -> None:
        """Keep what the canvas shows as the picture of the project on the start page."""
        canvas = self.label.view.canvas
        if canvas.has_picture() and not self.session.project.read_only:
            file: Path = cover(self.session.project.path)
            file.parent.mkdir(exist_ok=True)
            picture = canvas.grab().scaledToWidth(_COVER_WIDTH)
            picture.save(str(file))
