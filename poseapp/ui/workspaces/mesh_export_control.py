"""Exports of meshes, from the Mesh and from the Export workspace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QFileDialog, QWidget

from poseapp.app.exchange_jobs import DISK, ExportMeshes
from poseapp.app.jobs import Job, JobRunner
from poseapp.app.mesh_export import KINDS, MeshSummary
from poseapp.app.session import Session
from poseapp.domain.errors import PoseAppError
from poseapp.domain.video import Video
from poseapp.media.mesh_paint import Paint
from poseapp.ui.panels import pieces
from poseapp.ui.panels.mesh_exports import MeshExports


class MeshExportControl(QObject):
    """Asks where to, has a worker write it, and says what came of it; one at a time."""

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        video: Callable[[], Video | None],
        paint: Callable[[], Paint],
        views: tuple[MeshExports, ...],
    ) -> None:
        """`video` is the open one; `paint` is how films show the meshes."""
        super().__init__(views[0])
        self._session = session
        self._jobs = jobs
        self._video = video
        self._paint = paint
        self._views = views
        self._job: Job | None = None
        self._closed = False
        for view in views:
            view.wanted.connect(partial(self._ask, view))
            view.stop_wanted.connect(self._stop)

    def export(self, kind: str, out: Path) -> None:
        """Write the meshes of the open video; what was there is replaced only when all is well."""
        video = self._video()
        if video is None or self._job is not None:
            return
        request = ExportMeshes(self._session.project.path, video.id, kind, out, self._paint())
        self._job = self._jobs.start(
            "poseapp.app.exchange_jobs:export_meshes",
            request,
            name=f"Exporting {out.name}",
            device=DISK,
            on_progress=self._progress,
            on_done=self._done,
            on_stopped=partial(self._stopped, out),
            on_failed=self._not_done,
        )
        self._progress(0.0, "Starting")

    def close(self) -> None:
        """The project is closed: an export that runs ends by itself, and nobody is told."""
        self._closed = True

    def usual_place(self, kind: str) -> Path:
        """Beside the project, called after the video."""
        video, project = self._video(), self._session.project
        stem = Path(video.name).stem if video is not None else project.name
        name = f"{stem}_mesh{KINDS[kind].suffix}" if KINDS[kind].suffix else f"{stem}_{kind}"
        return project.path.parent / name

    def _ask(self, view: QWidget, kind: str) -> None:
        if self._job is not None:
            return
        path, _ = QFileDialog.getSaveFileName(
            view.window(), f"Where should it go? {KINDS[kind].title}", str(self.usual_place(kind))
        )
        if path:
            self.export(kind, Path(path))

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()

    def _progress(self, done: float, doing: str) -> None:
        if not self._closed:
            for view in self._views:
                view.show_progress(done, doing)

    def _done(self, summary: MeshSummary) -> None:
        people = pieces.count(summary.people, "person", "people")
        self._ended(self.said, f"Exported {people} to {Path(summary.path).name}; read back")

    def _stopped(self, out: Path) -> None:
        safe = f"{out.name} is untouched" if out.exists() else "nothing was written"
        self._ended(self.said, f"Stopped; {safe}")

    def _not_done(self, problem: PoseAppError) -> None:
        self._ended(self.failed, str(problem))

    def _ended(self, told: SignalInstance, sentence: str) -> None:
        self._job = None
        if self._closed:
            return
        for view in self._views:
            view.show_progress(None, "")
        told.emit(sentence)
