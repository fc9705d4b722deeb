"""The videos: which is open, adding, removing and finding them again."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from poseapp.app.library import Library
from poseapp.domain.errors import AnotherVideoError, PoseAppError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.video import Video
from poseapp.store.project import Project
from poseapp.ui.bridge import Background
from poseapp.ui.dialogs.files import FILMS
from poseapp.ui.panels import pieces
from poseapp.ui.panels.side_panel import VideoPanel
from poseapp.ui.tables.rows import Row
from poseapp.ui.workspaces.overview import VideoCounts
from poseapp.ui.workspaces.queue_control import Thumbnails


class VideoControl(QObject):
    """Keeps the list of videos true and does what is asked of it."""

    opened = Signal(object)
    """The Video to look at now."""
    listed = Signal()
    """The set of videos, or which of them are missing, changed."""
    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self,
        project: Project,
        library: Library,
        panel: VideoPanel,
        thumbnails: Thumbnails,
        background: Background,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._project = project
        self._library = library
        self._panel = panel
        self._thumbnails = thumbnails
        self._background = background
        self._window = window
        self._counts: dict[VideoId, VideoCounts] = {}
        self._current: VideoId | None = None
        self.videos: tuple[Video, ...] = ()
        self.missing: frozenset[VideoId] = frozenset()
        panel.chosen.connect(self.open)
        panel.relink_wanted.connect(self.relink)
        panel.remove_wanted.connect(self.remove)
        thumbnails.arrived.connect(self._draw)

    @property
    def current(self) -> Video | None:
        return self.get(self._current)

    def get(self, video: VideoId | None) -> Video | None:
        return next((v for v in self.videos if v.id == video), None)

    def name_of(self, ref: FrameRef) -> str:
        """What to call the video of a frame; nothing where there is only one."""
        video = self.get(ref.video)
        return video.name if video and len(self.videos) > 1 else ""

    def refresh(self) -> None:
        """Read the list again; open the first video when the open one is gone."""
        self.videos = self._project.videos.all()
        self.missing = frozenset(video.id for video in self._library.missing())
        if self.current is None and self.videos:
            self.open(self.videos[0].id)
        self._draw()
        self.listed.emit()

    def show_counts(self, counts: dict[VideoId, VideoCounts]) -> None:
        self._counts = counts
        self._draw()

    # -- verbs -------------------------------------------------------------------------------

    def open(self, video: VideoId) -> None:
        self._current = video
        if found := self.current:
            self._draw()
            self.opened.emit(found)

    def step(self, by: int) -> None:
        """Open the video before or after this one in the list."""
        if (current := self.current) is not None:
            here = self.videos.index(current)
            self.open(self.videos[(here + by) % len(self.videos)].id)

    def ask_for_videos(self) -> None:
        """Let the person choose films to add."""
        paths, _ = QFileDialog.getOpenFileNames(self._window, "Add videos", "", FILMS)
        if paths:
            self.add([Path(path) for path in paths])

    def ask_for_pictures(self) -> None:
        """Let the person choose a folder of pictures to add as one video."""
        folder = QFileDialog.getExistingDirectory(self._window, "Add a folder of pictures")
        if folder:
            self.add([Path(folder)])

    def add(self, paths: list[Path]) -> None:
        """Add films and folders of pictures; the first one is opened."""
        self._background.run(
            "add videos", lambda: self._library.look_at(paths), self._add, self._not_added
        )

    def _add(self, found: tuple[Video, ...]) -> None:
        try:
            added = self._library.add(found)
        except PoseAppError as problem:
            self.failed.emit(str(problem))
            return
        if added:
            self.open(added[0].id)
            self.said.emit(f"Added {pieces.count(len(added), 'video')}")

    def _not_added(self, problem: BaseException) -> None:
        if not isinstance(problem, PoseAppError):
            raise problem
        self.failed.emit(str(problem))

    def remove(self, video: VideoId) -> None:
        """Take a video out of the project; its file stays, and undo brings it back."""
        if gone := self.get(video):
            self._library.remove(video)
            self.said.emit(f"Removed {gone.name}")

    def relink(self, video: VideoId | None = None) -> None:
        """Let the person say where a missing video is now."""
        wanted = self.get(video if video is not None else self._current)
        if wanted is None:
            return
        if wanted.images:
            title = f"Where is the folder {wanted.name} now?"
            path = QFileDialog.getExistingDirectory(self._window, title)
        else:
            path, _ = QFileDialog.getOpenFileName(
                self._window, f"Where is {wanted.name} now?", str(wanted.path.parent), FILMS
            )
        if path:
            self.relink_to(wanted, Path(path))

    def relink_to(self, video: Video, path: Path) -> None:
        """Use the file at `path` for a video; one of another video only when insisted on."""
        self._background.run(
            "relink",
            lambda: self._library.look_for(video, path),
            lambda found: self._relink(video, found),
            self._not_added,
        )

    def _relink(self, video: Video, found: Video) -> None:
        try:
            sentence = self._library.relink(video.id, found)
        except AnotherVideoError as problem:
            if not self._insists(str(problem)):
                return
            sentence = self._library.relink(video.id, found, force=True)
        self.said.emit(sentence)
        if self.missing:
            self._find_others(found.path.parent)

    def _find_others(self, folder: Path) -> None:
        """Look beside a video that was found for the others that are missing."""

        def linked(found: dict[VideoId, Video]) -> None:
            for number, video in found.items():
                self._library.relink(number, video)
            if found:
                self.said.emit(f"Found {pieces.count(len(found), 'more video')} beside it")

        self._background.run("find moved", lambda: self._library.look_for_moved(folder), linked)

    # -- drawing -----------------------------------------------------------------------------

    def _draw(self) -> None:
        self._panel.show_videos([self._row(video) for video in self.videos], self._current)

    def _row(self, video: Video) -> Row:
        if video.id in self.missing:
            detail, tone, picture = "file not found · relink", "warning", None
        else:
            detail, tone = _said(self._counts.get(video.id)), "text3"
            middle = FrameRef(video.id, video.frame_count // 2)
            picture = self._thumbnails.get(middle)
        size = f"{video.width} × {video.height}, {pieces.count(video.frame_count, 'frame')}"
        tip = f"{video.path}\n{size}"
        return Row(video.id, video.name, detail, picture=picture, tone=tone, tip=tip)

    def _insists(self, sentence: str) -> bool:
        box = QMessageBox(self._window)
        box.setText(sentence)
        use = box.addButton("Use it all the same", QMessageBox.ButtonRole.AcceptRole)
        box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole)
        box.exec()
        return box.clickedButton() is use


def _said(counts: VideoCounts | None) -> str:
    if counts is None or (not counts.labelled and not counts.waiting):
        return "no labels yet"
    parts = []
    if counts.labelled:
        parts.append(f"{counts.labelled:,} labelled")
    if counts.waiting:
        parts.append(f"{counts.waiting:,} in queue")
    return " · ".join(parts)
