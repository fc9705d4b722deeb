"""The command that writes made-up clips of people, with true answers, for others to train on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from poseapp.cli.command import Answer, command
from poseapp.cli.progress import reporting
from poseapp.domain.errors import MotionError

if TYPE_CHECKING:
    from poseapp.learn.synth.performance import Performance  # loads torch

_FILE = click.Path(path_type=Path)


@command(
    click.argument("out", type=_FILE),
    click.option("--clips", type=click.IntRange(1), required=True, help="How many."),
    click.option("--seed", type=int, default=0, show_default=True, help="Of everything random."),
    click.option(
        "--motion", "motions", type=_FILE, multiple=True, required=True,
        help="A BVH file, or a folder of them: what the people do.",
    ),
    click.option(
        "--backdrop", "backdrops", type=_FILE, multiple=True, required=True,
        help="A video that they are put before.",
    ),
    click.option(
        "--frames", type=click.IntRange(2), default=31, show_default=True, help="Of each clip."
    ),
    click.option(
        "--workers", type=click.IntRange(1), default=1, show_default=True, help="At the same time."
    ),
)  # fmt: skip
def synth(
    out: Path,
    clips: int,
    seed: int,
    motions: tuple[Path, ...],
    backdrops: tuple[Path, ...],
    frames: int,
    workers: int,
) -> Answer:
    """Write made-up clips of people, with true answers.

    Pictures, keypoints, flow, masks and parameters. The same seed makes the same clips; a folder
    that holds some of them is gone on with.
    """
    from dataclasses import replace

    from poseapp.domain.ids import VideoId
    from poseapp.learn.synth.studio import Studio
    from poseapp.learn.synth.synthetic_set import write_synthetic_set
    from poseapp.media.probe import probe

    performances = [_performance(file) for file in _files(motions)]
    videos = [replace(probe(path), id=VideoId(n)) for n, path in enumerate(backdrops, start=1)]
    with reporting("Making clips") as report:
        studio = Studio(performances, videos, frames, seed)
        write_synthetic_set(out, studio, clips, report, workers)
    return Answer({"folder": str(out), "clips": clips, "seed": seed}, [f"{clips} clips in {out}"])


def _files(motions: tuple[Path, ...]) -> list[Path]:
    files = [
        file
        for path in motions
        for file in (sorted(path.rglob("*.bvh")) if path.is_dir() else [path])
    ]
    if not files:
        raise MotionError("There is no BVH file in these folders. Name one, or another folder.")
    return files


def _performance(file: Path) -> Performance:
    from poseapp.formats.bvh import read_bvh
    from poseapp.learn.synth.performance import performance_of_motion
    from poseapp.learn.synth.retarget import body_at_rest
    from poseapp.nets.body.shipped import shipped_body

    return performance_of_motion(file.stem, read_bvh(file), body_at_rest(shipped_body()))
