"""The frame selection agent: what it expects of pairing a labelled frame with an unlabelled one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from poseapp.learn.remote.state import GRID, SHARES

MEMORY = 64
"""Numbers in V."""
HIDDEN = (128, 64)


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One moment of a game."""

    numbers: Tensor
    """(S,): B and h."""
    frames: Tensor
    """(N, F): what V attends to, one row a frame of the clip; may be empty."""


class Agent(nn.Module):
    """Q(s, a): a perceptron over the state, with the clip's memory in it, and one action."""

    def __init__(self, numbers: int, frame: int, action: int) -> None:
        super().__init__()
        first, second = HIDDEN
        self.sizes = (numbers, frame, action)
        self.look = nn.Linear(frame, MEMORY)
        self.question = nn.Parameter(torch.randn(MEMORY))
        self.key = nn.Linear(MEMORY, MEMORY)
        self.answer = nn.Linear(MEMORY, MEMORY)
        self.state = nn.Linear(numbers + MEMORY, first)
        self.value = nn.Sequential(
            nn.Linear(first + action, first),
            nn.ReLU(),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.Linear(second, 1),
        )

    @classmethod
    def new(cls, keypoints: int, window: int) -> Agent:
        """With random weights, for states and actions of so many keypoints and this window."""
        told = (len(SHARES) + 1) * keypoints + 4 + 4 * window
        return cls(told, GRID**2 * keypoints + 1, 3 * keypoints)

    def forward(self, states: Sequence[State], actions: Tensor) -> Tensor:
        """B states and (B, A, D) actions to (B, A) values."""
        numbers = torch.stack([state.numbers for state in states])
        s = torch.relu(self.state(torch.cat([numbers, self.memory(states)], dim=1)))
        s = s[:, None].expand(-1, actions.shape[1], -1)
        return self.value(torch.cat([s, actions], dim=2))[..., 0]

    def memory(self, states: Sequence[State]) -> Tensor:
        """V, (B, 64): softmax(q kᵀ / √64) v over the frames of each state's clip."""
        frames = pad_sequence([state.frames for state in states], batch_first=True)
        lengths = torch.tensor([len(state.frames) for state in states])
        # one row of zeros for everyone, so that a clip of no frames has something to look at
        seen = self.look(functional.pad(frames, (0, 0, 1, 0)))
        beyond = torch.arange(seen.shape[1]) > lengths[:, None]
        relevance = self.key(seen) @ self.question / math.sqrt(MEMORY)
        weight = relevance.masked_fill(beyond, -torch.inf).softmax(dim=1)
        return (weight[..., None] * self.answer(seen)).sum(dim=1)

    @torch.no_grad()
    def values(self, state: State, actions: Tensor) -> Tensor:
        """(A,) of (A, D) actions."""
        return self([state], actions[None])[0]
