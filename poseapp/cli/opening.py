"""Opening the window from the command line."""

from __future__ import annotations

import sys
from pathlib import Path

import click


def open_window(project: Path | None = None, video: Path | None = None) -> None:
    """Open the window and end the program with it."""
    from poseapp.app.doctor import has_display

    if not has_display():
        raise click.ClickException(
            "There is no display, so the window cannot open. Use the commands (poseapp --help), or "
            "connect with a display."
        )
    from poseapp.ui.app import run

    sys.exit(run(project, video=video))
