"""The program around projects: start page, opening, closing, what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication

from poseapp.app.settings import Settings
from poseapp.domain.errors import PoseAppError, VideoUnreadableError
from poseapp.ui import theme
from poseapp.ui.problems import diagnostics, excepthook
from poseapp.ui.shortcuts import BY_ID
from poseapp.ui.studio import Studio
from poseapp.ui.workspaces.recent import RecentProjects
from tests.ui import fakes

NOW = datetime(2026, 3, 1, 14, 20, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "settings.json")


@pytest.fixture
def studio(qtbot, settings):
    made = Studio(settings, lambda: NOW)
    made.window.show()
    yield made
    made.window.close()
    made.window.deleteLater()


@pytest.fixture
def project(tmp_path) -> Path:
    with fakes.make_session(tmp_path) as session:
        fakes.label_frame(session, 3)
        return session.project.path


def test_the_window_loads_nothing_heavy():
    code = (
        "import sys, tempfile, json\n"
        "from pathlib import Path\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from poseapp.app.settings import Settings\n"
        "from poseapp.ui import theme\n"
        "from poseapp.ui.studio import Studio\n"
        "app = QApplication([])\n"
        "theme.apply(app, 'dark')\n"
        "studio = Studio(Settings(Path(tempfile.mkdtemp()) / 's.json'))\n"
        "studio.window.show()\n"
        "app.processEvents()\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": "/nonexistent", "PATH": ""},
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert "PySide6" in loaded
    heavy = {"torch", "onnxruntime", "matplotlib", "cv2", "h5py", "pyqtgraph"}
    assert loaded & heavy == set()


def test_a_project_opens_and_closes(studio, project):
    studio.open_project(project)
    assert studio.desk is not None
    assert studio.window.windowTitle() == "walk – poseapp"
    assert studio.actions["undo"].toolTip() == "Nothing to undo"
    studio.actions["close"].trigger()
    assert studio.desk is None
    assert studio.actions["undo"].toolTip() == "Open a project first."


def test_with_a_project_no_command_is_dead(studio, project):
    studio.open_project(project)
    assert studio.actions.connected == set(BY_ID)


def test_a_second_window_only_reads_and_says_so(studio, project, qtbot, settings):
    studio.open_project(project)
    second = Studio(settings, lambda: NOW)
    second.open_project(project)
    assert second.desk.session.project.read_only
    assert "read-only" in second.window._shown_banners
    assert second.actions["add_instance"].toolTip() == "The project is open for reading only."
    second.window.close()


def test_what_is_no_project_is_said_in_a_banner(studio, tmp_path):
    studio.open_project(tmp_path / "nothing.pose")
    assert studio.desk is None
    assert "open" in studio.window._shown_banners


def test_the_start_page_lists_what_was_open_last(studio, project, settings):
    studio.open_project(project)
    studio.close_project()
    (row,) = RecentProjects(settings).rows(NOW)
    assert (row.title, row.key) == ("walk", project)
    assert row.detail == "1 label · today 14:20"


def test_a_dropped_project_is_opened(studio, project):
    urls = QMimeData()
    urls.setUrls([QUrl.fromLocalFile(str(project))])
    event = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        urls,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    studio.window.dropEvent(event)
    assert studio.desk.session.project.path == project


def test_themes_are_kept(studio, settings, qapp):
    studio.actions["theme_light"].trigger()
    assert settings.get("theme") == "light"
    assert not theme.is_dark()
    studio.actions["theme_dark"].trigger()
    assert theme.is_dark()


def test_commands_are_found_by_typing(studio, qtbot):
    from poseapp.ui.dialogs.command_palette import CommandPalette

    palette = CommandPalette(studio.actions, studio.window)
    qtbot.addWidget(palette)
    qtbot.keyClicks(palette._field, "light th")
    assert [row.title for row in palette._list.rows] == ["Light theme"]
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert not theme.is_dark()


def test_changed_shortcuts_are_kept_and_conflicts_found(studio, settings, qtbot):
    from poseapp.ui.dialogs.shortcut_editor import ShortcutEditor

    editor = ShortcutEditor(studio.actions.keymap, studio.window)
    qtbot.addWidget(editor)
    editor._tree.setCurrentItem(editor._items["reject"])
    editor._change(("Space",))
    assert not editor._keep.isEnabled()
    assert "Skip for now" in editor._verdict.text()
    editor._change(("Ctrl+D",))
    assert editor._keep.isEnabled()
    editor._accept()
    assert settings.get("shortcuts") == {"reject": ["Ctrl+D"]}
    again = Studio(settings, lambda: NOW)
    assert again.actions.keymap.keys("reject") == ("Ctrl+D",)
    again.window.close()


def test_an_exception_nobody_caught_is_shown_with_a_report(studio):
    shown = []
    hook = excepthook(lambda *what: shown.append(what))
    try:
        _ = 1 / 0
    except ZeroDivisionError as problem:
        hook(type(problem), problem, problem.__traceback__)
    ((title, detail, report),) = shown
    assert title == "Something went wrong inside the program"
    assert "division by zero" in detail
    assert "Traceback" in report
    studio.show_problem(title, detail, report)
    studio.actions["copy_diagnostics"].trigger()
    assert QGuiApplication.clipboard().text() == report


def test_errors_a_person_can_act_on_are_said_as_they_are():
    shown = []
    problem: PoseAppError = VideoUnreadableError("a.mp4 cannot be read. Convert it.")
    excepthook(lambda *what: shown.append(what))(type(problem), problem, None)
    assert shown == [("a.mp4 cannot be read. Convert it.", "", "")]


def test_diagnostics_name_the_versions():
    report = diagnostics("what happened")
    assert "poseapp" in report
    assert "PySide6" in report or "Qt" in report
    assert report.endswith("what happened")


def test_where_the_window_and_its_panels_were_is_kept(studio, settings, project):
    studio.open_project(project)
    studio.desk.label.view.toggle_panels()
    studio.close_project()
    studio.window.keep_state()
    assert settings.get("window")["geometry"]
    studio.open_project(project)
    assert not any(dock.isVisible() for dock in studio.desk.label.view._docks)
    studio.actions["reset_layout"].trigger()
    assert all(dock.isVisible() for dock in studio.desk.label.view._docks)
