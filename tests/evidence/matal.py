"""What the agents are worth on real data: the pages `docs/evidence/matal*`.

    python -m tests.evidence.matal --jobs 2
    python -m tests.evidence.matal --ablations mirror_mouse --jobs 2

All selectors run with five seeds, the agents, chance and each pack's best rule with ten. Finished
trials are kept under `out/`, and taken back from the page's JSON twin where that folder is new:
stop it and start it again at will.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from poseapp.app.simulation import simulate
from poseapp.learn.oracle.picture import draw
from poseapp.learn.oracle.settings import Schedule
from poseapp.learn.oracle.summary import BASELINE, interval
from poseapp.learn.select.matal import ABLATIONS
from tests.evidence.numbers import (
    Table,
    best_of,
    error_area,
    labels_needed,
    less_error,
    paired,
    stand_ins,
    table,
)
from tests.evidence.packs import PACKS
from tests.evidence.pages import origin, publish
from tests.evidence.places import PAGES, WORK, OneLine
from tests.fixtures.packs import data_folder

AGENTS = "matal"
RULES = (
    "typiclust", "kcentre", "kmeans", "least_confidence", "entropy", "doubtful_groups",
    "temporal_jump", "uniform",
)  # fmt: skip
"""The fixed rules beside chance; the other selectors look into the net."""
SCHEDULES = {"mirror_mouse": Schedule(rounds=5, batch=10, initial=10)}
"""Where a pack's own ends before the agents begin."""
_DRAWN = 4
"""Lines of a picture beside those of the agents and of chance."""


def measured(name: str, asked: argparse.Namespace, command: str) -> dict[str, Any]:
    """The curves of one pack: all selectors, then more seeds for those that matter most."""
    labels, wanted = PACKS[name](data_folder() / name)
    wanted = replace(wanted, jobs=asked.jobs, seeds=asked.seeds)
    wanted = replace(wanted, schedule=SCHEDULES.get(name, wanted.schedule))
    names = (
        BASELINE,
        AGENTS,
        *(asked.selectors or (ABLATIONS if asked.ablations else wanted.selectors)),
    )
    wanted = replace(wanted, selectors=tuple(dict.fromkeys(names)))
    work, twin = asked.work / name, asked.pages / f"{_page(asked)}.json"
    document = simulate(labels, wanted, work, OneLine(), command, known=twin)
    if asked.more > asked.seeds and not asked.ablations and not asked.selectors:
        best = best_of(table(document["curves"], name), RULES)
        wanted = replace(wanted, seeds_of=dict.fromkeys((BASELINE, AGENTS, best), asked.more))
        document = simulate(labels, wanted, work, OneLine(), command, known=twin)
    return document


def summarised(courses: Table, yardstick: str) -> dict[str, Any]:
    """Each selector against the yardstick; the agents also against the best of the others."""
    chance = courses[BASELINE]
    others = [name for name in courses if name not in (BASELINE, AGENTS)]
    best = best_of(courses, others)
    selectors = {
        name: {
            "seeds": len(own),
            "area_error_px": interval([error_area(c) for c in own.values()]),
            "final_error_px": interval([c.error_px[-1] for c in own.values()]),
            "less_error": less_error(paired(own, courses[yardstick])),
            "labels": labels_needed([paired(own, chance)]),
        }
        for name, own in courses.items()
    }
    return {
        "best": best,
        "agents_less_than_best": less_error(paired(courses[AGENTS], courses[best])),
        "selectors": selectors,
    }


def over_all(tables: dict[str, Table]) -> dict[str, Any]:
    """Each selector that ran on all packs against chance."""
    first, *others = tables.values()
    found = {}
    for name in first:
        if name != BASELINE and all(name in courses for courses in others):
            packs = [paired(courses[name], courses[BASELINE]) for courses in tables.values()]
            less = less_error([pair for pairs in packs for pair in pairs])
            found[name] = {"less_error": less, "labels": labels_needed(packs)}
    return found


def document_of(
    documents: dict[str, dict[str, Any]], came: dict[str, Any], yardstick: str
) -> dict[str, Any]:
    """The page's JSON twin; errors are compared with those of the yardstick.

    `came` is what `origin` says.
    """
    curves = [curve for document in documents.values() for curve in document["curves"]]
    tables = {name: table(curves, name) for name in documents}
    return {
        **came,
        "packs": {n: {"data": d["data"], "settings": d["settings"]} for n, d in documents.items()},
        "yardstick": yardstick,
        "summary": {name: summarised(courses, yardstick) for name, courses in tables.items()},
        "together": over_all(tables),
        "curves": curves,
    }


def told_before(twin: Path) -> dict[str, dict[str, Any]]:
    """What an earlier run told of its packs: they stay on the page until they run again."""
    if not twin.exists():
        return {}
    document = json.loads(twin.read_text(encoding="utf-8"))
    curves = document["curves"]
    return {
        name: {**found, "curves": [c for c in curves if c["dataset"] == name]}
        for name, found in document["packs"].items()
    }


