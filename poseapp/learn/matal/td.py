"""The temporal difference of a round (equation 4), and the rounds it is taken over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from poseapp.learn.matal.team import Batch, Team


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """One remembered round: what was seen, picked and earned, and what was seen next."""

    state: Tensor
    """(S,)"""
    actions: Tensor
    """(M, F) picked."""
    h: Tensor
    """(M, F)"""
    reward: float
    next_state: Tensor
    """(S,)"""
    next_actions: Tensor
    """(A, F) that may be picked next; none where the episode is over."""


def errors(
    team: Team, target: Team, rounds: Sequence[Round], discount: float, *, mask_taken: bool = True
) -> Tensor:
    """(B,) Σ q(s, a, h; θ) - r - γ Σ q(s', a', h'; θ̂), without the last after the final round.

    The next actions are those that `team` would pick, valued by `target`: double Q-learning.
    """
    states = torch.stack([r.state for r in rounds])
    acted = [torch.arange(len(r.actions)) for r in rounds]
    batch = Batch(
        pad_sequence(acted, batch_first=True, padding_value=-1),
        pad_sequence([r.actions for r in rounds], batch_first=True),
        pad_sequence([r.h for r in rounds], batch_first=True),
    )
    rewards = torch.tensor([r.reward for r in rounds])
    future = _future(team, target, rounds, mask_taken=mask_taken)
    return team.worth(states, batch) - rewards - discount * future


@torch.no_grad()
def _future(team: Team, target: Team, rounds: Sequence[Round], *, mask_taken: bool) -> Tensor:
    """(B,) what the batch after each round is worth; 0 where none comes."""
    left = torch.tensor([len(r.next_actions) for r in rounds])
    if not left.any():
        return torch.zeros(len(rounds))
    states = torch.stack([r.next_state for r in rounds])
    actions = pad_sequence([r.next_actions for r in rounds], batch_first=True)
    free = torch.arange(actions.shape[1]) < left[:, None]
    counts = left.clamp(max=team.batch)
    return target.worth(states, team.pick(states, actions, free, counts, mask_taken=mask_taken))
