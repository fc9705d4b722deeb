"""Make the first weights that come with the app: `poseapp/resources/models/matal.safetensors`.

    .venv/bin/python packaging/matal_initialisation.py

Agents learn on animals that this project's own code makes up (`poseapp.learn.synth.creature`), no
picture or label of anybody else is in it. Work is kept under `out/` and goes on where it stopped;
a run of its own takes half an hour of one core. A card is written beside the weights: data, seeds,
settings, and how teams that begin with them compare with teams from scratch on animals that they
never met.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import wilcoxon

from poseapp.app.simulation import program_state
from poseapp.domain.report import Report, SilentReport
from poseapp.learn.matal.episode import play
from poseapp.learn.matal.meta import Meta, Rule, meta_train
from poseapp.learn.matal.settings import Settings
from poseapp.learn.matal.team import Team
from poseapp.learn.matal.trained import save_initialisation
from poseapp.learn.matal.training import train
from poseapp.learn.oracle.annotator import annotator
from poseapp.learn.oracle.frozen_trunk import FrozenTrunk
from poseapp.learn.oracle.rehearsal import Rehearsal
from poseapp.learn.oracle.seen import look
from poseapp.learn.oracle.settings import Effort, Sight
from poseapp.learn.synth.creature import Kind

PROJECT = Path(__file__).resolve().parent.parent
MODELS = PROJECT / "poseapp" / "resources" / "models"
SIGHT = Sight(long_side=160, crop_side=128, copies=1)
SETTINGS = Settings(chance_fades=300.0)
METAS = {
    Rule.REPTILE: Meta(Rule.REPTILE, tasks=240, steps=20, rate=0.2, episodes=4),
    Rule.FOMAML: Meta(Rule.FOMAML, tasks=120, steps=20, rate=20.0, episodes=4),
}
MET = tuple(range(8))
"""Kinds of animals that agents learn on, by their seeds."""
NEVER_MET = (8, 9)
"""Kinds that they are tried on."""
SIZES = (50, 110)
"""Labelled frames that are played with."""
TRIED = 6
"""Seeds."""
UNSEEN = 12
"""Episodes that say what a team's own picks earn."""
SCRATCH, AS_SHIPPED, ADAPTED = "from scratch", "as shipped", "adapted"
"""Teams that are tried."""


def game(kind: int, labels: int, work: Path) -> Rehearsal:
    """Rehearsals with so many labelled frames of one kind of animal."""
    made_up = Kind(kind)
    teacher = annotator(made_up.labels)
    seen = look(teacher, made_up, SIGHT, work / f"kind{kind}", SilentReport())
    rows = np.random.default_rng([kind, labels]).permutation(len(teacher.pool))[:labels]
    refs = [teacher.pool[row] for row in rows]
    return Rehearsal(teacher, FrozenTrunk(seen, Effort()), refs, SETTINGS)


def tried(first: Team, number: int, environment: Rehearsal) -> dict[str, float]:
    """What teams earn more than chance on a kind of animal that the first weights never met."""
    report, adapting = SilentReport(), SETTINGS.adapting()
    teams = {
        SCRATCH: train(environment, SETTINGS, number, report),
        AS_SHIPPED: first,
        ADAPTED: train(environment, adapting, number, report, start=first),
    }
    return {name: earned(environment, team, number) for name, team in teams.items()}


def earned(environment: Rehearsal, team: Team, number: int) -> float:
    """Mean of episodes without guesses, which begin alike for every team."""
    chances = [np.random.default_rng([number, n, 7]) for n in range(UNSEEN)]
    return float(np.mean([play(environment, team, SETTINGS, c, 0.0).earned for c in chances]))


def compared(first: Team, games: Sequence[Rehearsal], kept: Path) -> list[dict[str, float]]:
    """Every seed's `tried`; those that were finished before are read back."""
    document = {"weights": _digest(first), "rows": []}
    if kept.exists():
        found = json.loads(kept.read_text(encoding="utf-8"))
        document = found if found["weights"] == document["weights"] else document
    rows: list[dict[str, float]] = document["rows"]
    for number in range(len(rows), TRIED):
        rows.append(tried(first, number, games[number % len(games)]))
        kept.write_text(json.dumps(document), encoding="utf-8")
        sys.stderr.write(f"seed {number}: {rows[-1]}\n")
        sys.stderr.flush()
    return rows


