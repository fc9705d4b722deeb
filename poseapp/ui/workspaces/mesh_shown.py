"""Whose meshes the open video has, and who of them is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from poseapp.app.mesh_people import MeshPerson, people_of
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import VideoId
from poseapp.domain.video import Video
from poseapp.store.project import Project
from poseapp.ui.bridge import Background


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """The meshes of a video, or why they cannot be read."""

    video: VideoId
    people: tuple[MeshPerson, ...] = ()
    problem: str = ""


class ShownMeshes(QObject):
    """Reads them beside the window's thread."""

    loaded = Signal()
    chosen = Signal()
    """Somebody else is looked at."""

    def __init__(
        self,
        project: Project,
        background: Background,
        video: Callable[[], Video | None],
        parent: QObject,
    ) -> None:
        """`video` is the open one."""
        super().__init__(parent)
        self._project = project
        self._background = background
        self._video = video
        self._loaded: Loaded | None = None
        self._current = 0

    @property
    def read(self) -> bool:
        """Whether the video was looked into."""
        return self._loaded is not None

    @property
    def people(self) -> tuple[MeshPerson, ...]:
        """Whose meshes the open video has."""
        return self._loaded.people if self._loaded is not None else ()

    @property
    def problem(self) -> str:
        """Why they cannot be read; empty when they can."""
        return self._loaded.problem if self._loaded is not None else ""

    @property
    def current(self) -> int:
        """The place of the one who is looked at."""
        return self._current

    @property
    def person(self) -> MeshPerson | None:
        """The one who is looked at."""
        return self.people[self._current] if self.people else None

    def forget(self) -> None:
        """Another video was opened."""
        self._loaded = None

    def choose(self, place: int) -> None:
        """Look at somebody else."""
        self._current = place
        self.chosen.emit()

    def load(self) -> None:
        """Read the meshes of the open video again."""
        video, reader = self._video(), self._project.reader
        if video is None:
            self._loaded = None
            self.loaded.emit()
            return

        def work() -> Loaded:
            try:
                with reader() as project:
                    return Loaded(video.id, people_of(project, video.id))
            except PoseAppError as why:
                return Loaded(video.id, problem=str(why))

        self._background.run("meshes", work, self._keep)

    def _keep(self, loaded: Loaded) -> None:
        video = self._video()
        if video is None or loaded.video != video.id:
            return
        first = self._loaded is None
        self._loaded = loaded
        self._current = min(self._current, max(len(loaded.people) - 1, 0))
        self.loaded.emit()
        if first and loaded.people:
            sizes = [len(one.motion) * one.height_px for one in loaded.people]
            self.choose(sizes.index(max(sizes)))
