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
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import wilcoxon

from poseapp.app.simulation import program_state
from poseapp.domain.report import Report, SilentReport
from poseapp.learn.matal.episode import Opening, make_team, play
from poseapp.learn.matal.meta import Meta, Rule, meta_train
from poseapp.learn.matal.settings import Settings
from poseapp.learn.matal.team import Team
from poseapp.learn.matal.trained import save_initialisation
from poseapp.learn.matal.training import Learner
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
TRIED = 10
"""Seeds."""
UNSEEN = 6
"""Episodes that say how well a team foresees what picks earn, and what its own picks earn."""


def game(kind: int, labels: int, work: Path) -> Rehearsal:
    """Rehearsals with so many labelled frames of one kind of animal."""
    made_up = Kind(kind)
    teacher = annotator(made_up.labels)
    seen = look(teacher, made_up, SIGHT, work / f"kind{kind}", SilentReport())
    rows = np.random.default_rng([kind, labels]).permutation(len(teacher.pool))[:labels]
    refs = [teacher.pool[row] for row in rows]
    return Rehearsal(teacher, FrozenTrunk(seen, Effort()), refs, SETTINGS)


def tried(first: Team, meta: Meta, games: Sequence[Rehearsal], seed: int) -> dict[str, float]:
    """A team that begins with these weights, on a partition that it never met.

    Returns:
        What its episodes earn before it learnt anything there, and the temporal difference after
        as many steps as a task had, on rounds that those steps did not see. The rounds to learn
        from and to foresee are picked by chance, so that they are the same for every team.
    """
    environment = games[seed % len(games)]
    own = [play(environment, first, SETTINGS, _chance(seed, n), 0.0) for n in range(UNSEEN)]
    learner = Learner(first, SETTINGS)
    opening = Opening()
    for n in range(meta.episodes):
        for round_ in play(environment, first, SETTINGS, _chance(seed, n), 1.0, opening).rounds:
            learner.remember(round_)
        opening = Opening(repartition=False)
    for n in range(meta.steps):
        learner.update(_chance(seed, n))
    others = [_chance(seed, 100 + n) for n in range(UNSEEN)]
    unseen = [r for c in others for r in play(environment, first, SETTINGS, c, 1.0).rounds]
    return {
        "earned": float(np.mean([episode.earned for episode in own])),
        "loss": float(learner.loss(unseen).detach()),
    }


def _chance(seed: int, number: int) -> np.random.Generator:
    return np.random.default_rng([seed, number, 7])


def compared(first: Team, meta: Meta, games: Sequence[Rehearsal]) -> dict[str, Any]:
    """Teams with these weights against teams from scratch, seed by seed."""
    rows: dict[str, list[dict[str, float]]] = {"learnt": [], "scratch": []}
    for seed in range(TRIED):
        new = make_team(games[0].reset(np.random.default_rng(seed)), SETTINGS, seed)
        rows["scratch"].append(tried(new, meta, games, seed))
        new = make_team(games[0].reset(np.random.default_rng(seed)), SETTINGS, seed)
        new.load_state_dict(first.state_dict())
        rows["learnt"].append(tried(new, meta, games, seed))

    def p(key: str, alternative: str) -> float:
        pair = [[row[key] for row in rows[kind]] for kind in ("learnt", "scratch")]
        return float(wilcoxon(*pair, alternative=alternative).pvalue)

    mean = {k: {key: float(np.mean([r[key] for r in v])) for key in v[0]} for k, v in rows.items()}
    p_values = {"loss": p("loss", "less"), "earned": p("earned", "greater")}
    return {"seeds": TRIED, "mean": mean, "wilcoxon_p": p_values, "rows": rows}


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


def card(results: dict[str, Any], weights: Path) -> str:
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
        f"On kinds {' and '.join(map(str, NEVER_MET))}, which no agent met before, {TRIED} seeds. "
        "*Loss*: mean squared temporal difference after as many steps as a task had, on "
        f"{UNSEEN} episodes picked by chance, which are the same for both. *Earned*: what "
        f"{UNSEEN} episodes of the team's own picks gain in accuracy more than chance, in per "
        "cent, before it learnt anything there. p is Wilcoxon's, one-sided.",
        "",
    ]
    for rule, found in results.items():
        lines += [f"| {rule}, seed | loss | from scratch | earned | from scratch |"]
        lines += ["|---|---|---|---|---|"]
        columns = [
            [row[key] for row in found["rows"][kind]]
            for key in ("loss", "earned")
            for kind in ("learnt", "scratch")
        ]
        rows = [*enumerate(zip(*columns, strict=True)), ("mean", np.mean(columns, axis=1))]
        lines += [f"| {n} | {' | '.join(f'{value:.3f}' for value in row)} |" for n, row in rows]
        p = found["wilcoxon_p"]
        lines += [f"| p | {p['loss']:.4f} | | {p['earned']:.4f} | |", ""]
    return "\n".join(lines)


def main() -> None:
    """Learn, or go on learning, and write weights and card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=PROJECT / "out" / "initialisation")
    parser.add_argument("--models", type=Path, default=MODELS)
    asked = parser.parse_args()
    games = [game(kind, labels, asked.work) for kind in MET for labels in SIZES]
    trial = [game(kind, SIZES[0], asked.work) for kind in NEVER_MET]
    results = {}
    weights = asked.models / "matal.safetensors"
    for rule in (Rule.REPTILE, Rule.FOMAML):
        team = learn(rule, games, asked.work, Log())
        results[rule] = compared(team, METAS[rule], trial)
        if rule is Rule.REPTILE:
            save_initialisation(team, SETTINGS, weights, "packaging/matal_initialisation.py")
        weights.with_suffix(".md").write_text(card(results, weights), encoding="utf-8")
        sys.stderr.write(f"{rule}: {results[rule]['mean']} {results[rule]['wilcoxon_p']}\n")


if __name__ == "__main__":
    main()