def _digest(team: Team) -> str:
    found = hashlib.sha256()
    for value in team.state_dict().values():
        found.update(value.numpy().tobytes())
    return found.hexdigest()


class Log(SilentReport):
    """A line for each task on standard error, and what the tasks earned."""

    def __init__(self) -> None:
        self.earned: list[float] = []

    def metrics(self, **values: float) -> None:
        """Write it down."""
        self.earned.append(values["earned"])
        told = " ".join(f"{name} {value:.3f}" for name, value in values.items())
        sys.stderr.write(f"{told}\n")
        sys.stderr.flush()


def learn(rule: Rule, games: Sequence[Rehearsal], work: Path, report: Report) -> Team:
    """First weights by one of the rules."""
    return meta_train(games, SETTINGS, METAS[rule], 0, report, saved=work / f"{rule}.safetensors")


def card(results: dict[str, list[dict[str, float]]], weights: Path) -> str:
    """What the weights are, in words and numbers."""
    state, digest = program_state(), hashlib.sha256(weights.read_bytes()).hexdigest()
    lines = [
        "# matal.safetensors",
        "",
        "First weights for teams of MATAL's agents, learnt by Reptile.",
        "",
        f"- **From** made-up animals drawn by `poseapp/learn/synth/creature.py`: kinds {MET[0]} to "
        f"{MET[-1]}, each with 8 films and about 320 frames. Nobody else's pictures or labels. The "
        "trunk that looks at them is the ImageNet one that the app uses, and stands still.",
        "- **Licence**: Apache-2.0, as the whole project.",
        "- **Made by** `python packaging/matal_initialisation.py`, seed 0, at commit "
        f"`{state['commit']}` with torch {state['packages']['torch']}.",
        f"- **Settings**: games with {SIZES[0]} and {SIZES[1]} labelled frames of each kind; "
        f"`{SIGHT}`; `{SETTINGS}`; `{METAS[Rule.REPTILE]}`.",
        f"- **sha256** `{digest}`",
        "",
        "## Against teams from scratch",
        "",
        f"On kinds {' and '.join(map(str, NEVER_MET))}, which no agent met before, with "
        f"{SIZES[0]} labels: what {UNSEEN} episodes of a team's own picks gain in accuracy more "
        "than chance does, in per cent. As the app adapts them: "
        f"{SETTINGS.adapting().episodes} episodes, rate {SETTINGS.adapting().lr}; from scratch: "
        f"{SETTINGS.episodes} episodes, rate {SETTINGS.lr}.",
        "",
    ]
    for rule, rows in results.items():
        names = list(rows[0])
        columns = np.array([[row[name] for name in names] for row in rows])
        spread = columns.std(axis=0, ddof=1) / len(columns) ** 0.5
        p = float(wilcoxon([row[ADAPTED] - row[SCRATCH] for row in rows]).pvalue)
        lines += [f"| {rule}, seed | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
        shown = [*enumerate(columns), ("mean", columns.mean(axis=0)), ("standard error", spread)]
        lines += [f"| {n} | {' | '.join(f'{value:.2f}' for value in row)} |" for n, row in shown]
        lines += ["", f"Adapted against from scratch: Wilcoxon's p {p:.3f}, two-sided.", ""]
    return "\n".join(lines)


def main() -> None:
    """Learn, or go on learning, and write weights and card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=PROJECT / "out" / "initialisation")
    parser.add_argument("--fomaml", action="store_true", help="compare the other rule, too")
    parser.add_argument("--models", type=Path, default=MODELS)
    asked = parser.parse_args()
    games = [game(kind, labels, asked.work) for kind in MET for labels in SIZES]
    trial = [game(kind, SIZES[0], asked.work) for kind in NEVER_MET]
    results = {}
    weights = asked.models / "matal.safetensors"
    for rule in (Rule.REPTILE, Rule.FOMAML) if asked.fomaml else (Rule.REPTILE,):
        team = learn(rule, games, asked.work, Log())
        if rule is Rule.REPTILE:
            save_initialisation(team, SETTINGS, weights, "packaging/matal_initialisation.py")
        results[rule] = compared(team, trial, asked.work / f"compared_{rule}.json")
        weights.with_suffix(".md").write_text(card(results, weights), encoding="utf-8")


if __name__ == "__main__":
    main()
