"""Session: one open project with everything a person does to it, without a window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Self

from poseapp.app.changes import Changes
from poseapp.app.history import History
from poseapp.app.labelling import Labelling
from poseapp.app.queue import Queue
from poseapp.app.settings import Settings
from poseapp.app.tracks import Tracks
from poseapp.domain.errors import ProjectBusyError, ReadOnlyError
from poseapp.domain.skeleton import Skeleton
from poseapp.store.project import Project

Subscriber = Callable[[Changes], None]


class Session:
    """Tells its subscribers about every change, in the thread that made it."""

    def __init__(self, project: Project, settings: Settings | None = None) -> None:
        self.project = project
        self.settings = settings or Settings()
        self.notice = ""
        """Why the project is open for reading only, when nobody asked for that."""
        self.history = History(project, self.announce)
        self.labelling = Labelling(self.history, project)
        self.tracks = Tracks(self.history, project)
        self.queue = Queue(self.labelling, self.history, project)
        self._subscribers: list[Subscriber] = []

    @classmethod
    def create(cls, path: Path, skeleton: Skeleton, settings: Settings | None = None) -> Self:
        """Make a new project and open it."""
        return cls(Project.create(path, skeleton), settings)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, settings: Settings | None = None) -> Self:
        """Open a project; for reading only, with a notice, where it cannot be written."""
        try:
            return cls(Project.open(path, read_only=read_only), settings)
        except (ProjectBusyError, ReadOnlyError) as why:
            session = cls(Project.open(path, read_only=True), settings)
            session.notice = str(why)
            return session

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Hear of every change from now on; the returned function ends that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def announce(self, changes: Changes) -> None:
        """Tell everyone what was changed: the history does, and whoever writes past it."""
        for subscriber in tuple(self._subscribers):
            subscriber(changes)

    def close(self) -> None:
        """Close the project; nothing is unsaved."""
        self._subscribers.clear()
        self.project.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
