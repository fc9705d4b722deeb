"""Starts the window, and sees to it that it never dies in silence."""

from __future__ import annotations

import logging
import platform
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QApplication

from poseapp.app.settings import Settings
from poseapp.domain.errors import PoseAppError
from poseapp.ui import icons, theme
from poseapp.ui.studio import Studio

log = logging.getLogger(__name__)


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


def excepthook(
    show: Callable[[str, str, str], None],
) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """What Python calls for exceptions nobody caught: a sentence, and for bugs a report to copy.

    `show(title, detail, diagnostics)` puts it in front of the person.
    """

    def hook(
        kind: type[BaseException], problem: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        if isinstance(problem, PoseAppError):
            log.warning("%s", problem)
            show(str(problem), "", "")
            return
        text = "".join(traceback.format_exception(kind, problem, trace))
        log.error("unexpected: %s", text)
        show(
            "Something went wrong inside the program",
            f"{kind.__name__}: {problem}. Every edit up to now is saved.",
            diagnostics(text),
        )

    return hook


def diagnostics(text: str) -> str:
    """A report of this machine and of what happened, to paste into a bug report."""
    from importlib.metadata import version

    lines = (
        f"poseapp {version('poseapp')}",
        f"Python {platform.python_version()}, Qt {qVersion()}, {platform.platform()}",
        text.strip(),
    )
    return "\n".join(lines)


def _application() -> QApplication:
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    app.setApplicationName("poseapp")
    app.setApplicationDisplayName("poseapp")
    app.setDesktopFileName("poseapp")
    return app