def page(document: dict[str, Any], stem: str, title: str) -> str:
    """The words and the tables; every number is computed from the JSON twin."""
    lines = [
        f"# {title}",
        "",
        "A simulated annotator answers the selector; after every round a new head is trained over "
        "a trunk that stands still. First labels, first weights, steps and schedule are the same "
        "for all. Before 40 labels another selector stands in for the agents, as in the app. "
        "*Error* is the mean over the course, brackets are 95 % intervals from resampling seeds, "
        "p is Wilcoxon's over pairs of equal seeds (two-sided; with 5 pairs never under 0.0625, "
        "with 10 never under 0.002). *Labels* are those that lead to the error with which chance "
        "ends, as a share of chance's; above 100 %, where that error is not reached, chance's "
        "labels for the selector's last error are compared instead.",
        "",
    ]
    if len(document["packs"]) > 1:
        lines += [
            "## All packs together",
            "",
            *_head(["selector", "labels", "less than random", "p"]),
        ]
        together = document["together"]
        for name in sorted(together, key=lambda n: together[n]["labels"]["mean"]):
            row = together[name]
            cells = [name, _share(row["labels"]), *_less(row["less_error"])]
            lines.append(_row(cells))
        lines.append("")
    for name in document["packs"]:
        lines += _pack(name, document, stem)
    lines += [f"Made by `{document['command']}` at commit `{document['commit']}`.", ""]
    return "\n".join(lines)


def _pack(name: str, document: dict[str, Any], stem: str) -> list[str]:
    found, summary, yardstick = (
        document["packs"][name], document["summary"][name], document["yardstick"],
    )  # fmt: skip
    schedule, data = found["settings"]["schedule"], found["data"]
    best, against_best = summary["best"], summary["agents_less_than_best"]
    lines = [
        f"## {name}",
        "",
        f"{schedule['initial']} labels by chance, then {schedule['rounds']} rounds of "
        f"{schedule['batch']}, out of {data['frames_to_ask_for']} frames; measured on "
        f"{data['frames_held_out']} others; {found['settings']['effort']['steps']} steps.",
        "",
        f"![Error and PCK against labelled frames]({stem}_{name}.png)",
        "",
        *_head(
            ["selector", "seeds", "error", f"less than {yardstick}", "p", "last error", "labels"]
        ),
    ]
    rows = summary["selectors"]
    for selector in sorted(rows, key=lambda n: rows[n]["area_error_px"]["mean"]):
        row = rows[selector]
        cells = [selector, str(row["seeds"]), _px(row["area_error_px"])]
        cells += ["", ""] if selector == yardstick else _less(row["less_error"])
        cells += [_px(row["final_error_px"]), "" if selector == BASELINE else _share(row["labels"])]
        lines.append(_row(cells))
    less, p = _less(against_best)
    told = f"The agents have {less} less error than {best}, the best of the others here, p {p} "
    lines += ["", f"{told}({against_best['pairs']} seeds).", ""]
    stood_in = stand_ins(curve for curve in document["curves"] if curve["dataset"] == name)
    return [*lines, stood_in, ""] if stood_in else lines


def _head(names: list[str]) -> list[str]:
    return [_row(names), _row(["---"] * len(names))]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _px(found: dict[str, float]) -> str:
    return f"{found['mean']:.2f} px [{found['low']:.2f}, {found['high']:.2f}]"


def _share(found: dict[str, float]) -> str:
    return f"{100 * found['mean']:.0f} % [{100 * found['low']:.0f}, {100 * found['high']:.0f}]"


def _less(found: dict[str, float]) -> list[str]:
    low, middle, high = (f"{100 * found[key]:.1f}" for key in ("low", "mean", "high"))
    return [f"{middle} % [{low}, {high}]", f"{found['wilcoxon_p']:.3f}"]


def _page(asked: argparse.Namespace) -> str:
    return "matal_ablations" if asked.ablations else "matal"


def write(document: dict[str, Any], asked: argparse.Namespace) -> None:
    """The page, its twin and a picture for each pack."""
    stem = _page(asked)
    title = "What each part of the agents is worth" if asked.ablations else "What agents are worth"
    asked.pages.mkdir(parents=True, exist_ok=True)
    for name in document["packs"]:
        courses = table(document["curves"], name)
        rows = document["summary"][name]["selectors"]
        by_error = sorted(rows, key=lambda n: rows[n]["area_error_px"]["mean"])
        others = [n for n in by_error if n not in (BASELINE, AGENTS)][:_DRAWN]
        drawn = [c for n in (BASELINE, AGENTS, *others) for c in courses[n].values()]
        draw(drawn, asked.pages / f"{stem}_{name}.png")
    publish(asked.pages / f"{stem}.json", document, page(document, stem, title))
    sys.stderr.write(f"\n{asked.pages / f'{stem}.md'}\n")


def _listed(names: str) -> tuple[str, ...]:
    return tuple(names.split(","))


def main() -> None:
    """Run, or go on with, the tables of the packs that are named, and write their page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="*", default=list(PACKS), metavar="PACK")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--more", type=int, default=10, help="seeds of those that matter most")
    parser.add_argument("--ablations", action="store_true", help="the agents without their parts")
    parser.add_argument("--selectors", type=_listed, help="of the others, only these: A,B,…")
    parser.add_argument("--work", type=Path, default=WORK / "matal", help="of finished trials")
    parser.add_argument("--pages", type=Path, default=PAGES)
    asked = parser.parse_args()
    came = origin("matal")
    documents = told_before(asked.pages / f"{_page(asked)}.json")
    for name in asked.packs:
        documents[name] = measured(name, asked, came["command"])
        yardstick = AGENTS if asked.ablations else BASELINE
        write(document_of(documents, came, yardstick), asked)


if __name__ == "__main__":
    main()
