"""Which files the file dialogs offer, and what a dropped one most likely is."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QStandardPaths

FILMS = "Videos (*.mp4 *.avi *.mov *.mkv *.m4v *.webm *.mpg *.mpeg *.wmv *.flv);;All files (*)"
LABELS = "Labels (*.slp *.json *.csv *.h5 *.yaml);;All files (*)"
PROJECT = ".pose"

_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}
_FOREIGN = {".slp", ".json", ".csv", ".h5", ".hdf5", ".yaml"}


def is_project(path: Path) -> bool:
    """Whether it is a project's folder."""
    return path.suffix == PROJECT and path.is_dir()


def is_video(path: Path) -> bool:
    """Whether a file or folder is to be looked at, not read as another tool's labels."""
    if not path.is_dir():
        return path.suffix.lower() not in _FOREIGN
    inside = [child for child in path.iterdir() if child.is_file()]
    return bool(inside) and all(child.suffix.lower() in _PICTURES for child in inside)


def place_for(source: Path) -> Path:
    """The folder for a new project: beside its source where that can be written."""
    if source.exists() and os.access(source.parent, os.W_OK):
        return source.parent
    documents = QStandardPaths.StandardLocation.DocumentsLocation
    return Path(QStandardPaths.writableLocation(documents) or Path.home())
