"""The team: agents that pick one after the other, each told the mean of what was picked before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from poseapp.learn.matal.agent import Agent
from poseapp.learn.matal.settings import Policy

Guess = Callable[[int, Tensor], Tensor]
"""(turn, (B, A) which may be picked) → (B,) rows to pick whatever their values, -1 for none."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What was picked in B rounds, M turns each, padded with turns in which nobody acted."""

    rows: Tensor
    """(B, M) row of the action, -1 where nobody acted."""
    actions: Tensor
    """(B, M, F)"""
    h: Tensor
    """(B, M, F) mean of the actions before each turn, 0 in the first (equation 2)."""

    @property
    def acted(self) -> Tensor:
        """(B, M) whether somebody did."""
        return self.rows >= 0


class Team(nn.Module):
    """Agents with parameters of their own; in turn m acts agent m, and after the last the first."""

    def __init__(self, state: int, action: int, agents: int, policy: Policy = Policy.TEAM) -> None:
        super().__init__()
        alone = policy in (Policy.ONE_AGENT_BATCH, Policy.ONE_IMAGE)
        self.policy = policy
        self.batch = 1 if policy is Policy.ONE_IMAGE else agents
        """Frames a round."""
        self.agents = nn.ModuleList(Agent(state, action) for _ in range(1 if alone else agents))

    def values(self, turn: int, states: Tensor, actions: Tensor, h: Tensor) -> Tensor:
        """(B, A) what the agent whose turn it is expects of each action."""
        return self.agents[turn % len(self.agents)](states, actions, h)

    @torch.no_grad()
    def pick(
        self,
        states: Tensor,
        actions: Tensor,
        free: Tensor,
        counts: Tensor,
        guess: Guess | None = None,
        *,
        mask_taken: bool = True,
        near: Tensor | None = None,
    ) -> Batch:
        """The action of the greatest value for each turn (equation 3).

        Args:
            states: (B, S)
            actions: (B, A, F)
            free: (B, A) rows that may be picked.
            counts: (B,) turns of each round, no more than it has free rows.
            guess: picks in the agents' place where it gives a row.
            mask_taken: whether a picked row is free no longer.
            near: (A, A) rows that are not picked beside each other while there are others.
        """
        at = torch.arange(len(states))
        free, apart = free.clone(), torch.ones_like(free)
        total = torch.zeros_like(actions[:, 0])
        rows, picked, told = [], [], []
        for turn in range(int(counts.max())):
            h = total / max(turn, 1) if self.policy is Policy.TEAM else torch.zeros_like(total)
            allowed = free & apart
            allowed = torch.where(allowed.any(dim=1, keepdim=True), allowed, free)
            values = self.values(turn, states, actions, h).masked_fill(~allowed, -torch.inf)
            row = values.argmax(dim=1)
            if guess is not None:
                guessed = guess(turn, allowed)
                row = torch.where(guessed >= 0, guessed, row)
            acts = turn < counts
            if mask_taken:
                free[at, row] &= ~acts
            if near is not None:
                apart &= ~near[row]
            action = actions[at, row]
            total = total + action * acts[:, None]
            rows.append(torch.where(acts, row, -1))
            picked.append(action)
            told.append(h)
        return Batch(torch.stack(rows, 1), torch.stack(picked, 1), torch.stack(told, 1))

    def worth(self, states: Tensor, batch: Batch) -> Tensor:
        """(B,) sum of the values over the agents that acted: one number for the whole batch."""
        total = torch.zeros(len(states))
        for turn in range(batch.rows.shape[1]):
            own = self.values(turn, states, batch.actions[:, turn, None], batch.h[:, turn])[:, 0]
            total = total + torch.where(batch.acted[:, turn], own, 0.0)
        return total
