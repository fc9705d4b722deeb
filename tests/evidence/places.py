"""Where evidence is written: pages that are kept, and work that can be continued."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
PAGES = _ROOT / "docs" / "evidence"
WORK = _ROOT / "out"
"""Finished trials and trainings; not part of the project."""
