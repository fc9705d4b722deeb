"""Training phase (algorithm 1): a team plays on the labels there are and learns from every game."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from poseapp.domain.errors import TrainingError
from poseapp.domain.report import Report
from poseapp.learn.matal.environment import Environment
from poseapp.learn.matal.episode import Opening, make_team, play
from poseapp.learn.matal.settings import Settings
from poseapp.learn.matal.td import Round, errors
from poseapp.learn.matal.team import Team
from poseapp.learn.rl.memory import Memory
from poseapp.learn.train import checkpoint


def train(
    environment: Environment,
    settings: Settings,
    seed: int,
    report: Report,
    *,
    start: Team | None = None,
    saved: Path | None = None,
) -> Team:
    """A team that learnt what picks earn in this environment.

    Args:
        environment: where it plays.
        settings: how long and how.
        seed: decides partitions, first weights and guesses.
        report: hears of every episode, and can stop it there.
        start: a team to begin with, such as a meta-learnt one; it is not changed.
        saved: file that a stopped training goes on from, as if it had never stopped.

    Raises:
        TrainingError: when `start` was made for other sizes, or the file cannot be written.
        JobCancelled: when a person stopped it.
    """
    team = begin(environment, settings, seed, start)
    learner = Learner(team, settings)
    history: list[float] = []
    if saved is not None:
        history = _restore(learner, saved, _facts(settings, seed))
    opening = Opening(settings.repartition)
    for number in range(len(history), settings.episodes):
        report.progress(number / settings.episodes, f"episode {number + 1} of {settings.episodes}")
        chance = np.random.default_rng([seed, number])
        exploring = chance_to_guess(settings, learner.played)
        episode = play(environment, team, settings, chance, exploring, opening)
        for round_ in episode.rounds:
            learner.remember(round_)
        losses = [learner.update(chance) for _ in range(settings.updates)]
        history.append(episode.earned)
        report.metrics(episode=number + 1, earned=episode.earned, loss=float(np.mean(losses)))
        if saved is not None:
            _save(learner, history, saved, _facts(settings, seed))
    return team


def begin(environment: Environment, settings: Settings, seed: int, start: Team | None) -> Team:
    """A new team, or a copy of the one to start from."""
    chance = np.random.default_rng([seed, settings.episodes])
    observation = environment.reset(chance, repartition=settings.repartition)
    team = make_team(observation, settings, seed)
    if start is not None:
        try:
            team.load_state_dict(start.state_dict())
        except RuntimeError as why:
            raise TrainingError(
                "The agents to start from were made for other settings. Begin without them."
            ) from why
    return team


def chance_to_guess(settings: Settings, played: int) -> float:
    """Of each agent, falling with the rounds that were played."""
    fading = (settings.first_chance - settings.last_chance) * math.exp(
        -played / settings.chance_fades
    )
    return settings.last_chance + fading


class Learner:
    """A team, its target and its memory: temporal-difference steps one by one."""

    def __init__(self, team: Team, settings: Settings) -> None:
        self.team = team
        self.target = copy.deepcopy(team).requires_grad_(False)
        self.optimiser = torch.optim.Adam(team.parameters(), lr=settings.lr)
        self.memory: Memory[Round] = Memory(settings.memory)
        self.steps = 0
        self.played = 0
        self._settings = settings

    def remember(self, round_: Round) -> None:
        self.memory.keep(round_)
        self.played += 1

    def update(self, chance: np.random.Generator) -> float:
        """One step on rounds drawn from the memory; returns their mean squared error."""
        settings = self._settings
        loss = self.loss(self.memory.draw(settings.batch, chance))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.steps += 1
        if self.steps % settings.target_every == 0:
            self.target.load_state_dict(self.team.state_dict())
        return float(loss.detach())

    def loss(self, rounds: Iterable[Round]) -> Tensor:
        """Mean squared temporal difference."""
        settings = self._settings
        found = errors(
            self.team,
            self.target,
            list(rounds),
            settings.discount,
            mask_taken=settings.mask_taken,
        )
        return (found**2).mean()


def _facts(settings: Settings, seed: int) -> dict[str, Any]:
    return {"settings": asdict(settings), "seed": seed}


_ROUND = ("state", "actions", "h", "next_state", "next_actions")


def _save(learner: Learner, history: list[float], saved: Path, facts: dict[str, Any]) -> None:
    parts = {
        "team.": learner.team.state_dict(),
        "target.": learner.target.state_dict(),
        "optimiser.": checkpoint.optimiser_tensors(learner.optimiser),
    }
    tensors = {f"{p}{k}": v.clone() for p, part in parts.items() for k, v in part.items()}
    for n, round_ in enumerate(learner.memory.kept):
        tensors |= {f"round{n}.{name}": getattr(round_, name).clone() for name in _ROUND}
    counts = {"steps": learner.steps, "played": learner.played, "history": history}
    rewards = [round_.reward for round_ in learner.memory.kept]
    checkpoint.save(saved, tensors, facts | counts | {"rewards": rewards})


def _restore(learner: Learner, saved: Path, wanted: dict[str, Any]) -> list[float]:
    """What the episodes so far earned; none where nothing was saved by the same training."""
    found = checkpoint.load(saved)
    if found is None or any(found[1].get(name) != value for name, value in wanted.items()):
        return []
    tensors, facts = found
    learner.team.load_state_dict(checkpoint.group(tensors, "team."))
    learner.target.load_state_dict(checkpoint.group(tensors, "target."))
    checkpoint.restore_optimiser(learner.optimiser, checkpoint.group(tensors, "optimiser."))
    for n, reward in enumerate(facts["rewards"]):
        own = checkpoint.group(tensors, f"round{n}.")
        learner.memory.keep(Round(reward=reward, **own))
    learner.steps, learner.played = facts["steps"], facts["played"]
    return facts["history"]
