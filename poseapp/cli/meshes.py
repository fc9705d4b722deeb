"""The command for meshes: recover them, export them, ask about frames that disagree."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

import click

from poseapp.cli.command import PROJECT, Answer, command
from poseapp.cli.progress import reporting
from poseapp.cli.workshop import Workshop, opened
from poseapp.domain.video import Video

_KINDS = ("npz", "csv", "obj", "glb", "joints", "bvh", "film")
_STYLES = ("shaded", "transparent", "wire")


@command(
    PROJECT,
    click.option("--video", help="Name or number; else the first."),
    click.option("--again", is_flag=True, help="Recover meshes that are there anew."),
    click.option(
        "--body", type=click.Path(path_type=Path), help="An .npz file of SMPL; else Anny."
    ),
    click.option(
        "--net",
        default="keypoints",
        show_default=True,
        help="What the fit begins with: a net that comes with the app, a file that Motion-HMR was "
        "trained into, or none.",
    ),
    click.option(
        "--smoothing",
        default=1.0,
        show_default=True,
        help="How strongly motion is smoothed, from 0.25 to 4 times as much as usual.",
    ),
    click.option(
        "--export",
        "exports",
        type=(click.Choice(_KINDS), click.Path(path_type=Path)),
        multiple=True,
        help="Write them, such as `--export glb walk.glb`; may be given several times.",
    ),
    click.option(
        "--paint",
        type=(click.Choice(_STYLES), click.FloatRange(0, 1)),
        default=("shaded", 0.75),
        show_default=True,
        help="How the film shows them: style and opacity.",
    ),
    click.option("--ask", is_flag=True, help="Put frames that disagree into the queue."),
)
def mesh(  # noqa: PLR0913 - the options of the command
    project: Path,
    video: str | None,
    again: bool,
    body: Path | None,
    net: str,
    smoothing: float,
    exports: tuple[tuple[str, Path], ...],
    paint: tuple[str, float],
    ask: bool,
) -> Answer:
    """Recover the meshes of the people in a video, and export them.

    They are fitted to labels where there are some, else to predictions. Meshes that are there
    already are kept, and only exported.
    """
    from poseapp.app.mesh_options import MeshOptions
    from poseapp.nets.body.arrays import ANNY

    with opened(project, writing=True) as workshop:
        of = _video(workshop, video)
        if again or not workshop.session.project.meshes.of_video(of.id):
            options = MeshOptions(str(body.absolute()) if body else ANNY, smoothing, _net(net))
            recovery = workshop.services.meshing.recover([of.id], options=options)
            workshop.wait(recovery, "Fitting bodies")
        people = _people(workshop, of)
        written = [_export(workshop, of, kind, out, paint) for kind, out in exports]
        asked = _ask(workshop, of) if ask else None
    lines = [_line(person) for person in people]
    lines += [f"Exported to {one['path']}; read back and equal" for one in written]
    if asked is not None:
        lines.append(f"{asked} frames on which mesh and points disagree are in the queue.")
    return Answer({"video": of.name, "people": people, "exports": written, "asked": asked}, lines)


def _video(workshop: Workshop, name: str | None) -> Video:
    videos = workshop.session.project.videos.all()
    if name is None and videos:
        return videos[0]
    return workshop.video(name or "")


def _net(told: str) -> str:
    """By its name, or the path of a file wherever this is run."""
    from poseapp.nets.motion_hmr.choice import architecture_in, own_file

    if (file := own_file(told)) is None:
        return told
    architecture_in(file)
    return str(file.absolute())


def _people(workshop: Workshop, video: Video) -> list[dict[str, object]]:
    from poseapp.app.mesh_people import disagreeing, people_of

    return [
        {
            "name": one.track.name,
            "frames": len(one.motion),
            "error_px": None if math.isnan(one.median_px) else round(one.median_px, 2),
            "disagreeing": len(disagreeing(one)),
        }
        for one in people_of(workshop.session.project, video.id)
    ]


def _line(person: dict[str, object]) -> str:
    error = person["error_px"]
    off = "" if error is None else f", reprojection error {error} px (median)"
    return f"{person['name']}: {person['frames']} frames{off}"


def _export(
    workshop: Workshop, video: Video, kind: str, out: Path, paint: tuple[str, float]
) -> dict[str, object]:
    from poseapp.app.mesh_export import export_meshes
    from poseapp.media.mesh_paint import Paint, Style

    with reporting(f"Exporting {out.name}") as report:
        look = Paint(Style(paint[0]), paint[1])
        project = workshop.session.project
        return asdict(export_meshes(project, video.id, kind, out, paint=look, report=report))


def _ask(workshop: Workshop, video: Video) -> int:
    from poseapp.app.mesh_people import suggestions_of

    found = suggestions_of(workshop.session.project, video.id)
    return workshop.services.meshing.offer(found)
