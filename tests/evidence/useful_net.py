"""How good a net is after five minutes on two cores: the page `docs/evidence/useful_net`.

    python -m tests.evidence.useful_net --seeds 3

Needs a machine that does nothing else. Finished runs are kept under `out/` and never repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.evidence.pages import origin, publish
from tests.evidence.places import PAGES, WORK

CASES = (
    ("dlc_openfield", 80),
    ("mirror_mouse", 70),
    ("sleap_fly_centered", 56),
    ("dlc_openfield", 20),
    ("mirror_mouse", 20),
)
"""Pack and number of frames to learn from, as the packs' splits have them."""
REFERENCE = {("dlc_openfield", 80): (4.7, 10.1), ("mirror_mouse", 70): (3.5, 11.7)}
"""(median, 95 %) px of the quick reference that was there before this program, one seed."""
MEASURES = ("median_px", "p95_px", "within_5", "within_10", "pck", "minutes")


def measured(pack: str, frames: int, seed: int, minutes: float, work: Path) -> dict[str, Any]:
    """One training in a process of its own, or what is kept of it."""
    kept = work / f"{pack}-{frames}-{seed}-{minutes:g}.json"
    if not kept.exists():
        asked = f"--pack {pack} --train {frames} --first-seed {seed} --minutes {minutes:g}"
        command = [sys.executable, "-m", "tests.benchmarks.bench_useful_net", *shlex.split(asked)]
        passive = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}  # as the app's worker waits
        sys.stderr.write(f"{' '.join(command[1:])}\n")
        done = subprocess.run(command, env=passive, stdout=subprocess.PIPE, check=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(done.stdout)
    run: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))["runs"][0]
    return run


def summarised(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean, least and most of every measure, case by case."""
    rows = []
    for pack, frames in CASES:
        own = [run for run in runs if (run["pack"], run["train_frames"]) == (pack, frames)]
        if own:
            spread = {
                key: {
                    "mean": float(np.mean([run[key] for run in own])),
                    "least": min(run[key] for run in own),
                    "most": max(run[key] for run in own),
                }
                for key in MEASURES
            }
            rows.append({"pack": pack, "train_frames": frames, "seeds": len(own)} | spread)
    return rows


def page(document: dict[str, Any]) -> str:
    """The words and the table; all numbers are computed from the JSON twin."""
    lines = [
        "# A useful net after five minutes on two cores",
        "",
        "Trained as the app trains by default, within the given minutes from the first frame read "
        "to the net on disk, on the packs' own splits; errors in pixels of the original pictures "
        "over the keypoints that are labelled in frames the training never saw. Means over seeds, "
        "least and most in brackets.",
        "",
        "| data | frames | seeds | median px | 95 % px | within 5 px | within 10 px | PCK@0.1 box "
        "| minutes | reference, half of it |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in document["summary"]:
        reference = REFERENCE.get((row["pack"], row["train_frames"]))
        goal = "" if reference is None else " / ".join(f"{v} → {v / 2:.2f}" for v in reference)
        cells = [row["pack"], str(row["train_frames"]), str(row["seeds"])]
        cells += [_spread(row[key], "{:.2f}") for key in ("median_px", "p95_px")]
        cells += [f"{100 * row[key]['mean']:.0f} %" for key in ("within_5", "within_10")]
        cells += [f"{row['pck']['mean']:.3f}", f"{row['minutes']['mean']:.1f}", goal]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", *_fewer_labels(document["summary"])]
    lines += [f"Made by `{document['command']}` at commit `{document['commit']}`.", ""]
    return "\n".join(lines)


def _fewer_labels(summary: list[dict[str, Any]]) -> list[str]:
    """What a quarter of the labels gives, against all of them."""
    lines = []
    for pack in dict.fromkeys(row["pack"] for row in summary):
        own = sorted((r for r in summary if r["pack"] == pack), key=lambda r: r["train_frames"])
        if len(own) > 1:
            few, many = own[0], own[-1]
            typical, far = (few[k]["mean"] / many[k]["mean"] for k in ("median_px", "p95_px"))
            lines += [
                f"On {pack}, {few['train_frames']} frames give {typical:.2f} times the median "
                f"and {far:.2f} times the 95 % error of {many['train_frames']}.",
                "",
            ]
    return lines


def _spread(values: dict[str, float], form: str) -> str:
    mean, least, most = (form.format(values[key]) for key in ("mean", "least", "most"))
    return f"{mean} [{least}, {most}]"


def main() -> None:
    """Run, or go on with, all cases, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--work", type=Path, default=WORK / "useful_net")
    parser.add_argument("--pages", type=Path, default=PAGES)
    asked = parser.parse_args()
    runs = [
        measured(pack, frames, seed, asked.minutes, asked.work)
        for seed in range(asked.seeds)
        for pack, frames in CASES
    ]
    document = {
        **origin("useful_net"),
        "runs": runs,
        "summary": summarised(runs),
    }
    publish(asked.pages / "useful_net.json", document, page(document))


if __name__ == "__main__":
    main()
