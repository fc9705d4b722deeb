"""How much there is to choose at all: the page `docs/evidence/matal_room`.

    python -m tests.evidence.matal_room mirror_mouse:20 jhmdb_human_video:20 jhmdb_same_clips:40

From so many labels of a pack, batches are drawn by chance, and heads of several seeds learn each
of them. How far batches differ beyond what the heads' own chance explains is all that a selector
could find. Finished heads are kept under `out/`, so it may be stopped and started again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import norm

from poseapp.learn.oracle.frozen_trunk import FrozenTrunk
from poseapp.learn.oracle.scores import score
from tests.evidence.matal import SCHEDULES
from tests.evidence.matal_meta import open_pack
from tests.evidence.packs import PACKS
from tests.evidence.pages import origin, publish
from tests.evidence.places import PAGES, WORK, OneLine
from tests.fixtures.packs import data_folder

BATCHES = 16
SEEDS = 2
BEST_OF = 20
"""Of so many batches the best one is what a selector that sees the truth would take."""


def errors(name: str, labels: int, work: Path) -> dict[str, Any]:
    """Held-out errors with these labels, and with each batch of the pack's schedule besides."""
    teacher, seen, effort = open_pack(name, work)
    trunk = FrozenTrunk(seen, effort, work / "heads")
    schedule = SCHEDULES.get(name, PACKS[name](data_folder() / name)[1].schedule)
    chance, report = np.random.default_rng(5), OneLine()
    first = chance.choice(len(teacher.pool), labels, replace=False)
    others = np.setdiff1d(np.arange(len(teacher.pool)), first)
    batches = [chance.choice(others, schedule.batch, replace=False) for _ in range(BATCHES)]
    truth = teacher.bodies(teacher.held_out)

    def learnt(rows: NDArray[np.intp]) -> list[float]:
        refs = sorted(teacher.pool[row] for row in rows)
        nets = [trunk.fit(refs, seed) for seed in range(SEEDS)]
        points = [net.guess(teacher.held_out).points for net in nets]
        return [score(found, truth, teacher.labels.skeleton).error_px for found in points]

    before, after = learnt(first), []
    for done, rows in enumerate(batches):
        report.progress(done / BATCHES, f"{name}, {labels} labels")
        after.append(learnt(np.concatenate([first, rows])))
    case = {"pack": name, "labels": labels, "batch": schedule.batch}
    return case | {"before": before, "after": after}


def room(before: NDArray[np.float64], after: NDArray[np.float64], batch: int) -> dict[str, float]:
    """What choice is worth, from (S,) errors before and (B, S) after batches, by seed of a head.

    Errors are a batch's own part, a seed's part and chance (two-way analysis of variance).
    """
    batches, seeds = after.shape
    own, by_seed = after.mean(axis=1, keepdims=True), after.mean(axis=0, keepdims=True)
    rest = after - own - by_seed + after.mean()
    noise = (rest**2).sum() / ((batches - 1) * (seeds - 1))
    between = max(0.0, own.var(ddof=1) - noise / seeds)
    gained = before.mean() - after.mean()
    best = expected_best(BEST_OF) * np.sqrt(between)
    return {
        "before_px": float(before.mean()),
        "after_px": float(after.mean()),
        "noise_px": float(np.sqrt(noise)),
        "between_px": float(np.sqrt(between)),
        "agreement": float(np.corrcoef(after[:, 0], after[:, 1])[0, 1]),
        "best_px": float(best),
        "best_labels": float(batch * best / gained) if gained > 0 else float("nan"),
    }


def expected_best(count: int) -> float:
    """The expected largest of so many standard normal numbers."""
    grid = np.linspace(-8, 8, 16001)
    return float(np.trapezoid(grid * count * norm.pdf(grid) * norm.cdf(grid) ** (count - 1), grid))


def page(document: dict[str, Any]) -> str:
    """The words and the table; all numbers come from the JSON twin."""
    lines = [
        "# How much there is to choose",
        "",
        f"{BATCHES} batches drawn by chance were added to the same labels, and heads of {SEEDS} "
        "seeds learnt each. *Between batches* is the standard deviation of what a batch is worth, "
        f"beside *chance*, that of heads with other seeds. *Best of {BEST_OF}* is what a selector "
        "would gain that saw the held-out frames: in pixels, and as labels by chance that would "
        "gain as much. *Agreement* is the correlation of two seeds over the batches.",
        "",
        "| pack | labels | error | with a batch more | chance | between batches | agreement | "
        f"best of {BEST_OF} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in document["rows"]:
        found = document["summary"][f"{row['pack']}:{row['labels']}"]
        best = f"{found['best_px']:.2f} px, {found['best_labels']:.0f} labels"
        cells = [row["pack"], f"{row['labels']} + {row['batch']}", f"{found['before_px']:.2f} px"]
        cells += [f"{found[k]:.2f} px" for k in ("after_px", "noise_px", "between_px")]
        cells += [f"{found['agreement']:.2f}", best]
        lines.append(f"| {' | '.join(cells)} |")
    told = f"Made by `{document['command']}` at commit `{document['commit']}`."
    return "\n".join([*lines, "", told, ""])


def main() -> None:
    """Measure the packs that are named, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="+", metavar="PACK:LABELS")
    parser.add_argument("--work", type=Path, default=WORK / "matal_room")
    parser.add_argument("--pages", type=Path, default=PAGES)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    twin = asked.pages / "matal_room.json"
    known = json.loads(twin.read_text(encoding="utf-8"))["rows"] if twin.exists() else []
    rows = {f"{row['pack']}:{row['labels']}": row for row in known}
    for case in asked.cases:
        name, labels = case.split(":")
        rows[case] = errors(name, int(labels), asked.work / name)
        summary = {
            key: room(np.array(row["before"]), np.array(row["after"]), row["batch"])
            for key, row in rows.items()
        }
        document = {**origin("matal_room"), "summary": summary, "rows": list(rows.values())}
        publish(twin, document, page(document))


if __name__ == "__main__":
    main()
