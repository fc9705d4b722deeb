"""Simulation: selectors compete on a labelled project whose labels are hidden from them."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseapp.app.trials import Bench, Trial, run_trials
from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport, Report
from poseapp.learn.oracle.settings import Effort, Schedule, Sight
from poseapp.learn.select.frame_agent import NOT_TRAINED, FrameAgent
from poseapp.learn.select.registry import SELECTORS, for_trials
from poseapp.media.reader import FrameReader

if TYPE_CHECKING:
    from poseapp.learn.oracle.annotator import Annotator
    from poseapp.learn.oracle.course import Course


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is to be compared, and how."""

    dataset: str
    """Its name in the curves."""
    selectors: tuple[str, ...] = tuple(name for name in SELECTORS if name != FrameAgent.name)
    seeds: int = 5
    seeds_of: Mapping[str, int] = field(default_factory=dict)
    """Selectors that run with another number of seeds."""
    schedule: Schedule = field(default_factory=Schedule)
    sight: Sight = field(default_factory=Sight)
    effort: Effort = field(default_factory=Effort)
    jobs: int = 1
    """Processes at once, a core each."""
    groups: Mapping[VideoId, str] = field(default_factory=dict)
    """Videos of the same scene by name; such are held out together."""
    frame_agent: Path | None = None
    """A folder of the frame selection agent's; the selector `fsa` needs one."""
    measured_on: frozenset[FrameRef] | None = None
    """The frames to hold out, where a split is given."""


def simulate(
    labels: LabelSet,
    wanted: Simulation,
    out: Path,
    report: Report,
    command: str = "",
    known: Path | None = None,
) -> dict[str, Any]:
    """Let every selector run with every seed; write curves.json, curves.csv and curves.png.

    Finished trials are kept in `out` and never repeated, so a table that was stopped, or that gets
    more selectors or seeds, goes on where it was; so it does on another machine that is given the
    curves.json, `known`, of an earlier one.

    Raises:
        SelectionError: when a selector is not known or there are too few labelled frames.
        JobCancelled: when a person stopped it.
        WorkerDiedError: when a trial's process was ended from outside.
    """
    from poseapp.learn.oracle.course import Kept, told
    from poseapp.learn.oracle.picture import draw
    from poseapp.learn.oracle.summary import summarise

    for name in wanted.selectors:
        for_trials(name)
    if FrameAgent.name in wanted.selectors and wanted.frame_agent is None:
        raise SelectionError(NOT_TRAINED)
    bench, trunk = _bench(labels, wanted, out, PartOfReport(report, 0.0, 0.1))
    if known is not None and known.exists():
        Kept(bench.kept).take_back(json.loads(known.read_text(encoding="utf-8"))["curves"])
    trials = _trials(bench, wanted)
    courses = run_trials(trials, wanted.jobs, PartOfReport(report, 0.1, 1.0))
    document = {
        "command": command,
        **program_state(),
        "data": bench.data | {"dataset": wanted.dataset, "trunk": trunk},
        "settings": {
            "schedule": asdict(wanted.schedule),
            "sight": asdict(wanted.sight),
            "effort": asdict(wanted.effort),
        },
        "curves": [told(t.name, t.facts, c) for t, c in zip(trials, courses, strict=True)],
        "summary": summarise(courses),
    }
    _replace(out / "curves.json", lambda f: f.write_text(json.dumps(document, indent=1), "utf-8"))
    _replace(out / "curves.csv", lambda f: _write_csv(courses, f))
    _replace(out / "curves.png", lambda f: draw(courses, f))
    return document


def _bench(labels: LabelSet, wanted: Simulation, out: Path, report: Report) -> tuple[Bench, str]:
    """What all trials share, once the trunk has looked at every frame; its weights in words."""
    from poseapp.learn.oracle.annotator import annotator
    from poseapp.learn.oracle.course import digest
    from poseapp.learn.oracle.seen import look

    teacher = annotator(labels, groups=wanted.groups, measured_on=wanted.measured_on)
    data = _data(teacher)
    cache = out / "cache"
    folder = cache / f"seen-{digest(data | asdict(wanted.sight))}"
    frames = FrameReader(labels.videos, cache)
    seen = look(teacher, frames, wanted.sight, folder, report)
    frames.close()
    bench = Bench(
        wanted.dataset,
        teacher,
        data,
        wanted.schedule,
        wanted.sight,
        wanted.effort,
        folder,
        out / "trials",
        wanted.frame_agent,
    )
    return bench, seen.pretrained


def _trials(bench: Bench, wanted: Simulation) -> list[Trial]:
    """Seed by seed, so that a table that is stopped has as many of each selector."""
    seeds = {name: wanted.seeds_of.get(name, wanted.seeds) for name in wanted.selectors}
    return [
        Trial(bench, name, n)
        for n in range(max(seeds.values()))
        for name, own in seeds.items()
        if n < own
    ]


_PACKAGES = ("poseapp", "numpy", "scipy", "torch", "opencv-python-headless", "av")


def program_state() -> dict[str, Any]:
    """What ran: the commit, and the versions of the packages that decide a result."""
    return {"commit": _commit(), "packages": {name: _version(name) for name in _PACKAGES}}


def _data(teacher: Annotator) -> dict[str, Any]:
    labels = teacher.labels
    held_out = json.dumps([[ref.video, ref.frame] for ref in teacher.held_out])
    return {
        "labels": labels.digest(),
        "held_out": hashlib.sha256(held_out.encode()).hexdigest(),
        "videos": len({ref.video for ref in labels.frames}),
        "keypoints": len(labels.skeleton),
        "frames_to_ask_for": len(teacher.pool),
        "frames_held_out": len(teacher.held_out),
    }


def _commit() -> str:
    """Of the program, where it runs from a checkout; "-dirty" marks edits that are not in it."""
    here = Path(__file__).parent
    git = ["git", "-C", str(here), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _write_csv(courses: Sequence[Course], file: Path) -> None:
    """A row for each point of each curve."""
    measures = ("labels", "error_px", "error_median_px", "error_p95_px", "pck", "pck_torso")
    with file.open("w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table)
        rows.writerow(("dataset", "selector", "seed", *measures))
        for course in courses:
            columns = [getattr(course, name) or [""] * len(course.labels) for name in measures]
            for point in zip(*columns, strict=True):
                rows.writerow((course.dataset, course.selector, course.seed, *point))


def _replace(file: Path, write: Callable[[Path], object]) -> None:
    """Write a file whole or not at all."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix="draft-") as scratch:
        draft = Path(scratch) / file.name
        write(draft)
        draft.replace(file)
