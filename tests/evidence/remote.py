"""What the frames that nobody labelled are worth: the page `docs/evidence/remote`.

    python -m tests.evidence.remote --seeds 3 --jobs 2

Every fifth frame of the human film clips is labelled; the rows are those of REMOTE's table 1.
`--size long` begins with estimators that have had enough steps, and asks what pairs are worth to
them where labels are few and where they are many. Finished trials are kept under `out/`, a trial
that was broken off goes on from its last clip, the page is written anew with each one, and what its
JSON twin holds is taken from there, on another machine too: stop it and start it again at will.
A seed takes about three core-hours, of `long` four.
`--size paper` trains the paper's sizes and wants a GPU.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import SilentReport
from poseapp.learn.oracle.summary import interval, wilcoxon_p
from poseapp.learn.remote.settings import Settings, variants
from tests.evidence.pages import origin, plain, publish, spread, take_back
from tests.evidence.places import PAGES, WORK
from tests.evidence.remote_trials import COUNTED, SIZES, Trial, run

EVERY = 5
"""[P] K."""
CURVE = (("labels_only", 20), ("agent", 20), ("labels_only", 10), ("agent", 10), ("labels_only", 2))
"""Besides K = 5: how few labels with pairs are as good as how many without."""
TABLE = ("baseline", *variants(Settings()))
PICKING = ("baseline", "labels_only", "random", "agent", "uniform_3", "uniform_6", "uniform_9")
TABLES: dict[str, dict[int, tuple[str, ...]]] = {"long": {EVERY: PICKING, 20: PICKING}}
"""Rows by K, of sizes that have other tables than the paper's."""
TITLES = {
    "baseline": "estimator as it began",
    "labels_only": "E + L_gt (labels alone)",
    "random": "MT + random",
    "uniform_3": "MT + uniform-3",
    "uniform_6": "MT + uniform-6",
    "uniform_9": "MT + uniform-9",
    "without_truth": "MT + FSA - L_gt",
    "without_adversarial": "MT + FSA - L_adv",
    "without_pose": "MT + FSA - L_pose",
    "without_redrawn": "MT + FSA, redrawn frames have no labels",
    "agent": "MT + FSA",
}
COMPARED = {
    "body_all": "PCK_body",
    "torso_all": "PCK_torso",
    "body_same": "PCK_body, same films",
    "torso_same": "PCK_torso, same films",
}
"""Measures whose differences are told; trials of an early version lack those of the same films."""
RIVALS = {"labels_only": "E + L_gt", "random": "MT + random"}
MEASURES = ("body_all", "torso_all", "body_fresh", "torso_fresh", "body_same", "torso_same")


def rounds(seeds: int, size: str) -> list[list[Trial]]:
    """A table for one K after the other, then other K.

    Each seed by seed, so that a table of few seeds is there early.
    """
    tables = TABLES.get(size, {EVERY: TABLE})
    cases = [[(name, every) for name in rows] for every, rows in tables.items()]
    cases.append([(name, every) for name, every in CURVE if every not in tables])
    return [
        [Trial(name, every, seed, size) for seed in range(seeds) for name, every in case]
        for case in cases
    ]


def pck(row: dict[str, Any], measure: str) -> float:
    """Per cent: hits of each joint over all frames, then the mean over the 13 joints."""
    hits, chances = np.array(row["joints"][measure])
    known = COUNTED & (chances > 0)
    return float(100 * (hits[known] / chances[known]).mean())


def by_clip(row: dict[str, Any], measure: str) -> dict[str, float]:
    """The same for each clip alone, over all hits, where anything could be scored."""
    found = {name: clip[measure] for name, clip in row["clips"].items() if measure in clip}
    return {name: 100 * hits / chances for name, (hits, chances) in found.items() if chances}


