"""The journal: for every edit the command that turns it round, kept with the project."""

from __future__ import annotations

from dataclasses import dataclass

from poseapp.store.database import Database


@dataclass(frozen=True, slots=True)
class Entry:
    """One edit: what a person calls it, and the stored command that undoes or redoes it."""

    id: int
    text: str
    command: str


_LAST = "undone = 0 ORDER BY id DESC"
_NEXT = "undone = 1 ORDER BY id"


class Journal:
    """A line of edits with a mark in it: before it those to undo, after it those to redo."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, text: str, command: str) -> None:
        """Append an edit at the mark; what could be redone is forgotten."""
        self._database.change("DELETE FROM journal WHERE undone = 1")
        self._database.change("INSERT INTO journal (text, command) VALUES (?, ?)", (text, command))

    def to_undo(self) -> Entry | None:
        """The edit before the mark."""
        return self._entry(_LAST)

    @property
    def mark(self) -> int | None:
        """The number of that edit."""
        return self._database.value(f"SELECT id FROM journal WHERE {_LAST} LIMIT 1")

    def is_done(self, edit: int) -> bool:
        """Whether that edit was neither undone nor forgotten since."""
        asked = "SELECT COUNT(*) FROM journal WHERE id = ? AND undone = 0"
        return bool(self._database.value(asked, (edit,)))

    @property
    def undo_text(self) -> str | None:
        """What that edit is called; asked often, so its command, perhaps megabytes, stays there."""
        return self._text(_LAST)

    def to_redo(self) -> Entry | None:
        """The edit after the mark."""
        return self._entry(_NEXT)

    @property
    def redo_text(self) -> str | None:
        """What that edit is called."""
        return self._text(_NEXT)

    def turn(self, entry: Entry, command: str) -> None:
        """Move the mark over an edit, which `command` turns round from now on."""
        self._database.change(
            "UPDATE journal SET undone = 1 - undone, command = ? WHERE id = ?", (command, entry.id)
        )

    def rewrite(self, entry: Entry, command: str) -> None:
        """From now on `command` turns that edit round."""
        self._database.change("UPDATE journal SET command = ? WHERE id = ?", (command, entry.id))

    def _text(self, which: str) -> str | None:
        return self._database.value(f"SELECT text FROM journal WHERE {which} LIMIT 1")

    def _entry(self, which: str) -> Entry | None:
        row = self._database.row(f"SELECT id, text, command FROM journal WHERE {which} LIMIT 1")
        return None if row is None else Entry(*row)
