"""Settings: what a person chose for this machine, in one JSON file."""

from __future__ import annotations

import json
import logging
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from poseapp.domain.errors import PoseAppError

log = logging.getLogger(__name__)

DEFAULTS: dict[str, Any] = {
    "theme": "system",
    "shortcuts": {},
    "device": "auto",
    "threads": 0,
    "recent_projects": [],
    "suggest_after_training": True,
    "predict_shown": True,
}
"""What holds until a person chooses otherwise; 0 threads means one less than there are cores."""


class Settings:
    """A small dictionary on the disk. Keys that this program does not know are kept."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or user_config_path("poseapp") / "settings.json"
        self._chosen = self._read()

    def get(self, key: str, default: Any = None) -> Any:
        """What was chosen, else `default`, else the program's own default; a copy."""
        own = DEFAULTS.get(key) if default is None else default
        return deepcopy(self._chosen.get(key, own))

    def set(self, key: str, value: Any) -> None:
        """Choose, on the disk at once; what other windows chose meanwhile stays.

        Raises:
            PoseAppError: when the file cannot be written; the choice holds until the program ends.
        """
        self._chosen[key] = value
        self._chosen = self._read() | {key: value}
        try:
            self._write()
        except OSError as why:
            raise PoseAppError(
                f"The settings could not be kept in {self._file} ({why}). "
                "Check that the disk has room and lets you write."
            ) from why

    def _read(self) -> dict[str, Any]:
        try:
            chosen = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as why:
            log.warning("The settings in %s cannot be read (%s); defaults hold.", self._file, why)
            return {}
        return chosen if isinstance(chosen, dict) else {}

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._file.parent) as half:
            unfinished = Path(half) / self._file.name
            unfinished.write_text(json.dumps(self._chosen, indent=1), encoding="utf-8")
            unfinished.replace(self._file)
