"""The commands that open the window, or do without it: open, demo, doctor."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from poseapp.cli.command import MINUTES, PROJECT, Answer, command, main
from poseapp.cli.opening import open_window
from poseapp.cli.progress import reporting
from poseapp.cli.workshop import opened
from poseapp.domain.errors import PoseAppError


@main.command("open")
@PROJECT
def open_(project: Path) -> None:
    """Open a project in the window."""
    from poseapp.store.project import Project

    try:
        Project.open(project, read_only=True).close()
    except PoseAppError as why:
        raise click.ClickException(str(why)) from why
    open_window(project)


@command(
    click.option("--headless", is_flag=True, help="Walk through the loop without the window."),
    click.option("--video", type=click.Path(path_type=Path), help="A film of your own instead."),
    click.option(
        "--minutes", type=MINUTES, default=1.0, show_default=True, help="Of each training."
    ),
    click.option("--out", type=click.Path(path_type=Path), help="Where pictures are left."),
)
def demo(headless: bool, video: Path | None, minutes: float, out: Path | None) -> Answer:
    """Open the demo project.

    Without a display, walk through the loop on it and leave pictures. With a film of your own, make
    a project, pick the frames to label first and leave pictures: only you can label them.
    """
    from poseapp.app.demo import make_demo
    from poseapp.app.doctor import has_display

    if has_display() and not headless:
        if video is not None:
            open_window(video=video)
        with reporting("Making the demo") as report:
            project = make_demo(report=report)
        open_window(project)
    out = (out or Path(tempfile.mkdtemp(prefix="poseapp-demo-"))).absolute()
    return _begin(video, out) if video else _walk(minutes, out)


def _walk(minutes: float, out: Path) -> Answer:
    """The loop from end to end on the demo."""
    from poseapp.app.demo import make_demo
    from poseapp.app.walkthrough import walk

    with reporting("Making the demo") as report:
        project = make_demo(out, report)
    with opened(project, writing=True) as workshop:
        steps = walk(workshop.session, workshop.services, workshop.wait, out, minutes)
    return _shown(project, steps, (f"Label more where there is a display: poseapp open {project}",))


def _begin(film: Path, out: Path) -> Answer:
    """A project about a person's own film, up to where only a person can go on."""
    from poseapp.app.walkthrough import begin, project_about

    project = project_about(film, out)
    with opened(project, writing=True) as workshop:
        steps = begin(workshop.session, workshop.services, workshop.wait)
    return _shown(
        project,
        steps,
        (
            f"Label the frames in the queue where there is a display: poseapp open {project}",
            f"Then train: poseapp train {project}",
            f"Then predict the whole film: poseapp predict {project}",
            f"For another skeleton: poseapp new PROJECT --skeleton PRESET {film}",
        ),
    )


def _shown(project: Path, steps: list[dict[str, Any]], ahead: tuple[str, ...]) -> Answer:
    """What was done, pictures of it, and what to do next."""
    from poseapp.ui.portrait import portraits

    pictures = [str(path) for path in portraits(project, project.parent)]
    pictures += [str(path) for path in project.parent.glob("overlays.png")]
    lines = []
    for step in steps:
        figures = ", ".join(f"{k} {v}" for k, v in step.items() if k != "step")
        lines.append(f"{step['step']}: {figures}")
    lines += [f"Project: {project}", f"Pictures are in {project.parent}:", *pictures]
    document = {"project": str(project), "steps": steps, "pictures": pictures, "next": ahead}
    return Answer(document, [*lines, "Next:", *ahead])


@command()
def doctor() -> Answer:
    """Check this machine, and say how to mend what is missing."""
    from poseapp.app.doctor import Verdict, examine

    findings = examine()
    marks = {Verdict.OK: "✓", Verdict.LIMITED: "!", Verdict.BROKEN: "✗"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.verdict]} {finding.name}: {finding.text}")
        if finding.cure:
            lines.append(f"    {finding.cure}")
    return Answer([asdict(finding) for finding in findings], lines)
