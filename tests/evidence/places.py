"""Where evidence is written: pages that are kept, work that can be continued, and progress."""

from __future__ import annotations

import sys
from pathlib import Path

from poseapp.domain.report import SilentReport

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "evidence"
WORK = ROOT / "out"
"""Finished trials and trainings; not part of the project."""


class OneLine(SilentReport):
    """Progress on standard error."""

    def __init__(self) -> None:
        self._shown = ""

    def progress(self, done: float, text: str = "") -> None:
        line = f"{100 * done:5.1f} %  {text}"
        if line != self._shown:
            self._shown = line
            sys.stderr.write(f"\r{line:70}")
            sys.stderr.flush()
