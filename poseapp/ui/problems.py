"""Problems nobody caught: a sentence for the person, and for bugs a report to copy."""

from __future__ import annotations

import logging
import platform
import traceback
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QApplication

from poseapp.domain.errors import PoseAppError

log = logging.getLogger(__name__)


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
