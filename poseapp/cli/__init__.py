"""The command line: the same services as the window, without one.

Each command collects a document and the lines that say the same to a person. With `--json` the
document goes to standard output, and nothing else does; progress and notes go to standard error.
"""

from poseapp.cli import (
    learning,
    meshes,
    projects,
    synthetic,
    window,
)  # each adds its commands to `main`
from poseapp.cli.command import main

__all__ = ["learning", "main", "meshes", "projects", "synthetic", "window"]
