"""What the first weights that are shipped save: the page `docs/evidence/matal_meta`.

    python -m tests.evidence.matal_meta mirror_mouse dlc_openfield

With 40 labels of a pack, teams learn from scratch and from the shipped weights, and are tried
after so many episodes. Finished seeds are kept under `out/`, and taken back from the page's JSON
twin where that folder is new.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poseapp.domain.report import SilentReport
from poseapp.learn.matal.episode import play
from poseapp.learn.matal.settings import FEWEST_LABELS, Settings
from poseapp.learn.matal.shipped import initialisation_digest
from poseapp.learn.matal.team import Team
from poseapp.learn.matal.trained import shipped_initialisation
from poseapp.learn.matal.training import train
from poseapp.learn.oracle.annotator import annotator
from poseapp.learn.oracle.course import digest
from poseapp.learn.oracle.frozen_trunk import FrozenTrunk
from poseapp.learn.oracle.rehearsal import Rehearsal
from poseapp.learn.oracle.seen import Seen, look
from poseapp.learn.oracle.summary import interval, wilcoxon_p
from poseapp.media.reader import FrameReader
from tests.evidence.packs import PACKS
from tests.evidence.pages import origin, publish
from tests.evidence.places import PAGES, WORK, OneLine
from tests.fixtures.packs import data_folder

EPISODES = (0, 5, 10, 20, 40)
"""After which teams are tried; those with shipped weights learn for half as long."""
TRIALS = 8
"""Episodes, without guesses, that say what a team earns."""


def open_pack(name: str, work: Path) -> tuple[Any, Seen, Any]:
    """Annotator, what the trunk sees, and how heads are trained."""
    labels, wanted = PACKS[name](data_folder() / name)
    teacher = annotator(labels, groups=wanted.groups, measured_on=wanted.measured_on)
    frames = FrameReader(labels.videos, work / "cache")
    seen = look(teacher, frames, wanted.sight, work / "seen", OneLine())
    frames.close()
    return teacher, seen, wanted.effort


def earned(game: Rehearsal, team: Team, settings: Settings) -> float:
    """What a team earns more than chance in an episode, in per cent of accuracy."""
    chances = (np.random.default_rng([n, 12345]) for n in range(TRIALS))
    return float(np.mean([play(game, team, settings, c, 0.0).earned for c in chances]))


def one_seed(pack: tuple[Any, Seen, Any], seed: int) -> dict[str, Any]:
    """Both kinds of teams on the same 40 labels."""
    teacher, seen, effort = pack
    rows = np.random.default_rng(seed).choice(len(teacher.pool), FEWEST_LABELS, replace=False)
    refs = [teacher.pool[row] for row in rows]
    settings = Settings()
    first = shipped_initialisation(settings)
    assert first is not None
    game = Rehearsal(teacher, FrozenTrunk(seen, effort), refs, settings)
    found: dict[str, Any] = {"seed": seed, "began_from": _beginnings()}
    for kind, own, start in (
        ("scratch", settings, None),
        ("shipped", settings.adapting(), first),
    ):
        found[kind], found[f"{kind}_s"] = {}, {}
        for episodes in (n for n in EPISODES if n <= own.episodes):
            began = time.process_time()
            team = train(game, replace(own, episodes=episodes), seed, SilentReport(), start=start)
            found[f"{kind}_s"][str(episodes)] = time.process_time() - began
            found[kind][str(episodes)] = earned(game, team, settings)
    return found


def _beginnings() -> str:
    """What teams begin from: the shipped weights, and the settings of both trainings."""
    both = [asdict(Settings()), asdict(Settings().adapting())]
    return digest({"weights": initialisation_digest(), "settings": both})


def measured(name: str, seeds: int, work: Path, known: Sequence[dict[str, Any]]) -> list[dict]:
    """A row a seed; rows of other shipped weights or settings are made again."""
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    done = {row["seed"]: row for row in known}
    for file in folder.glob("seed*.json"):
        row = json.loads(file.read_text(encoding="utf-8"))
        done[row["seed"]] = row
    done = {n: row for n, row in done.items() if row.get("began_from") == _beginnings()}
    missing = [seed for seed in range(seeds) if seed not in done]
    pack = open_pack(name, folder) if missing else None
    for seed in missing:
        assert pack is not None
        done[seed] = one_seed(pack, seed)
        (folder / f"seed{seed}.json").write_text(json.dumps(done[seed]), encoding="utf-8")
        sys.stderr.write(f"{name}, seed {seed}: {done[seed]}\n")
    return [done[seed] for seed in range(seeds)]


def summarised(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means by number of episodes, and pairs of equal seeds against the end of scratch."""
    last = str(EPISODES[-1])
    end = np.array([row["scratch"][last] for row in rows])
    found: dict[str, Any] = {}
    for kind in ("scratch", "shipped"):
        found[kind] = {}
        for episodes in rows[0][kind]:
            values = np.array([row[kind][episodes] for row in rows])
            found[kind][episodes] = {
                "earned": interval(values.tolist()),
                "seconds": float(np.mean([row[f"{kind}_s"][episodes] for row in rows])),
                "more_than_scratch_in_the_end": interval((values - end).tolist())
                | {"wilcoxon_p": wilcoxon_p((values - end).tolist())},
            }
    goal = found["scratch"][last]["earned"]["mean"]
    reached = [n for n, row in found["shipped"].items() if row["earned"]["mean"] >= goal]
    return {**found, "reached_after": int(reached[0]) if reached else None}


