"""One episode: a team picks round after round, and every round is told for remembering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.learn.matal.environment import Environment, Observation
from poseapp.learn.matal.settings import Policy, Settings
from poseapp.learn.matal.td import Round
from poseapp.learn.matal.team import Batch, Guess, Team


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """What was played."""

    rounds: list[Round]

    @property
    def earned(self) -> float:
        """Sum of the rewards."""
        return sum(round_.reward for round_ in self.rounds)


@dataclass(frozen=True, slots=True)
class Opening:
    """How an episode begins."""

    repartition: bool = True
    share: float = 0.1
    """Of the labels that the estimator begins with."""


def make_team(observation: Observation, settings: Settings, seed: int) -> Team:
    """A team with first weights that fits what it will see."""
    torch.manual_seed(seed)
    width = observation.actions.shape[1]
    return Team(len(observation.state), width, settings.agents, settings.ablation.policy)


def rounds_of(settings: Settings) -> int | None:
    """Rounds of an episode; with one image a round there are as many images as with a team."""
    if settings.steps is None or settings.ablation.policy is not Policy.ONE_IMAGE:
        return settings.steps
    return settings.steps * settings.agents


def play(
    environment: Environment,
    team: Team,
    settings: Settings,
    chance: np.random.Generator,
    exploring: float,
    opening: Opening | None = None,
) -> Episode:
    """Play until no frame or no round is left; `exploring` is each agent's chance to guess."""
    opening = opening or Opening()
    seen = environment.reset(chance, repartition=opening.repartition, share=opening.share)
    most = rounds_of(settings) or -(-len(seen.actions) // team.batch)
    rounds: list[Round] = []
    while len(seen.actions) and len(rounds) < most:
        guess = guessing(exploring, chance) if exploring else None
        batch = pick(team, seen, team.batch, guess, mask_taken=settings.mask_taken)
        rows = sorted(set(batch.rows[0].tolist()))
        reward, new = environment.step(rows, (len(rounds) + 1) / most)
        over = len(rounds) + 1 == most
        rounds.append(_round(seen, batch, reward, new, over=over))
        seen = new
    return Episode(rounds)


def pick(
    team: Team,
    seen: Observation,
    count: int,
    guess: Guess | None = None,
    *,
    mask_taken: bool = True,
    near: NDArray[np.bool_] | None = None,
) -> Batch:
    """What the team picks of this observation: a batch of one round.

    Of frames that are `near` each other, (A, A), one is picked, unless there are too few others.
    """
    actions = torch.from_numpy(seen.actions)[None]
    free = torch.ones(actions.shape[:2], dtype=torch.bool)
    counts = torch.tensor([min(count, actions.shape[1])])
    states = torch.from_numpy(seen.state)[None]
    shunned = None if near is None else torch.from_numpy(near)
    return team.pick(states, actions, free, counts, guess, mask_taken=mask_taken, near=shunned)


def guessing(exploring: float, chance: np.random.Generator) -> Guess:
    """Each agent for itself picks at random with this chance."""

    def guess(turn: int, free: Tensor) -> Tensor:  # noqa: ARG001 - every agent guesses alike
        rows = [
            int(chance.choice(np.flatnonzero(own))) if chance.random() < exploring else -1
            for own in free.numpy()
        ]
        return torch.tensor(rows)

    return guess


def _round(
    seen: Observation, batch: Batch, reward: float, new: Observation, *, over: bool
) -> Round:
    following = new.actions[:0] if over else new.actions
    return Round(
        torch.from_numpy(seen.state),
        batch.actions[0],
        batch.h[0],
        float(reward),
        torch.from_numpy(new.state),
        torch.from_numpy(following),
    )
