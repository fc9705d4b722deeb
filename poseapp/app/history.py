"""History: the only door to the labels. Whatever goes through it can be undone, for ever."""

from __future__ import annotations

from collections.abc import Callable

from poseapp.app import bring_in  # noqa: F401 - a journal may hold its command
from poseapp.app.changes import Changes
from poseapp.app.commands import Command
from poseapp.domain.errors import ProjectError
from poseapp.store.codec import from_json, to_json
from poseapp.store.journal import Entry
from poseapp.store.project import Project


class History:
    """Does commands and turns them round; the edit and its journal row are one transaction."""

    def __init__(self, project: Project, changed: Callable[[Changes], None]) -> None:
        self._project = project
        self._changed = changed

    def do(self, command: Command) -> Command:
        """Do an edit; it is on the disk when this returns.

        Returns:
            the command that turns it round, which carries the numbers of what was made.

        Raises:
            PoseAppError: when it cannot be done; then nothing has changed.
        """
        with self._project.atomic():
            changes, inverse = command.apply(self._project)
            self._project.journal.add(command.text, to_json(inverse))
        self._changed(changes)
        return inverse

    def undo(self) -> str | None:
        """Turn the last edit round; returns what it was, None when there is none."""
        return self._turn(self._project.journal.to_undo())

    def redo(self) -> str | None:
        """Do again what was undone last; returns what it was, None when there is none."""
        return self._turn(self._project.journal.to_redo())

    @property
    def undo_text(self) -> str | None:
        """What `undo` would turn round."""
        entry = self._project.journal.to_undo()
        return entry and entry.text

    @property
    def redo_text(self) -> str | None:
        """What `redo` would do again."""
        entry = self._project.journal.to_redo()
        return entry and entry.text

    def _turn(self, entry: Entry | None) -> str | None:
        if entry is None:
            return None
        command = _stored(entry)
        with self._project.atomic():
            changes, inverse = command.apply(self._project)
            self._project.journal.turn(entry, to_json(inverse))
        self._changed(changes)
        return entry.text


def _stored(entry: Entry) -> Command:
    try:
        return from_json(Command, entry.command)
    except (ValueError, TypeError, KeyError) as why:
        raise ProjectError(
            f"The step {entry.text!r} cannot be turned round: what was kept of it is damaged. "
            "All labels are as they were."
        ) from why
