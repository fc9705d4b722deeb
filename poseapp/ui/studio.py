"""The program around the projects: opens and closes them, and does what needs none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from poseapp.app.jobs import JobRunner
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.errors import PoseAppError
from poseapp.domain.skeleton import Skeleton
from poseapp.ui import theme
from poseapp.ui.actions import Actions
from poseapp.ui.bridge import Background, MainThread
from poseapp.ui.dialogs.command_palette import CommandPalette
from poseapp.ui.dialogs.files import FILMS, LABELS, is_project, is_video
from poseapp.ui.dialogs.new_project import NewProjectDialog
from poseapp.ui.dialogs.shortcut_editor import ShortcutEditor
from poseapp.ui.main_window import MainWindow
from poseapp.ui.panels import pieces
from poseapp.ui.panels.top_bar import fill_recent
from poseapp.ui.problems import diagnostics
from poseapp.ui.shortcuts import Keymap
from poseapp.ui.workspaces.job_control import JobControl
from poseapp.ui.workspaces.recent import RecentProjects
from poseapp.ui.workspaces.start import StartPage

if TYPE_CHECKING:
    from poseapp.app.exchange import ImportSummary
    from poseapp.formats.base import Imported
    from poseapp.store.project import Project
    from poseapp.ui.workspaces.desk import Desk  # needs the decoders: loaded with a project
    from poseapp.ui.workspaces.import_control import ImportControl

log = logging.getLogger(__name__)

_TO_STOP_MS = 1500


class Studio(QObject):
    """Owns the window and at most one open project."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = datetime.now) -> None:
        super().__init__()
        self._settings = settings
        self._now = now
        self._post = MainThread()
        self._background = Background(self._post.post)
        keymap = Keymap(settings.get("shortcuts"), partial(settings.set, "shortcuts"))
        self.actions = Actions(keymap, self)
        self.window = MainWindow(self.actions, settings)
        self.recent = RecentProjects(settings)
        self.desk: Desk | None = None
        self.files = JobRunner(self._post.post, threads=1)
        """Reads and writes other tools' files, with or without an open project."""
        self._imports: ImportControl | None = None
        self._jobs = JobControl(self.window.jobs, self)
        self._jobs.watch(self.files, tell_failures=False)
        self._diagnostics = ""
        self._connect()
        self.show_start()

    # -- projects ----------------------------------------------------------------------------

    def show_start(self) -> None:
        """Show the page without a project."""
        page = StartPage(self.actions, version("poseapp"))
        page.show_recent(self.recent.rows(self._now()))
        page.way_chosen.connect(self._way_chosen)
        page.project_chosen.connect(self.open_project)
        self.window.top.show_project(None)
        self.window.show_saved("")
        self.window.set_pages([page])
        fill_recent(self.window.top.recent_menu, self.recent.paths(), self._open_recent)

    def open_project(self, path: Path) -> None:
        """Open a project in place of the one that is open."""
        if self.desk is not None and self.desk.session.project.path == path.absolute():
            return
        try:
            session = Session.open(path, settings=self._settings)
        except PoseAppError as problem:
            self.window.banner("open", "danger", str(problem))
            return
        self._begin(session)

    def new_from_videos(self, paths: list[Path]) -> None:
        """Ask for a name and a skeleton, and make a project with these videos."""
        dialog = NewProjectDialog(paths, self.window)
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        if session := self._created(dialog.folder, dialog.skeleton):
            self._begin(session)
            if self.desk is not None:
                self.desk.label.videos.add(paths)

    def import_from(self, path: Path) -> None:
        """Look into another tool's files, and bring them in after a look at what was found."""
        from poseapp.ui.workspaces.import_control import ImportControl

        if self._imports is None:
            self._imports = ImportControl(self.files, self.window)
            self._imports.read.connect(self._bring_in)
            self._imports.made.connect(self._imported)
        self._imports.start(path, None if self.desk is None else self.desk.session.project)

    def _bring_in(self, project: Project, path: Path, imported: Imported) -> None:
        if self.desk is not None and self.desk.session.project is project:
            self.desk.bring_in(path, imported)

    def _imported(self, summary: ImportSummary) -> None:
        self.open_project(Path(summary.project))
        self.window.toast(f"Imported {pieces.count(summary.labels, 'label')}", "check")
        if summary.notes:
            self.window.banner("import", "warning", "Imported", "\n".join(summary.notes[:8]))

    def try_demo(self) -> None:
        """Make the demo project where it is not yet, and open it."""
        from poseapp.app.demo import make_demo  # reads and writes films, so it loads slowly

        self.window.toast("Making the demo project")
        self._background.run("demo", make_demo, self.open_project)

    def close_project(self) -> None:
        """Close what is open and show the start page."""
        if self._end():
            self.show_start()

    def _created(self, folder: Path, skeleton: Skeleton) -> Session | None:
        try:
            return Session.create(folder, skeleton, self._settings)
        except PoseAppError as problem:
            self.window.banner("open", "danger", str(problem))
            return None

    def _begin(self, session: Session) -> None:
        from poseapp.ui.workspaces.desk import Desk

        self._end()
        self.window.drop_banner("open")
        desk = self.desk = Desk(session, self._post, self.actions, self.window, self.files)
        self._jobs.watch(desk.services.jobs, tell_failures=True)
        self.window.set_pages(desk.pages)
        self.window.top.show_project(session.project.path.name)
        self.window.setWindowTitle(f"{session.project.name} – poseapp")
        desk.start()
        self.recent.remember(session.project.path, desk.summary(), self._now())
        desk.label.view.focus_canvas()

    def _end(self) -> bool:
        """Close the open project, if there is one; whether there was."""
        desk, self.desk = self.desk, None
        if desk is None:
            return False
        self.recent.remember(desk.session.project.path, desk.summary(), self._now())
        desk.close()
        self._jobs.forget(desk.services.jobs)
        self.window.drop_banners()
        self.window.setWindowTitle("poseapp")
        self.window.show_position("")
        desk.deleteLater()
        return True

    # -- commands ----------------------------------------------------------------------------

    def _connect(self) -> None:
        connect = self.actions.connect_to
        connect("new", self.ask_for_new)
        connect("open", self.ask_for_project)
        connect("import", self.ask_for_import)
        connect("close", self.close_project, lambda: "" if self.desk else "No project is open.")
        connect("quit", self._quit)
        connect("find_command", self._find_command)
        connect("show_shortcuts", self._show_shortcuts)
        connect("full_screen", self._full_screen)
        connect("copy_diagnostics", self._copy_diagnostics)
        for name in theme.THEMES:
            connect(f"theme_{name}", partial(self.use_theme, name))
        self.window.dropped.connect(self.dropped)
        self.window.close_wanted.connect(self._closing)
        self._jobs.failed.connect(self._job_failed)
        self.actions.refresh()

    def ask_for_new(self) -> None:
        """Let the person choose films for a new project."""
        paths, _ = QFileDialog.getOpenFileNames(
            self.window, "Which videos should the project have?", "", FILMS
        )
        if paths:
            self.new_from_videos([Path(path) for path in paths])

    def ask_for_project(self) -> None:
        """Let the person choose a project folder."""
        folder = QFileDialog.getExistingDirectory(self.window, "Open a project (a .pose folder)")
        if folder:
            self.open_project(Path(folder))

    def ask_for_import(self) -> None:
        """Let the person choose another tool's file."""
        path, _ = QFileDialog.getOpenFileName(
            self.window,
            "Import labels",
            "",
            LABELS,
        )
        if path:
            self.import_from(Path(path))

    def dropped(self, paths: list[Path]) -> None:
        """A project is opened, films and pictures are added, anything else is looked into."""
        projects = [path for path in paths if is_project(path)]
        if projects:
            self.open_project(projects[0])
        elif all(is_video(path) for path in paths):
            if self.desk is not None:
                self.desk.label.videos.add(paths)
            else:
                self.new_from_videos(paths)
        else:
            self.import_from(paths[0])

    def use_theme(self, name: str) -> None:
        """Show the dark or the light theme, or follow the system."""
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, name)
            self._settings.set("theme", name)

    def show_problem(self, title: str, detail: str, diagnostics: str) -> None:
        """Put something that went wrong in front of the person, with a report to copy."""
        buttons = (("Copy diagnostics", self._copy_diagnostics),) if diagnostics else ()
        self._diagnostics = diagnostics or self._diagnostics
        self.window.banner("problem", "danger", title, detail, buttons)

    def _copy_diagnostics(self) -> None:
        QGuiApplication.clipboard().setText(self._diagnostics or diagnostics("No error was met."))
        self.window.toast("Copied the diagnostics", "copy")

    def _find_command(self) -> None:
        palette = CommandPalette(self.actions, self.window)
        palette.finished.connect(palette.deleteLater)
        palette.open_over(self.window)

    def _show_shortcuts(self) -> None:
        editor = ShortcutEditor(self.actions.keymap, self.window)
        if editor.exec() == QDialog.DialogCode.Accepted:
            self.actions.renew_keys()
            self.actions.refresh()
        editor.deleteLater()

    def _full_screen(self) -> None:
        if self.window.isFullScreen():
            self.window.showNormal()
        else:
            self.window.showFullScreen()

    def _way_chosen(self, way: str) -> None:
        ways = {
            "new": self.ask_for_new,
            "open": self.ask_for_project,
            "import": self.ask_for_import,
            "demo": self.try_demo,
        }
        ways[way]()

    def _open_recent(self, path: str) -> None:
        self.open_project(Path(path))

    def _quit(self) -> None:
        self.window.close()

    def _job_failed(self, name: str, sentence: str, diagnostics: str) -> None:
        self.show_problem(f"{name} stopped", sentence, diagnostics)

    def _closing(self) -> None:
        self._end()
        self._stop_files()
        self._background.close()

    def _stop_files(self) -> None:
        """Let what writes files take back what it began, for a moment."""
        for job in self.files.jobs:
            job.stop()
        end = QDeadlineTimer(_TO_STOP_MS)
        while self.files.jobs and not end.hasExpired():
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents, 50)
        self.files.shutdown()
