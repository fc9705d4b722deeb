"""Exchange: foreign labels into a project, and the project's labels out of it.

An import is one edit that can be undone. It never makes a second copy of what is there: videos are
known by place, content or name, keypoints and tracks by name, and bodies by where they are. Where
the project has a label of the same body that looks different, its own stays.
"""

from __future__ import annotations

import importlib.metadata
import secrets
import shutil
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseapp.app.bring_in import BringIn
from poseapp.app.history import History
from poseapp.app.import_plan import IMPORTED, Plan, plan
from poseapp.app.import_videos import looked_at
from poseapp.app.keypoint_mapping import Names, taken_over
from poseapp.app.session import Session
from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import FrameRef, RunId
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport, Report, SilentReport
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.media.reader import FrameReader
from poseapp.store.project import Project, project_folder

if TYPE_CHECKING:
    from poseapp.formats.base import Imported  # its readers are heavy: loaded when needed


_PICTURES = 0.9
"""Share of an export's work until its last picture is written."""


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an import brought; everything in it is plain JSON."""

    path: str
    project: str
    frames: int
    """With new labels."""
    labels: int
    already_there: int
    """Labels that the project had just so."""
    kept_ours: int
    """Labels that the project has otherwise; it kept its own."""
    videos: int
    """New ones."""
    predictions: int
    suggestions: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What an export wrote; everything in it is plain JSON."""

    path: str
    format: str
    frames: int
    labels: int
    notes: tuple[str, ...]


