"""Starting the window the way the command line does."""

import sys

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from poseapp.ui.app import run
from tests.ui import fakes


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """Settings of their own, and the excepthook as it was."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


def when_shown(see):
    """Look at the window once it is there, then close it."""

    def look():
        (window,) = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        see(window)
        window.close()

    QTimer.singleShot(200, look)


def test_it_starts_with_the_start_page(qapp, at_home):
    titles = []
    when_shown(lambda window: titles.append(window.windowTitle()))
    assert run(None) == 0
    assert titles == ["poseapp"]


def test_it_starts_on_a_project(qapp, at_home, tmp_path):
    with fakes.make_session(tmp_path) as session:
        project = session.project.path
    titles = []
    when_shown(lambda window: titles.append(window.windowTitle()))
    assert run(project) == 0
    assert titles == ["walk – poseapp"]
