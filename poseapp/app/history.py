"""History: the only door to the labels. Whatever goes through it can be undone, for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from poseapp.app import bring_in  # noqa: F401 - a journal may hold its command
from poseapp.app.changes import Changes
from poseapp.app.commands import Batch, Command
from poseapp.domain.errors import ProjectError
from poseapp.store.codec import from_json, to_json
from poseapp.store.journal import Entry
from poseapp.store.project import Project

_LONG = 16_000
"""Characters of a stored command from which turning it round may take longer than a frame."""

Answer = TypeVar("Answer")


class History:
    """Does commands and turns them round; the edit and its journal row are one transaction."""

    def __init__(self, project: Project, changed: Callable[[Changes], None]) -> None:
        self.project = project
        self._changed = changed

    def aside(self, step: Callable[[History], Answer]) -> tuple[Answer, Changes]:
        """Take a long step in the calling thread, whichever that is.

        Args:
            step: does, undoes or redoes by the history it is given.

        Returns:
            what the step answered, and what it changed: nobody was told of that yet.

        Raises:
            PoseAppError: when it cannot be done; then nothing has changed.
        """
        told: list[Changes] = []
        with self.project.writer() as project:
            answer = step(History(project, told.append))
        return answer, Changes.merged(told)

    def do(self, command: Command) -> Command:
        """Do an edit; it is on the disk when this returns.

        Returns:
            the command that turns it round, which carries the numbers of what was made.

        Raises:
            PoseAppError: when it cannot be done; then nothing has changed.
        """
        with self.project.atomic():
            changes, inverse = command.apply(self.project)
            self.project.journal.add(command.text, to_json(inverse))
        self._changed(changes)
        return inverse

    @property
    def mark(self) -> int | None:
        """The edit that `undo` would turn round, for one that may `follow` it."""
        return self.project.journal.mark

    def follow(self, edit: int, command: Command) -> None:
        """Do what an edit brought about, so that both are undone as one.

        Where others came between, it is an edit of its own; where `edit` was undone, nothing is
        done.

        Raises:
            PoseAppError: when it cannot be done; then nothing has changed.
        """
        journal = self.project.journal
        if not journal.is_done(edit):
            return
        first = journal.to_undo()
        if first is None or first.id != edit:
            self.do(command)
            return
        with self.project.atomic():
            changes, inverse = command.apply(self.project)
            journal.rewrite(first, to_json(Batch(first.text, (inverse, _stored(first)))))
        self._changed(changes)

    def undo(self) -> str | None:
        """Turn the last edit round; returns what it was, None when there is none."""
        return self._turn(self.project.journal.to_undo())

    def redo(self) -> str | None:
        """Do again what was undone last; returns what it was, None when there is none."""
        return self._turn(self.project.journal.to_redo())

    @property
    def undo_text(self) -> str | None:
        """What `undo` would turn round."""
        return self.project.journal.undo_text

    @property
    def undo_is_long(self) -> bool:
        """Whether `undo` had better be taken `aside`."""
        return _is_long(self.project.journal.to_undo())

    @property
    def redo_text(self) -> str | None:
        """What `redo` would do again."""
        return self.project.journal.redo_text

    @property
    def redo_is_long(self) -> bool:
        """Whether `redo` had better be taken `aside`."""
        return _is_long(self.project.journal.to_redo())

    def _turn(self, entry: Entry | None) -> str | None:
        if entry is None:
            return None
        command = _stored(entry)
        with self.project.atomic():
            changes, inverse = command.apply(self.project)
            self.project.journal.turn(entry, to_json(inverse))
        self._changed(changes)
        return entry.text


def _is_long(entry: Entry | None) -> bool:
    return entry is not None and len(entry.command) > _LONG


def _stored(entry: Entry) -> Command:
    try:
        return from_json(Command, entry.command)
    except (ValueError, TypeError, KeyError) as why:
        raise ProjectError(
            f"The step {entry.text!r} cannot be turned round: what was kept of it is damaged. "
            "All labels are as they were."
        ) from why
