"""What an export will hold, writing it, and what to say afterwards."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from poseapp.app.changes import Changes
from poseapp.app.exchange import ExportSummary
from poseapp.app.exchange_jobs import DISK, Export
from poseapp.app.jobs import Job, JobRunner
from poseapp.app.session import Session
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Origin, Visibility
from poseapp.ui.bridge import Background
from poseapp.ui.panels import pieces
from poseapp.ui.workspaces.export import Check, Choice, ExportWorkspace

_ABOUT = {
    "sleap": ("SLEAP (.slp)", "One file with skeleton, tracks and hidden points."),
    "dlc": ("DeepLabCut project", "A folder with config.yaml, pictures and CollectedData tables."),
    "lightning_pose": ("Lightning Pose", "A table of positions, with visibility as a column."),
    "coco": ("COCO keypoints", "A JSON file that keeps visible, hidden and absent points."),
}
_ALL, _PERSON = "all", "person"


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What the chosen export would hold."""

    labels: LabelSet
    unreviewed: int
    """Labels in it that no person looked at."""
    lost: tuple[str, ...]
    """What the format cannot hold, as sentences."""


class ExportControl(QObject):
    """Keeps the summary true to the choices and to the labels."""

    said = Signal(str)

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        background: Background,
        view: ExportWorkspace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._background = background
        self.view = view
        self._preview: Preview | None = None
        self._place_chosen = False
        self._job: Job | None = None
        self._closed = False
        self._written: Path | None = None
        view.changed.connect(self.refresh)
        view.place_edited.connect(self._place_edited)
        view.browse_wanted.connect(self._browse)
        view.export_wanted.connect(self.export)
        view.stop_wanted.connect(self.stop)
        view.copy_wanted.connect(self._copy)
        view.show_folder_wanted.connect(self._show_folder)

    def changed(self, changes: Changes) -> None:
        if self.view.isVisible() and (changes.frames or changes.videos or changes.skeleton):
            self.refresh()

    def shown(self) -> None:
        """The workspace came to the front."""
        videos = self._session.project.videos.all()
        which = [
            Choice(_ALL, "All labels"),
            Choice(_PERSON, "Only what a person looked at", "Leaves imported labels out."),
        ]
        if len(videos) > 1:
            which += [Choice(str(video.id), f"Only {video.name}") for video in videos]
        formats = [Choice(key, title, about) for key, (title, about) in _ABOUT.items()]
        self.view.set_choices(which, formats)
        self.refresh()

    def refresh(self) -> None:
        """Count again what would be written."""
        if not self._place_chosen:
            self.view.set_place(str(self._usual_place()))
        which, name = self.view.which, self.view.format
        reader = self._session.project.reader

        def work() -> Preview:
            with reader() as project:
                return preview(project.labels.snapshot(), which, name)

        self._background.run("export preview", work, self._show)

    def export(self) -> None:
        """Write it; what was there before is replaced only when all is well."""
        if self._preview is None or self._job is not None:
            return
        out = Path(self.view.place).expanduser()
        labels = self._preview.labels
        frames = (*labels.frames, *labels.empty_frames)
        self._job = self._jobs.start(
            "poseapp.app.exchange_jobs:export",
            Export(
                self._session.project.path,
                self.view.format,
                out,
                None if self.view.which == _ALL else frames,
                self.view.with_pictures,
            ),
            name=f"Exporting {out.name}",
            device=DISK,
            on_progress=self._progress,
            on_done=self._done,
            on_stopped=self._stopped,
            on_failed=self._not_done,
        )
        self.view.show_failure("")
        self._progress(0.0, "Starting")
        self._show(self._preview)

    def stop(self) -> None:
        """Stop writing; what was there before stays."""
        if self._job is not None:
            self._job.stop()

    def close(self) -> None:
        """The project is closed: an export that runs ends by itself, and nobody is told."""
        self._closed = True

    # -- showing -----------------------------------------------------------------------------

    def _show(self, found: Preview) -> None:
        self._preview = found
        labels = found.labels
        visibility = labels.visibility()
        points = (
            f"{int((visibility == Visibility.VISIBLE).sum()):,} visible, "
            f"{int((visibility == Visibility.OCCLUDED).sum()):,} hidden, "
            f"{int((visibility == Visibility.ABSENT).sum()):,} absent"
        )
        figures = (
            ("Videos", f"{len({frame.video for frame in labels.frames}):,}"),
            ("Frames", f"{len(labels.frames):,}"),
            ("Bodies", f"{len(labels.instances):,}, {len(labels.skeleton)} keypoints each"),
            ("Points", points),
        )
        self.view.show_summary(figures, checks(found))
        frames = pieces.count(len(labels.frames), "frame")
        missing = ""
        if not labels.frames:
            missing = "There is nothing to export: no chosen frame is labelled."
        elif not self.view.place:
            missing = "Say where the export should go."
        elif self._job is not None:
            missing = "An export is being written."
        self.view.show_button(f"Export {frames}", missing)

    def _progress(self, done: float, doing: str) -> None:
        if not self._closed:
            self.view.show_progress(done, doing)

    def _done(self, summary: ExportSummary) -> None:
        if self._closed:
            return
        self._written = out = Path(summary.path)
        self.view.show_done(True)
        self._ended()
        self.said.emit(f"Exported to {out.name}; read back and equal")

    def _stopped(self) -> None:
        if not self._closed:
            out = Path(self.view.place)
            self._ended()
            safe = f"{out.name} is untouched" if out.exists() else "nothing was written"
            self.said.emit(f"Stopped; {safe}")

    def _not_done(self, problem: PoseAppError) -> None:
        if not self._closed:
            self._ended()
            self.view.show_failure(str(problem))

    def _ended(self) -> None:
        self._job = None
        self.view.show_progress(None, "")
        self.refresh()

    # -- places ------------------------------------------------------------------------------

    def _usual_place(self) -> Path:
        from poseapp.formats.registry import FORMATS

        project = self._session.project
        suffix = FORMATS[self.view.format].suffix if self.view.format else ""
        return project.path.parent / f"{project.path.stem}_{self.view.format}{suffix}"

    def _place_edited(self) -> None:
        self._place_chosen = True
        if self._preview is not None:
            self._show(self._preview)

    def _browse(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self.view.window(), "Where should the export go?", self.view.place
        )
        if path:
            self._place_chosen = True
            self.view.set_place(path)
            self.refresh()

    def _copy(self) -> None:
        words = [
            "poseapp", "export", str(self._session.project.path),
            "--format", self.view.format, self.view.place,
        ]  # fmt: skip
        if not self.view.with_pictures:
            words.append("--no-pictures")
        QGuiApplication.clipboard().setText(shlex.join(words))
        self.said.emit("Copied the command")

    def _show_folder(self) -> None:
        if self._written is not None:
            folder = self._written if self._written.is_dir() else self._written.parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def preview(labels: LabelSet, which: str, name: str) -> Preview:
    """What is left of the labels for a choice, and what the format loses of it."""
    from poseapp.formats.registry import FORMATS

    chosen = labels.only(chosen_frames(labels, which))
    unreviewed = sum(i.origin is Origin.IMPORTED for i in chosen.instances)
    lost = FORMATS[name].fit(chosen).notes if chosen.frames else ()
    return Preview(chosen, unreviewed, tuple(lost))


def chosen_frames(labels: LabelSet, which: str) -> tuple[FrameRef, ...]:
    """The labelled frames that a choice means."""
    if which == _ALL:
        return (*labels.frames, *labels.empty_frames)
    if which == _PERSON:
        return tuple(
            frame
            for frame in labels.frames
            if all(i.origin is not Origin.IMPORTED for i in labels.at(frame))
        )
    video = VideoId(int(which))
    return tuple(frame for frame in labels.frames if frame.video == video)


def checks(found: Preview) -> list[Check]:
    """What to know before exporting."""
    lines = [
        Check(
            "good",
            "Reads back equal",
            "The export is loaded again and compared before it replaces anything.",
        )
    ]
    if found.unreviewed:
        lines.append(
            Check(
                "warning",
                f"{pieces.count(found.unreviewed, 'label')} came from another tool",
                "Nobody looked at them here.",
            )
        )
    lines += [Check("text2", note) for note in found.lost]
    return lines
