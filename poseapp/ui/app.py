"""Starts the window, and sees to it that it never dies in silence."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from poseapp.app.settings import Settings
from poseapp.ui import icons, theme
from poseapp.ui.problems import excepthook
from poseapp.ui.studio import Studio


def run(project: Path | None, *, video: Path | None = None) -> int:
    """Show the window, on a project or on a video where one is named, until it is closed."""
    app = _application()
    settings = Settings()
    theme.apply(app, settings.get("theme", "dark"))
    app.setWindowIcon(icons.logo(64))
    studio = Studio(settings)
    sys.excepthook = excepthook(studio.show_problem)
    studio.window.show()
    if project is not None:
        studio.open_project(project)
    elif video is not None:
        studio.new_from_videos([video])
    return app.exec()


def _application() -> QApplication:
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("poseapp")
    app.setApplicationDisplayName("poseapp")
    app.setDesktopFileName("poseapp")
    return app
