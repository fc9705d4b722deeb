"""Bringing in another tool's labels: looking into the files, asking, and doing it as a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from poseapp.app.exchange_jobs import DISK, Found, Look, MakeProject, Prepare
from poseapp.app.jobs import Job, JobRunner
from poseapp.app.keypoint_mapping import Names
from poseapp.domain.errors import PoseAppError
from poseapp.store.project import Project
from poseapp.ui.dialogs.import_dialog import ImportDialog
from poseapp.ui.main_window import MainWindow

if TYPE_CHECKING:
    from poseapp.app.exchange import ImportSummary
    from poseapp.formats.base import Imported

_TASKS = "poseapp.app.exchange_jobs"


class ImportControl(QObject):
    """One import at a time; reading and writing run in the worker for files."""

    read = Signal(object, object, object)
    """(the Project it was read for, path, Imported): ready to be brought in"""
    made = Signal(object)
    """ImportSummary of a new project."""

    def __init__(self, jobs: JobRunner, window: MainWindow) -> None:
        super().__init__(window)
        self._jobs = jobs
        self._window = window
        self.dialog: ImportDialog | None = None

    def start(self, path: Path, project: Project | None) -> None:
        """Look into a file or folder, and ask what is to become of it."""
        writable = project if project is not None and not project.read_only else None
        offered = None if writable is None else (writable.name, writable.skeleton)
        dialog = self.dialog = ImportDialog(path, offered, self._window)
        job = self._look(path, dialog, project)

        def closed(accepted: int) -> None:
            self.dialog = None
            job.stop()
            if accepted:
                self._go_on(path, dialog, writable)
            dialog.deleteLater()

        dialog.finished.connect(closed)
        dialog.open()

    def _look(self, path: Path, dialog: ImportDialog, project: Project | None) -> Job:
        def is_open() -> bool:
            return self.dialog is dialog

        def done(found: Found) -> None:
            if is_open():
                dialog.show_found(found)

        def progress(part: float, doing: str) -> None:
            if is_open():
                dialog.show_progress(part, doing)

        def failed(problem: PoseAppError) -> None:
            if is_open():
                dialog.show_failure(str(problem))

        return self._jobs.start(
            f"{_TASKS}:look",
            Look(path, None if project is None else project.cache_folder),
            name=f"Reading {path.name}",
            device=DISK,
            on_done=done,
            on_progress=progress,
            on_failed=failed,
        )

    def _go_on(self, path: Path, dialog: ImportDialog, into: Project | None) -> None:
        if dialog.project is not None:
            self._make(path, dialog.project, dialog.names)
        elif into is not None:
            self._prepare(path, into, dialog.names)

    def _make(self, path: Path, place: Path, names: Names) -> None:
        self._start("make_project", MakeProject(path, place, names), path, self._made)

    def _prepare(self, path: Path, project: Project, names: Names) -> None:
        request = Prepare(path, project.path, project.cache_folder, names)

        def done(imported: Imported) -> None:
            self.read.emit(project, path, imported)

        self._start("prepare", request, path, done)

    def _start(self, task: str, request: object, path: Path, done: Callable[[Any], None]) -> None:
        self._jobs.start(
            f"{_TASKS}:{task}",
            request,
            name=f"Importing {path.name}",
            device=DISK,
            on_done=done,
            on_stopped=lambda: self._window.toast("Stopped; nothing was imported"),
            on_failed=self._failed,
        )

    def _made(self, summary: ImportSummary) -> None:
        self.made.emit(summary)

    def _failed(self, problem: PoseAppError) -> None:
        self._window.banner("import", "danger", "Not imported", str(problem))