def page(document: dict[str, Any]) -> str:
    """The words and a table for each pack."""
    lines = [
        "# What the shipped first weights save",
        "",
        f"Teams learn on {FEWEST_LABELS} labels drawn by chance, from scratch and from the "
        f"weights that come with the app. *Earned* is what {TRIALS} episodes without guesses gain "
        "in accuracy more than chance does, in per cent; brackets are 95 % intervals from "
        "resampling seeds, p is Wilcoxon's over pairs of equal seeds against teams from scratch "
        f"after {EPISODES[-1]} episodes. Seconds are of one core.",
        "",
    ]
    for name, found in document["summary"].items():
        seeds = len(document["rows"][name])
        lines += [f"## {name}, {seeds} seeds", ""]
        lines += ["| first weights | episodes | seconds | earned | more than scratch at last | p |"]
        lines += ["|---|---|---|---|---|---|"]
        for kind in ("scratch", "shipped"):
            for episodes, row in found[kind].items():
                more = row["more_than_scratch_in_the_end"]
                cells = [kind, episodes, f"{row['seconds']:.0f}", _percent(row["earned"])]
                cells += [_percent(more), f"{more['wilcoxon_p']:.3f}"]
                lines.append(f"| {' | '.join(cells)} |")
        reached = found["reached_after"]
        told = "not at all" if reached is None else f"after {reached} episodes"
        lines += ["", f"With shipped weights teams earn what scratch does in the end {told}.", ""]
    return "\n".join(
        [*lines, f"Made by `{document['command']}` at commit `{document['commit']}`.", ""]
    )


def _percent(found: dict[str, float]) -> str:
    return f"{found['mean']:+.2f} [{found['low']:+.2f}, {found['high']:+.2f}]"


def main() -> None:
    """Run, or go on with, the seeds of the packs that are named, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="*", default=["mirror_mouse"], metavar="PACK")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--work", type=Path, default=WORK / "matal_meta")
    parser.add_argument("--pages", type=Path, default=PAGES)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    twin = asked.pages / "matal_meta.json"
    known = json.loads(twin.read_text(encoding="utf-8"))["rows"] if twin.exists() else {}
    rows = {n: measured(n, asked.seeds, asked.work, known.get(n, [])) for n in asked.packs}
    document = {
        **origin("matal_meta"),
        "rows": known | rows,
        "summary": {name: summarised(own) for name, own in (known | rows).items()},
    }
    publish(twin, document, page(document))


if __name__ == "__main__":
    main()