def summarised(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """By variant and K: means over the seeds, and differences paired over clips and seeds."""
    cases: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in rows:
        cases.setdefault((row["variant"], row["every"]), []).append(row)
    summary = {}
    for (variant, every), own in cases.items():
        entry: dict[str, Any] = {
            "variant": variant,
            "every": every,
            "seeds": len(own),
            "labels": float(np.mean([row["labels"] for row in own])),
            "labels_apart": float(np.mean([row["labels_apart"] for row in own])),
            **{m: _mean(own, m) for m in MEASURES},
        }
        for rival in RIVALS:
            if (rival, every) in cases and variant != rival:
                rivals = cases[rival, every]
                entry[f"over_{rival}"] = {m: _over(own, rivals, m) for m in COMPARED}
        if any("offsets" in row for row in own):
            offsets = [n for row in own for n in row.get("offsets", ())]
            entry["offsets"] = np.bincount(np.abs(offsets), minlength=11).tolist()
        summary[f"{variant}, every {every}"] = entry
    return summary


def _mean(own: list[dict[str, Any]], measure: str) -> dict[str, float]:
    found = [pck(row, measure) for row in own if measure in row["joints"]]
    return interval(found) if found else {}


def _over(own: list[dict[str, Any]], rivals: list[dict[str, Any]], measure: str) -> dict[str, Any]:
    """Points of a measure more than a rival, clip by clip with the same seed."""
    others = {row["seed"]: by_clip(row, measure) for row in rivals}
    gains = [
        value - others[row["seed"]][clip]
        for row in own
        if row["seed"] in others
        for clip, value in by_clip(row, measure).items()
        if clip in others[row["seed"]]
    ]
    return interval(gains) | {"pairs": len(gains), "wilcoxon_p": wilcoxon_p(gains)} if gains else {}


def page(document: dict[str, Any]) -> str:
    """The words and the tables; all numbers are computed from the JSON twin."""
    size, summary = document["size"], document["summary"]
    lines = [
        "# What frames that nobody labelled are worth",
        "",
        "Clips of people from films (`jhmdb_human_video`), some frames labelled in three quarters "
        "of the films. Measured on all frames of the other films, and, *same films*, on the "
        "unlabelled frames of those that were learnt from; other films for each seed. All rows of "
        f"a seed go on from one estimator ({size['net']}, {size['side']} px, ImageNet weights, "
        f"{size['begin_steps']:,} steps on the labels) for {size['picks']} picks of "
        f"{size['settings']['minibatches']} updates. PCK at a fifth of "
        "the body's box and of the torso, in per cent, mean over 13 joints (without neck and "
        "belly). *Fresh* leaves out frames that repeat the picture before or hold all its labels. "
        "Brackets are 95 % intervals: of means by resampling seeds, of differences by resampling "
        "clips; p is Wilcoxon's, two-sided, over clips and seeds.",
        "",
    ]
    for every in TABLES.get(size["name"], {EVERY: TABLE}):
        if found := [s for s in summary.values() if s["every"] == every]:
            lines += _table(found)
    lines += _curve(document["trials"])
    lines += [f"Made by `{document['command']}` at commit `{document['commit']}`.", ""]
    return "\n".join(lines)


def _table(entries: list[dict[str, Any]]) -> list[str]:
    """All rows of one K, what they differ by, and which frames were picked."""
    order = {name: n for n, name in enumerate(TITLES)}
    entries = sorted(entries, key=lambda s: order[s["variant"]])
    first = entries[0]
    lines = [
        f"## One label every {first['every']} frames",
        "",
        f"{max(s['seeds'] for s in entries)} seeds; {first['labels']:.0f} labels are learnt from, "
        f"{first['labels_apart']:.0f} more tell the state and reward.",
        "",
        "| | PCK_body | PCK_torso | body, fresh | torso, fresh | body, same films "
        "| torso, same films |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in entries:
        cells = [TITLES[entry["variant"]], *(_told(entry[m], "{:.1f}") for m in MEASURES)]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", *_differences(entries), *_offsets(entries)]


def _told(found: dict[str, Any], form: str) -> str:
    return spread(found, form) if found else ""


def _differences(table: list[dict[str, Any]]) -> list[str]:
    """Points more than each rival, clip by clip."""
    lines = []
    for rival, title in RIVALS.items():
        told = [entry for entry in table if f"over_{rival}" in entry]
        if not told:
            continue
        heads = " | ".join(f"{name} | p" for name in COMPARED.values())
        lines += [f"| points over {title} | {heads} |", f"|{'---|' * (1 + 2 * len(COMPARED))}"]
        for entry in told:
            cells = [TITLES[entry["variant"]]]
            for measure in COMPARED:
                found = entry[f"over_{rival}"][measure]
                cells += [_told(found, "{:+.1f}"), f"{found['wilcoxon_p']:.3f}" if found else ""]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return lines


def _curve(trials: list[dict[str, Any]]) -> list[str]:
    """PCK against the number of labels, with pairs and without, of seeds that have all of it."""
    of_case: dict[tuple[str, int], set[int]] = {}
    for trial in trials:
        if trial["variant"] in ("labels_only", "agent"):
            of_case.setdefault((trial["variant"], trial["every"]), set()).add(trial["seed"])
    seeds = set.intersection(*of_case.values()) if of_case else set()
    own = [t for t in trials if (t["variant"], t["every"]) in of_case and t["seed"] in seeds]
    if len({trial["every"] for trial in own}) < 2:
        return []
    rows = list(summarised(own).values())
    lines = [
        "## Other numbers of labels",
        "",
        f"Means over {len(seeds)} seeds.",
        "",
        f"| one label every | labels | | {' | '.join(COMPARED.values())} |",
        f"|{'---|' * (3 + len(COMPARED))}",
    ]
    for entry in sorted(rows, key=lambda s: (-s["every"], s["variant"] == "agent")):
        cells = [f"{entry['every']} frames", f"{entry['labels']:.0f}", TITLES[entry["variant"]]]
        cells += [_told(entry[m], "{:.1f}") for m in COMPARED]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", *_caught_up(rows)]


def _caught_up(rows: list[dict[str, Any]]) -> list[str]:
    """With how many labels alone E + L_gt is as good as the agent's pairs, on a line in log(n)."""
    lines = []
    for measure, name in COMPARED.items():
        known = [row for row in rows if row[measure]]
        alone = sorted((r["labels"], r[measure]["mean"]) for r in known if r["variant"] != "agent")
        for entry in (r for r in known if r["variant"] == "agent"):
            reached = crossing(np.array(alone).reshape(-1, 2), entry[measure]["mean"])
            told = (
                "with none of the numbers tried"
                if reached is None
                else f"with {reached:.0f} labels"
            )
            lines.append(
                f"Labels alone reach the {name} that {entry['labels']:.0f} labels with the agent's "
                f"pairs have {told}."
            )
    return [*lines, ""] if lines else []


def crossing(curve: NDArray[np.float64], goal: float) -> float | None:
    """The first number of labels, between neighbours on a log scale, that reaches the goal.

    None where no point does. `curve` is (N, 2): labels, ascending, and PCK.
    """
    labels, values = curve.T
    for n in np.flatnonzero(values >= goal)[:1]:
        if n == 0:
            return float(labels[0])
        share = (goal - values[n - 1]) / (values[n] - values[n - 1])
        low, high = np.log(labels[n - 1 : n + 1])
        return float(np.exp(low + share * (high - low)))
    return None


def _offsets(entries: list[dict[str, Any]]) -> list[str]:
    """How far away the partners were that agent and chance picked."""
    lines = []
    for entry in entries:
        found = entry.get("offsets")
        if found and entry["variant"] in ("agent", "random"):
            shares = ", ".join(
                f"{n}: {100 * count / sum(found):.0f} %" for n, count in enumerate(found) if count
            )
            told = f"Frames between label and partner, {TITLES[entry['variant']]}: {shares}."
            lines += [told, ""]
    return lines


class OneLine(SilentReport):
    """What a trial is at, on standard error."""

    def __init__(self, name: str) -> None:
        self._name, self._shown = name, -1

    def progress(self, done: float, text: str = "") -> None:
        tenth = int(10 * done)
        if tenth != self._shown:
            self._shown = tenth
            sys.stderr.write(f"{self._name}: {10 * tenth} %  {text}\n")


def one(trial: Trial, work: Path) -> dict[str, Any]:
    """A trial with its name on standard error."""
    return run(trial, work, OneLine(trial.name))


def main() -> None:
    """Run, or go on with, all trials, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--size", choices=list(SIZES), default="cpu")
    parser.add_argument("--only", help="some of the variants, with commas between")
    parser.add_argument("--every", help="some of the K, with commas between")
    parser.add_argument("--work", type=Path, default=WORK / "remote")
    parser.add_argument("--pages", type=Path, default=PAGES)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    name = "remote" if asked.size == "cpu" else f"remote_{asked.size}"
    take_back(asked.pages / f"{name}.json", asked.work, SIZES, Trial)
    chosen = asked.only.split(",") if asked.only else TITLES
    numbers = {int(every) for every in asked.every.split(",")} if asked.every else None
    everything = rounds(asked.seeds, asked.size)
    with multiprocessing.get_context("spawn").Pool(asked.jobs, maxtasksperchild=1) as pool:
        for of_round in everything:
            wanted = [
                trial
                for trial in of_round
                if trial.variant in chosen and (numbers is None or trial.every in numbers)
            ]
            # what all variants of a seed share is made first, by its baseline
            shared = dict.fromkeys(replace(trial, variant="baseline") for trial in wanted)
            for _ in pool.imap_unordered(partial(one, work=asked.work), shared):
                pass
            for _ in pool.imap_unordered(partial(one, work=asked.work), wanted):
                rows = finished(everything, asked.work)
                write(rows, asked.size, asked.pages / f"{name}.json")


def finished(everything: list[list[Trial]], work: Path) -> list[dict[str, Any]]:
    """The rows of all trials that were run, now or before."""
    files = [work / f"{trial.name}.json" for of_round in everything for trial in of_round]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]


def write(rows: list[dict[str, Any]], size: str, twin: Path) -> None:
    """The page of what is done so far, and its JSON twin."""
    rows = sorted(rows, key=lambda row: (row["seed"], row["every"], row["variant"]))
    document = {
        **origin("remote"),
        "size": plain(SIZES[size]),
        "trials": rows,
        "summary": summarised(rows),
    }
    publish(twin, document, page(document))


if __name__ == "__main__":
    main()
