"""The file of first weights that comes with the program; named where no net is loaded."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable


def initialisation_file() -> Traversable | None:
    """What `trained.save_initialisation` wrote; None where none is shipped."""
    file = files("poseapp.resources") / "models" / "matal.safetensors"
    return file if file.is_file() else None


def initialisation_digest() -> str:
    """Which first weights are shipped; empty where there are none."""
    file = initialisation_file()
    return "" if file is None else hashlib.sha256(file.read_bytes()).hexdigest()
