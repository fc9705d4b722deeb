"""The projects that were opened last, with a picture and a line about each."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from PySide6.QtGui import QPixmap

from poseapp.app.settings import Settings
from poseapp.ui.tables.rows import Row

_KEPT = 12
_COVER = "cover.jpg"


class RecentProjects:
    """Kept in the settings; the pictures lie in the projects' caches."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def paths(self) -> list[str]:
        """Newest first, those that are still there."""
        return [path for entry in self._entries() if Path(path := entry["path"]).is_dir()]

    def remember(self, path: Path, detail: str, now: datetime) -> None:
        """Put a project on top with a line about what is in it."""
        entry = {"path": str(path), "detail": detail, "when": now.isoformat(timespec="minutes")}
        others = [e for e in self._entries() if e["path"] != str(path)]
        self._settings.set("recent_projects", [entry, *others][:_KEPT])

    def rows(self, now: datetime) -> list[Row]:
        """As the start page shows them, keyed by path."""
        there = set(self.paths())
        return [self._row(entry, now) for entry in self._entries() if entry["path"] in there]

    def _row(self, entry: dict[str, str], now: datetime) -> Row:
        path = Path(entry["path"])
        picture = QPixmap(str(cover(path)))
        when = _day(datetime.fromisoformat(entry["when"]), now.date())
        detail = " · ".join(part for part in (entry["detail"], when) if part)
        return Row(
            path,
            path.stem,
            detail,
            right=_short(path),
            picture=None if picture.isNull() else picture,
            tone="text2",
        )

    def _entries(self) -> list[dict[str, str]]:
        return list(self._settings.get("recent_projects", []))


def cover(project: Path) -> Path:
    """Where the picture of a project lies."""
    return project / "cache" / _COVER


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def _day(when: datetime, today: date) -> str:
    days = (today - when.date()).days
    if days == 0:
        return f"today {when:%H:%M}"
    if days == 1:
        return "yesterday"
    return f"{when.day} {when:%B}" if when.year == today.year else f"{when.day} {when:%B %Y}"