class Exchange:
    """Imports into a session's project and exports from it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def import_(self, path: Path, format: str | None = None) -> ImportSummary:  # noqa: A002
        """Bring in a foreign file or folder, its format guessed where it is not said.

        Raises:
            FormatError: when it cannot be read, or does not fit the project.
        """
        path = path.expanduser().absolute()
        project = self._session.project
        imported = prepared(path, format, project.path, project.cache_folder)
        return bring_in(self._session.history, path, imported)

    def export(
        self,
        format: str,  # noqa: A002 - the word users know
        out: Path,
        frames: Collection[FrameRef] | None = None,
        *,
        with_pictures: bool = True,
        report: Report | None = None,
    ) -> ExportSummary:
        """Write the labels of these frames, or of all; any thread may call it.

        Raises:
            ExportError: when nothing was written; what was there before is untouched.
            JobCancelled: when the report stopped it; likewise.
        """
        with self._session.project.reader() as project:
            return export_labels(
                project, format, out, frames, with_pictures=with_pictures, report=report
            )


def bring_in(history: History, path: Path, imported: Imported) -> ImportSummary:
    """Add what was read from `path`, as one edit.

    Raises:
        ReadOnlyError: when the project is open for reading only.
        FormatError: when it labels keypoints that the project does not have.
    """
    project = history.project
    run = Run(
        RunId(IMPORTED),
        RunKind.INFERENCE,
        IMPORTED,
        datetime.now(UTC),
        RunState.DONE,
        config={"path": str(path)},
    )
    made = plan(project, imported, path.name, run)
    if _changes_something(made):
        history.do(made.command)
    return _import_summary(path, project, imported, made)


def export_labels(
    project: Project,
    format: str,  # noqa: A002 - the word users know
    out: Path,
    frames: Collection[FrameRef] | None = None,
    *,
    with_pictures: bool = True,
    report: Report | None = None,
) -> ExportSummary:
    """Write the labels of these frames of a project, or of all.

    Raises:
        ExportError: when nothing was written; what was there before is untouched.
        JobCancelled: when the report stopped it; likewise.
    """
    from poseapp.formats.base import Pictures
    from poseapp.formats.registry import write

    report = report or SilentReport()
    report.progress(0.0, "Reading the labels")
    labels = project.labels.snapshot()
    if frames is not None:
        labels = labels.only(frames)
    reader = FrameReader(labels.videos, project.cache_folder)
    pictures = Pictures(reader.read, _Counted(labels, report).pass_by) if with_pictures else None
    try:
        notes = write(labels, out, format, pictures, _manifest(project, labels))
    finally:
        reader.close()
    return ExportSummary(str(out), format, len(labels.frames), len(labels.instances), notes)


def create_project_from(
    path: Path,
    project_path: Path,
    format: str | None = None,  # noqa: A002 - the word users know
    *,
    names: Names | None = None,
    report: Report | None = None,
) -> ImportSummary:
    """Make a new project of a foreign file or folder; it appears whole or not at all.

    `names` says what its keypoints are to be called; None leaves all as they are.

    Raises:
        ProjectError: when something is there already, or the disk refuses.
        FormatError: when the file cannot be read.
        JobCancelled: when the report stopped it.
    """
    report = report or SilentReport()
    folder = project_folder(project_path)
    if folder.exists():
        raise ProjectError(f"{folder} is there already. Open it, or choose another name.")
    path = path.expanduser().absolute()
    reading = PartOfReport(report, 0.0, 0.8)
    imported = prepared(path, format, folder, None, names=names, report=reading)
    unfinished = folder.with_name(f".{secrets.token_hex(4)}-{folder.name}")
    try:
        with Session.create(unfinished, imported.labels.skeleton) as session:
            report.progress(0.8, "Writing the labels")
            made = bring_in(session.history, path, imported)
        unfinished.replace(folder)
    except OSError as why:
        raise ProjectError(f"The project {folder} cannot be made: {why}.") from why
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return replace(made, project=str(folder))


class _Counted:
    """Counts the pictures of labelled frames as they are written, and may be stopped there."""

    def __init__(self, labels: LabelSet, report: Report) -> None:
        self._count = max(len(labels.frames) + len(labels.empty_frames), 1)
        self._report = PartOfReport(report, 0.0, _PICTURES)
        self._done = 0

    def pass_by(self) -> None:
        self._report.progress(min(self._done / self._count, 1.0), "Writing pictures")
        self._done += 1


def prepared(
    path: Path,
    format: str | None,  # noqa: A002 - the word users know
    project: Path,
    cache: Path | None,
    *,
    names: Names | None = None,
    report: Report | None = None,
) -> Imported:
    """A foreign file read for the project at `project`, its videos looked at.

    Pictures that stand inside the file are put into a folder beside the project.

    Raises:
        FormatError: when it cannot be read.
        JobCancelled: when the report stopped it.
    """
    from poseapp.formats.registry import read
    from poseapp.formats.sleap_pictures import unpack

    report = report or SilentReport()
    report.progress(0.0, f"Reading {path.name}")
    imported = read(path, format)
    if names is not None:
        imported = taken_over(imported, names)
    report.progress(0.3, "Looking at the videos")
    beside = project.with_name(f"{project.name.removesuffix('.pose')}_pictures")
    unpacked = unpack(imported, beside)
    return looked_at(unpacked, cache, PartOfReport(report, 0.4, 1.0))


def _changes_something(made: Plan) -> bool:
    return replace(made.command, text="") != BringIn("")


def _import_summary(path: Path, project: Project, imported: Imported, made: Plan) -> ImportSummary:
    command = made.command
    return ImportSummary(
        str(path),
        str(project.path),
        len({i.frame for i in command.instances}),
        len(command.instances),
        made.already_there,
        made.kept_ours,
        len(command.videos),
        sum(map(len, command.predictions)),
        len(command.suggestions),
        (*imported.notes, *made.notes),
    )


def _manifest(project: Project, labels: LabelSet) -> dict[str, Any]:
    """Where an export comes from: enough to tell whether two are of the same labels."""
    chosen = {*labels.frames, *labels.empty_frames}
    picked = Counter(s.selector for s in project.suggestions.all() if s.frame in chosen)
    runs = sorted({i.run for i in labels.instances if i.run is not None})
    return {
        "poseapp": importlib.metadata.version("poseapp"),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "project": project.name,
        "labels": {
            "digest": labels.digest(),
            "frames": len(labels.frames),
            "empty_frames": len(labels.empty_frames),
            "bodies": len(labels.instances),
            "keypoints": list(labels.skeleton.names),
            "origins": dict(Counter(i.origin.value for i in labels.instances)),
        },
        "videos": [
            {"name": v.name, "path": str(v.path), "fingerprint": v.fingerprint}
            for v in labels.videos
        ],
        "selectors": dict(picked),
        "runs": runs,
    }
