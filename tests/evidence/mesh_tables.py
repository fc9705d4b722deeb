"""Motion-HMR's tables on made-up people of another style: `docs/evidence/mesh_tables`.

    python -m tests.evidence.mesh_tables --seeds 3 --jobs 2

Needs the packs of captured motion and of human film clips. Finished trials are kept under `out/`,
a trial that was broken off goes on from its last evaluation, clips are made once, the page is
written anew with each trial, and what its JSON twin holds is taken from there, on another machine
too: stop it and start it again at will.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from poseapp.domain.report import SilentReport
from poseapp.learn.oracle.summary import interval, wilcoxon_p
from poseapp.nets.motion_hmr.architecture import CLIP
from tests.evidence.mesh_trials import (
    BEGUN,
    EXAM,
    EXAMS,
    FULL,
    NO_FLOW,
    OTHERS_FLOW,
    POOL_FRAMES,
    SHIPPED,
    SIZES,
    UNTAUGHT,
    USUAL,
    Pools,
    Size,
    Trial,
    run,
)
from tests.evidence.pages import origin, plain, publish, spread, take_back
from tests.evidence.places import PAGES, WORK

Row = dict[str, Any]
Key = tuple[str, str, int]
"""Variant, backdrop, frames."""

WHOLE: Key = ("flow_keypoints", FULL, CLIP)
POINTS: Key = ("keypoints", FULL, CLIP)
FLOW: Key = ("flow", FULL, CLIP)
TABLE_1: dict[Key, tuple[str, str]] = {
    (USUAL, FULL, CLIP): ("the usual pose in every frame", ""),
    (BEGUN, FULL, CLIP): ("the net that those with keypoints begin as", ""),
    ("rgb", FULL, CLIP): ("RGB", "105.6"),
    ("rgb_dann", FULL, CLIP): ("RGB + DANN", "103.0 (107.5)"),
    FLOW: ("flow", "100.1"),
    ("rgb_keypoints", FULL, CLIP): ("RGB + keypoints", "82.4"),
    POINTS: ("keypoints", "77.6"),
    WHOLE: ("flow + keypoints", "74.7"),
}
TABLE_2: dict[Key, tuple[str, str]] = {
    WHOLE: ("full", "74.7"),
    ("flow_keypoints", "following", CLIP): ("no occlusions", "77.2"),
    ("flow_keypoints", "moving", CLIP): ("nor follows the person the camera", "80.3"),
    ("flow_keypoints", "still", CLIP): ("nor moves the backdrop", "88.9"),
}
TABLE_2_FLOW: dict[Key, tuple[str, str]] = {
    ("flow", *key[1:]): (name, "") for key, (name, _) in TABLE_2.items()
}
TABLE_3: dict[Key, tuple[str, str]] = {
    ("flow_keypoints", FULL, 8): ("8 frames", "79.0"),
    ("flow_keypoints", FULL, 16): ("16 frames", "77.8"),
    WHOLE: ("31 frames", "74.7"),
    ("flow_keypoints", FULL, 56): ("56 frames", "76.2"),
}
TABLE_3_POINTS: dict[Key, tuple[str, str]] = {
    (*POINTS[:2], frames): (f"{frames} frames", "") for frames in (8, 16, CLIP, 56)
}
COMES_WITH_APP: Key = (SHIPPED, FULL, CLIP)
TABLE_OF_FLOW: dict[Key, tuple[str, str]] = {
    COMES_WITH_APP: ("the clip's own flow", ""),
    (OTHERS_FLOW, FULL, CLIP): ("another clip's flow", ""),
    (NO_FLOW, FULL, CLIP): ("no flow", ""),
}
MAIN, _, OWN = EXAMS
"""What most differences and orders are about, as the paper's keypoints are a detector's too; and
what those are about of nets of flow alone, which tell nothing of other styles."""
TABLES = (
    ("What the net sees (the paper's table 1)", TABLE_1, WHOLE, MAIN),
    ("How people are made (table 2), flow + keypoints", TABLE_2, WHOLE, MAIN),
    ("How people are made, flow alone, compared on *own*", TABLE_2_FLOW, FLOW, OWN),
    ("Length of clips (table 3), flow + keypoints", TABLE_3, WHOLE, MAIN),
    ("Length of clips, keypoints alone", TABLE_3_POINTS, POINTS, MAIN),
    ("What flow tells the shipped net of flow + keypoints", TABLE_OF_FLOW, COMES_WITH_APP, MAIN),
)
"""Titles, rows with what the paper has in millimetres, what their differences are to, and on which
exam."""
_CHUNK = 40
"""Clips that one process makes at a time."""


def stages(seeds: int, size: str) -> list[list[Trial]]:
    """Table 1 of the first seed, then its other tables, then seed by seed."""
    found: list[list[Trial]] = []
    for seed in range(seeds):
        first = [
            key
            for key in (*reversed(TABLE_1), *TABLE_OF_FLOW)
            if seed == 0 or key[0] not in UNTAUGHT
        ]
        rest = (*TABLE_2_FLOW, *TABLE_3_POINTS, *TABLE_2, *TABLE_3)
        others = [key for key in rest if key not in first]
        found += [[_trial(key, seed, size) for key in keys] for keys in (first, others)]
    return found


def _trial(key: Key, seed: int, size: str) -> Trial:
    return Trial(*key, seed, size)  # type: ignore[arg-type]


def summarised(rows: Sequence[Row]) -> list[Row]:
    """By case: means over seeds and clips, and how far they lie above what they are compared with.

    Clips are the cases that differences are resampled and tested over, each the mean of the seeds
    that both have.
    """
    cases: dict[Key, dict[int, Row]] = {}
    for row in rows:
        cases.setdefault((row["variant"], row["backdrop"], row["frames"]), {})[row["seed"]] = row
    return [_of_case(key, own, cases.get(_compared_with(key), {})) for key, own in cases.items()]


def _compared_with(key: Key) -> Key:
    """Another length or backdrop with the usual one, the shipped net with itself; else the whole
    method."""
    if key in TABLE_OF_FLOW:
        return COMES_WITH_APP
    usual = (key[0], FULL, CLIP)
    return WHOLE if key == usual else usual


def _of_case(key: Key, own: dict[int, Row], other: dict[int, Row]) -> Row:
    entry: Row = {"case": list(key), "seeds": len(own)}
    shared = [seed for seed in own if seed in other] if key != _compared_with(key) else []
    for exam in EXAMS:
        means = [float(np.mean(row["mm"][exam])) for row in own.values()]
        entry[exam] = {"mean": float(np.mean(means)), "low": min(means), "high": max(means)}
        if shared:
            more = np.mean(
                [np.subtract(own[s]["mm"][exam], other[s]["mm"][exam]) for s in shared], axis=0
            ).tolist()
            entry[f"more_{exam}"] = interval(more) | {"wilcoxon_p": wilcoxon_p(more)}
    return entry


def page(document: Row) -> str:
    """The words and the tables; all numbers are computed from the JSON twin."""
    size = Size(**document["size"])
    cases = {tuple(entry["case"]): entry for entry in document["summary"]}
    lines = [
        "# What Motion-HMR sees, learns from and looks at together",
        "",
        f"PA-MPJPE over 14 keypoints, in millimetres, of made-up people. Nets learn from "
        f"{size.clips} clips of {POOL_FRAMES} frames (captured motion on Anny, before three "
        "quarters of the films of `jhmdb_human_video`), "
        f"{size.steps} steps of {size.frames_a_step} frames at a rate of {size.rate:g}. "
        f"*Detected*: {size.exam} clips of motions of other styles, in clothes of photographs, "
        "hard light and grain, before films that nobody learnt from, with a detector's errors on "
        "the keypoints; *exact*: the same without the errors; *own*: other clips of the kind that "
        "was learnt from (always with occlusions), exact. Totally occluded frames are fed and not "
        "scored. Brackets behind means: the lowest and the highest seed. *More*: against the row "
        "without a difference (in table 1 the last), on *detected* unless said, with a 95 % "
        "interval by resampling clips and Wilcoxon's p over clips, two-sided.",
        "",
        "Nets with keypoints begin as the shipped net of keypoints (which never met these styles) "
        "and learn, beside each clip, one of keypoints alone, in all rows alike; the trunk over "
        "pictures begins with nothing, and so do the nets without keypoints.",
        "",
        "Otherwise than in the paper: a ResNet of 320,000 weights at 64 px for ResNet-50 with "
        "ImageNet's at 224 px; keypoints are given as numbers too, to the net of keypoints as "
        "numbers only, and with a detector's errors; flow is DIS, not FlowNet; rotations of "
        "joints are in the loss; DANN has one weight (1) and sees other clips of the measured "
        "people without their truth, where the paper sweeps weights and sees real ones; lengths of "
        "clips are windows of the same clips, with as many frames a step; and nobody measured is "
        "real. "
        "The millimetres are of another body's keypoints than the paper's: compare orders.",
        "",
    ]
    for table in TABLES:
        lines += _table(*table, cases)
    lines += [f"Made by `{document['command']}` at commit `{document['commit']}`.", ""]
    return "\n".join(lines)


def _table(
    title: str,
    table: dict[Key, tuple[str, str]],
    compared_with: Key,
    exam: str,
    cases: dict[tuple, Row],
) -> list[str]:
    lines = [
        f"## {title}",
        "",
        "| | seeds | detected | exact | own | more | p | the paper |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for key, (name, papers) in table.items():
        if (entry := cases.get(key)) is None:
            continue
        cells = [name, str(entry["seeds"]), *(spread(entry[e], "{:.1f}") for e in EXAMS)]
        more = entry.get(f"more_{exam}") if key != compared_with else None
        cells += [spread(more, "{:+.1f}"), f"{more['wilcoxon_p']:.3f}"] if more else ["", ""]
        lines.append(f"| {' | '.join([*cells, papers])} |")
    measured = [key for key in table if key in cases and key[0] not in UNTAUGHT]
    order = sorted(measured, key=lambda key: cases[key][exam]["mean"])
    said = " < ".join(table[key][0] for key in order)
    return [*lines, "", f"In order: {said}." if len(order) > 1 else "", ""]


class OneLine(SilentReport):
    """What a trial measures on its way, on standard error."""

    def __init__(self, name: str) -> None:
        self._name = name

    def metrics(self, **values: float) -> None:
        if "pa_mpjpe_mm" in values:
            said = " ".join(f"{name} {value:.4g}" for name, value in values.items())
            sys.stderr.write(f"{self._name}: {said}\n")


def one(trial: Trial, work: Path) -> Row:
    """A trial with its name on standard error."""
    return run(trial, work, OneLine(trial.name))


def main() -> None:
    """Run, or go on with, all trials, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--size", choices=list(SIZES), default="cpu")
    parser.add_argument("--work", type=Path, default=WORK / "mesh_tables")
    parser.add_argument("--pages", type=Path, default=PAGES)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    twin = asked.pages / "mesh_tables.json"
    take_back(twin, asked.work, SIZES, Trial)
    done: list[Row] = []
    with multiprocessing.get_context("spawn").Pool(asked.jobs, maxtasksperchild=1) as processes:
        for stage in stages(asked.seeds, asked.size):
            missing = [trial for trial in stage if not (asked.work / f"{trial.name}.json").exists()]
            processes.starmap(_make, _clips(missing, asked.work))
            for row in processes.imap_unordered(partial(one, work=asked.work), stage):
                done.append(row)
                write(done, asked.size, twin)


def _clips(trials: Sequence[Trial], work: Path) -> list[tuple[Pools, str, list[int]]]:
    """What trials need that is not there yet, in pieces."""
    found = []
    for name in dict.fromkeys(p for trial in trials for p in (EXAM, FULL, trial.backdrop)):
        pools = Pools(work / "clips", SIZES[trials[0].size])
        library = pools.library(name)
        numbers = [n for n in pools.wanted(name) if not library.kept(n).exists()]
        pieces = range(0, len(numbers), _CHUNK)
        found += [(pools, name, numbers[first : first + _CHUNK]) for first in pieces]
    return found


def _make(pools: Pools, name: str, numbers: list[int]) -> None:
    sys.stderr.write(f"clips {numbers[0]} to {numbers[-1]} of {name}\n")
    pools.make(name, numbers)


def write(rows: Sequence[Row], size: str, twin: Path) -> None:
    """The page of what is done so far, and its JSON twin."""
    rows = sorted(rows, key=lambda row: [row[name] for name in Trial.__slots__])
    document = {
        **origin("mesh_tables"),
        "size": plain(SIZES[size]),
        "summary": summarised(rows),
        "trials": rows,
    }
    publish(twin, document, page(document))


if __name__ == "__main__":
    main()
