"""Imports and exports as jobs: what a worker is asked for, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.app.keypoint_mapping import Names
from poseapp.app.worker import JobReport
from poseapp.domain.errors import VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport
from poseapp.media.mesh_paint import Paint

if TYPE_CHECKING:
    from poseapp.app.exchange import ExportSummary, ImportSummary
    from poseapp.app.mesh_export import MeshSummary
    from poseapp.formats.base import Imported  # its readers are heavy: loaded when needed

DISK = "disk"
"""The device of these jobs: they wait for files, so they have a worker of their own."""

_PICTURE_PX = 960
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Look:
    """Find out what a foreign file holds; nothing is written."""

    path: Path
    cache: Path | None
    """Where indexes of the open project's videos are."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a foreign file holds, with a picture of how it will look here."""

    imported: Imported
    format: str
    """As people call it."""
    frame: FrameRef | None = None
    """A labelled frame that can be read."""
    picture: NDArray[np.uint8] | None = None
    """Of that frame: (H, W, 3) BGR, made smaller where it is large."""


def look(request: Look, report: JobReport) -> Found:
    """Read a file, look at its videos, and fetch the picture of a labelled frame."""
    from poseapp.app.import_videos import looked_at
    from poseapp.formats.registry import FORMATS, guess_format, read

    report.on_device(DISK)
    report.progress(0.0, f"Reading {request.path.name}")
    name = guess_format(request.path)
    imported = read(request.path, name)
    imported = looked_at(imported, request.cache, PartOfReport(report, 0.3, 0.9))
    report.progress(0.9, "Reading a picture")
    return Found(imported, FORMATS[name].title, *_example(imported.labels, request.cache))


@dataclass(frozen=True, slots=True)
class Prepare:
    """Read a foreign file for the project at `project`."""

    path: Path
    project: Path
    cache: Path
    names: Names


def prepare(request: Prepare, report: JobReport) -> Imported:
    """The import as `Exchange.planned` takes it."""
    from poseapp.app.exchange import prepared

    report.on_device(DISK)
    return prepared(
        request.path,
        None,
        request.project,
        request.cache,
        names=request.names,
        report=report,
    )


@dataclass(frozen=True, slots=True)
class MakeProject:
    """Make a new project at `project` of a foreign file."""

    path: Path
    project: Path
    names: Names


def make_project(request: MakeProject, report: JobReport) -> ImportSummary:
    """The project appears whole or not at all."""
    from poseapp.app.exchange import create_project_from

    report.on_device(DISK)
    return create_project_from(request.path, request.project, names=request.names, report=report)


@dataclass(frozen=True, slots=True)
class Export:
    """Write labels of the project at `project` in another tool's format."""

    project: Path
    format: str
    out: Path
    frames: tuple[FrameRef, ...] | None
    """None for all."""
    with_pictures: bool


def export(request: Export, report: JobReport) -> ExportSummary:
    """What was there before is replaced when all is written and read back, and only then."""
    from poseapp.app.exchange import export_labels
    from poseapp.store.project import Project

    report.on_device(DISK)
    with Project.open(request.project, read_only=True) as project:
        return export_labels(
            project,
            request.format,
            request.out,
            request.frames,
            with_pictures=request.with_pictures,
            report=report,
        )


@dataclass(frozen=True, slots=True)
class ExportMeshes:
    """Write the meshes of a video of the project at `project`."""

    project: Path
    video: VideoId
    kind: str
    """A key of `mesh_export.KINDS`."""
    out: Path
    paint: Paint


def export_meshes(request: ExportMeshes, report: JobReport) -> MeshSummary:
    """As with labels: it takes its place when it is whole and was read back."""
    from poseapp.app.mesh_export import export_meshes
    from poseapp.store.project import Project

    report.on_device(DISK)
    with Project.open(request.project, read_only=True) as project:
        return export_meshes(
            project, request.video, request.kind, request.out, paint=request.paint, report=report
        )


def _example(
    labels: LabelSet, cache: Path | None
) -> tuple[FrameRef | None, NDArray[np.uint8] | None]:
    """The frame with the most points whose picture can be read, and the picture."""
    from poseapp.media.reader import FrameReader

    there = {video.id for video in labels.videos if video.path.exists()}
    points = {
        ref: sum(int(body.present.sum()) for body in labels.at(ref))
        for ref in labels.frames
        if ref.video in there
    }
    reader = FrameReader(labels.videos, cache)
    try:
        for ref in sorted(points, key=lambda ref: -points[ref])[:_TRIES]:
            try:
                return ref, _small(reader.read(ref))
            except VideoUnreadableError:
                continue  # the next one may be there
    finally:
        reader.close()
    return None, None


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    scale = _PICTURE_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
