"""Commands on projects and what is in them: new, add, relink, import, info, export."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import click

from poseapp.cli.command import PROJECT, Answer, command
from poseapp.cli.progress import reporting
from poseapp.cli.workshop import Workshop, opened
from poseapp.domain.errors import PoseAppError

_VIDEOS = click.argument("videos", nargs=-1, type=click.Path(path_type=Path))


@command(
    PROJECT,
    click.option(
        "--skeleton",
        required=True,
        help="A file, or a preset: fly, hand, human, mouse_top, person, quadruped, walker.",
    ),
    _VIDEOS,
)
def new(project: Path, skeleton: str, videos: tuple[Path, ...]) -> Answer:
    """Make a project, with videos or without."""
    from poseapp.app.presets import skeleton_of
    from poseapp.app.session import Session

    with Session.create(project, skeleton_of(skeleton)) as session:
        folder = session.project.path
    try:
        return _add(project, videos)
    except (PoseAppError, KeyboardInterrupt):
        shutil.rmtree(folder)  # else the same command, mended, would find a project in its way
        raise


@command(PROJECT, _VIDEOS)
def add(project: Path, videos: tuple[Path, ...]) -> Answer:
    """Add videos: films, pictures, or folders of pictures."""
    if not videos:
        raise PoseAppError("Name one video or more to add.")
    return _add(project, videos)


def _add(project: Path, videos: tuple[Path, ...]) -> Answer:
    with opened(project, writing=True) as workshop:
        if videos:
            workshop.services.library.add(videos)
        return _information(workshop)


@command(PROJECT, click.argument("video"), click.argument("path", type=click.Path(path_type=Path)))
def relink(project: Path, video: str, path: Path) -> Answer:
    """Say where a video that moved is now. VIDEO is its name or number."""
    with opened(project, writing=True) as workshop:
        workshop.services.library.relink(workshop.video(video).id, path)
        return _information(workshop)


@command(
    PROJECT,
    click.argument("path", type=click.Path(path_type=Path)),
    click.option("--format", "format_", help="sleap, dlc, lightning_pose or coco; else guessed."),
)
def import_(project: Path, path: Path, format_: str | None) -> Answer:
    """Import another tool's labels. The project is made if it is not there."""
    from poseapp.app.exchange import create_project_from
    from poseapp.formats.base import count
    from poseapp.store.project import project_folder

    if project_folder(project).exists():
        with opened(project, writing=True) as workshop:
            summary = workshop.services.exchange.import_(path, format_)
    else:
        summary = create_project_from(path, project, format_)
    there = f", {summary.already_there:,} were there already" if summary.already_there else ""
    said = (
        f"{summary.project}: {count(summary.labels, 'label')} in {count(summary.frames, 'frame')}, "
        f"{count(summary.videos, 'new video')}{there}."
    )
    return Answer(asdict(summary), [said, *summary.notes])


@command(PROJECT)
def info(project: Path) -> Answer:
    """Show videos, skeleton, labels, predictions, runs."""
    with opened(project, writing=False) as workshop:
        return _information(workshop)


def _information(workshop: Workshop) -> Answer:
    from poseapp.app.information import information, lines

    found = information(workshop.session.project)
    return Answer(found, lines(found))


@command(
    PROJECT,
    click.option("--format", "format_", required=True, help="sleap, dlc, lightning_pose or coco."),
    click.argument("out", type=click.Path(path_type=Path)),
    click.option(
        "--pictures/--no-pictures",
        default=True,
        show_default=True,
        help="The labelled frames as pictures, where the format holds them.",
    ),
)
def export(project: Path, format_: str, out: Path, pictures: bool) -> Answer:
    """Write the labels in another tool's format.

    What is written is read back and compared before it takes its place.
    """
    from poseapp.formats.base import count

    with opened(project, writing=False) as workshop, reporting("Exporting") as report:
        summary = workshop.services.exchange.export(
            format_, out, with_pictures=pictures, report=report
        )
    return Answer(
        asdict(summary),
        [
            f"{count(summary.labels, 'label')} in {count(summary.frames, 'frame')}: {summary.path}",
            *summary.notes,
        ],
    )
