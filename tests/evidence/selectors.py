"""How many labels each selector saves, on real data: the pages `docs/evidence/selectors_*`.

    python -m tests.evidence.selectors mirror_mouse jhmdb_human_video --jobs 2

Finished trials are kept under `out/`, and taken back from the pages' JSON twins where that folder
is new: stop it and start it again at will.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from poseapp.app.simulation import simulate
from poseapp.learn.oracle.summary import area, interval, wilcoxon_p
from tests.evidence.numbers import stand_ins
from tests.evidence.packs import PACKS
from tests.evidence.pages import publish
from tests.evidence.places import PAGES, WORK, OneLine
from tests.fixtures.packs import data_folder

TABLES = ("mirror_mouse", "jhmdb_human_video")


def page(document: dict[str, Any]) -> str:
    """The words and the table of a page; all its numbers are computed from its JSON twin."""
    data, settings, summary = document["data"], document["settings"], document["summary"]
    schedule, effort = settings["schedule"], settings["effort"]
    name = data["dataset"]
    last = schedule["initial"] + schedule["rounds"] * schedule["batch"]
    seeds = max(row["seeds"] for row in summary.values())
    lines = [
        f"# Selectors on {name}",
        "",
        f"A simulated annotator labels {schedule['initial']} frames chosen by chance and then "
        f"{schedule['rounds']} rounds of {schedule['batch']} that a selector asks for, out of "
        f"{data['frames_to_ask_for']}. After every round a new head is trained for "
        f"{effort['steps']} steps over a trunk that stands still ({data['trunk']}) and measured "
        f"on {data['frames_held_out']} frames that no selector sees. First labels, first weights, "
        f"steps and schedule are the same for all; {seeds} seeds.",
        "",
        "Areas are means over the whole course. Brackets are 95 % intervals from resampling the "
        "seeds; differences from random are taken seed by seed, p is Wilcoxon's (two-sided, which "
        f"with {seeds} seeds cannot fall under {2 / 2**seeds:.4f}).",
        "",
        f"![Error and PCK against labelled frames](selectors_{name}.png)",
        "",
        "| selector | mean error, area | less than random | p | PCK@0.2, area | more than random "
        f"| p | error at {last} labels | labels for random's last error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    order = sorted(summary, key=lambda s: summary[s]["area_error_px"]["mean"])
    lines += [_row(selector, summary[selector]) for selector in order]
    if told := stand_ins(document["curves"]):
        lines += ["", told]
    lines += [
        "",
        "This is a comparison of selectors, not of nets: the frozen trunk is far from what a full "
        "training reaches with as many labels.",
        "",
        f"Made by `{document['command']}` at commit `{document['commit']}`; every number here can "
        f"be computed from `selectors_{name}.json`.",
        "",
    ]
    return "\n".join(lines)


def pooled(documents: list[dict[str, Any]], command: str) -> dict[str, Any]:
    """One document over several packs: areas as shares of random's with the same seed."""
    areas = {
        (curve["dataset"], curve["selector"], curve["seed"]): area(
            curve["labels"], curve["error_px"]
        )
        for document in documents
        for curve in document["curves"]
    }
    shares: dict[str, list[float]] = {}
    for (pack, selector, seed), found in areas.items():
        if selector != "random" and (pack, "random", seed) in areas:
            shares.setdefault(selector, []).append(found / areas[pack, "random", seed] - 1)
    summary = {
        selector: {
            "pairs": len(found),
            "relative_area_error": interval(found) | {"wilcoxon_p": wilcoxon_p(found)},
        }
        for selector, found in shares.items()
    }
    shared = {key: documents[0][key] for key in ("commit", "packages")}
    return {
        "command": command,
        **shared,
        "data": {document["data"]["dataset"]: document["data"] for document in documents},
        "curves": [curve for document in documents for curve in document["curves"]],
        "summary": summary,
    }


