"""Pictures of the window, drawn without a display: for the demo on machines that have none."""

from __future__ import annotations

import os
import time
from pathlib import Path


def portraits(project: Path, out: Path) -> tuple[Path, ...]:
    """Open a project off screen and keep a picture of each workspace in the folder."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from poseapp.app.settings import Settings
    from poseapp.ui import theme
    from poseapp.ui.studio import Studio

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    settings = Settings(out / "settings.json")
    theme.apply(app, "dark")
    studio = Studio(settings)
    studio.window.resize(1440, 900)
    studio.window.show()
    studio.open_project(project)
    taken = []
    for name in ("label", "train", "export"):
        studio.actions[f"workspace_{name}"].trigger()
        _let_it_work(1.5)
        path = out / f"window_{name}.png"
        studio.window.grab().save(str(path))
        taken.append(path)
    studio.window.close()
    return tuple(taken)


def _let_it_work(seconds: float) -> None:
    from PySide6.QtCore import QCoreApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QCoreApplication.processEvents()
        time.sleep(0.01)
