"""Meta-optimisation: first weights from which a few steps make a good team (section 3.3).

Reptile: Nichol, Achiam and Schulman, "On first-order meta-learning algorithms", 2018; FOMAML: Finn,
Abbeel and Levine, "Model-agnostic meta-learning", 2017, without second derivatives. The paper cites
MAML and gives no numbers.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poseapp.domain.report import Report
from poseapp.learn.matal.environment import Environment
from poseapp.learn.matal.episode import Opening, play
from poseapp.learn.matal.settings import Settings
from poseapp.learn.matal.team import Team
from poseapp.learn.matal.training import Learner, begin, chance_to_guess
from poseapp.learn.train import checkpoint


class Rule(StrEnum):
    """How a task moves the first weights."""

    REPTILE = "reptile"
    """Towards the weights after the task's steps."""
    FOMAML = "fomaml"
    """Against the gradient there, taken on another episode of the task."""


@dataclass(frozen=True, slots=True)
class Meta:
    """How first weights are learnt."""

    rule: Rule = Rule.REPTILE
    tasks: int = 200
    steps: int = 5
    """TD steps on each task."""
    rate: float = 0.1
    """How far a task moves the first weights; falls to 0 over the tasks."""
    episodes: int = 2
    """Played on each task before its steps."""
    shares: tuple[float, float] = (0.05, 0.3)
    """Between which the share of frames that are labelled at first is drawn: growth, mimicked."""


def meta_train(
    environments: Sequence[Environment],
    settings: Settings,
    meta: Meta,
    seed: int,
    report: Report,
    *,
    saved: Path | None = None,
) -> Team:
    """First weights for teams in environments like these; a task is a partition of one of them.

    With a file `saved`, a stopped training goes on from there as if it had never stopped.

    Raises:
        TrainingError: when the file cannot be written.
        JobCancelled: when a person stopped it.
    """
    first = begin(environments[0], settings, seed, None)
    kind = asdict(meta) | {"shares": list(meta.shares)}  # as JSON gives it back
    facts = {"settings": asdict(settings), "meta": kind, "seed": seed}
    done, played = _restore(first, saved, facts)
    for task in range(done, meta.tasks):
        report.progress(task / meta.tasks, f"task {task + 1} of {meta.tasks}")
        chance = np.random.default_rng([seed, task])
        environment = environments[int(chance.integers(len(environments)))]
        learner = Learner(copy.deepcopy(first), settings)
        exploring = chance_to_guess(settings, played)
        opening = Opening(share=float(chance.uniform(*meta.shares)))
        earned = 0.0
        for _ in range(meta.episodes):
            episode = play(environment, learner.team, settings, chance, exploring, opening)
            for round_ in episode.rounds:
                learner.remember(round_)
            earned += episode.earned / meta.episodes
            opening = replace(opening, repartition=False)
        played += learner.played
        loss = float(np.mean([learner.update(chance) for _ in range(meta.steps)]))
        report.metrics(task=task + 1, loss=loss, earned=earned)
        rate = meta.rate * (1 - task / meta.tasks)
        if meta.rule is Rule.FOMAML:
            check = play(environment, learner.team, settings, chance, exploring, opening)
            learner.team.zero_grad(set_to_none=True)
            learner.loss(check.rounds).backward()
            _descend(first, learner.team, rate * settings.lr)
        else:
            _approach(first, learner.team, rate)
        if saved is not None:
            counts = {"tasks": task + 1, "played": played}
            checkpoint.save(saved, first.state_dict(), facts | counts)
    return first


def _restore(first: Team, saved: Path | None, wanted: dict[str, Any]) -> tuple[int, int]:
    """Tasks and rounds so far; none where nothing was saved by the same training."""
    found = checkpoint.load(saved) if saved else None
    if found is None or any(found[1].get(name) != value for name, value in wanted.items()):
        return 0, 0
    first.load_state_dict(found[0])
    return found[1]["tasks"], found[1]["played"]


@torch.no_grad()
def _approach(first: Team, adapted: Team, rate: float) -> None:
    """θ += ε (φ - θ)."""
    for own, other in zip(first.parameters(), adapted.parameters(), strict=True):
        own.lerp_(other, rate)


@torch.no_grad()
def _descend(first: Team, adapted: Team, rate: float) -> None:
    """θ -= ε ∇L(φ), the gradient taken at the adapted weights."""
    for own, other in zip(first.parameters(), adapted.parameters(), strict=True):
        if other.grad is not None:
            own.sub_(rate * other.grad)