def pooled_page(document: dict[str, Any]) -> str:
    """The words and the table over all packs."""
    packs = list(document["data"])
    lines = [
        "# Selectors, all packs together",
        "",
        f"Over {' and '.join(f'[{name}](selectors_{name}.md)' for name in packs)}: by how much the "
        "mean error over the whole course differs from random's with the same pack and seed. "
        "Brackets are 95 % intervals from resampling the pairs, p is Wilcoxon's (two-sided).",
        "",
        "| selector | error against random | p | pairs |",
        "|---|---|---|---|",
    ]
    summary = document["summary"]
    order = sorted(summary, key=lambda s: summary[s]["relative_area_error"]["mean"])
    for selector in order:
        found = summary[selector]["relative_area_error"]
        low, middle, high = (f"{100 * found[key]:+.1f} %" for key in ("low", "mean", "high"))
        pairs, p = summary[selector]["pairs"], found["wilcoxon_p"]
        lines.append(f"| {selector} | {middle} [{low}, {high}] | {p:.3f} | {pairs} |")
    lines += ["", f"Made by `{document['command']}` at commit `{document['commit']}`.", ""]
    return "\n".join(lines)


def _row(selector: str, row: dict[str, Any]) -> str:
    cells = [selector, _px(row["area_error_px"])]
    against = row.get("against_random") if selector != "random" else None
    if against is None:
        cells += ["", "", _share(row["area_pck"]), "", ""]
    else:
        error, pck = against["area_error_px"], against["area_pck"]
        less = {"mean": -error["mean"], "low": -error["high"], "high": -error["low"]}
        cells += [_px(less), f"{error['wilcoxon_p']:.3f}", _share(row["area_pck"])]
        cells += [_share(pck), f"{pck['wilcoxon_p']:.3f}"]
    reached = against["labels_to_its_final_error"] if against else None
    cells += [_px(row["final_error_px"])]
    cells += ["" if against is None else "not reached" if reached is None else f"{reached:.0f}"]
    return f"| {' | '.join(cells)} |"


def _px(interval: dict[str, float]) -> str:
    return f"{interval['mean']:.2f} px [{interval['low']:.2f}, {interval['high']:.2f}]"


def _share(interval: dict[str, float]) -> str:
    return f"{interval['mean']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def main() -> None:
    """Run, or go on with, the tables that are named, and write their pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="*", default=TABLES, metavar="PACK")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--selectors", help="some of them, with commas between")
    parser.add_argument(
        "--work", type=Path, default=WORK / "selectors", help="folder of finished trials"
    )
    parser.add_argument("--pages", type=Path, default=PAGES)
    asked = parser.parse_args()
    command = f"python -m tests.evidence.selectors {shlex.join(sys.argv[1:])}".strip()
    documents: list[dict[str, Any]] = []
    for name in asked.packs:
        labels, wanted = PACKS[name](data_folder() / name)
        wanted = replace(wanted, jobs=asked.jobs, seeds=asked.seeds)
        if asked.selectors:
            wanted = replace(wanted, selectors=tuple(asked.selectors.split(",")))
        twin = asked.pages / f"selectors_{name}.json"
        document = simulate(labels, wanted, asked.work / name, OneLine(), command, known=twin)
        documents.append(document)
        asked.pages.mkdir(parents=True, exist_ok=True)
        for kind in ("json", "csv", "png"):
            made = asked.work / name / f"curves.{kind}"
            (asked.pages / f"selectors_{name}.{kind}").write_bytes(made.read_bytes())
        (asked.pages / f"selectors_{name}.md").write_text(page(document), encoding="utf-8")
        sys.stderr.write(f"\n{asked.pages / f'selectors_{name}.md'}\n")
    if len(documents) > 1:
        together = pooled(documents, command)
        publish(asked.pages / "selectors.json", together, pooled_page(together))


if __name__ == "__main__":
    main()
