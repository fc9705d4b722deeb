"""Deep Q-learning of the agent (equation 2): memory, target net, epsilon-greedy picks."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from poseapp.learn.remote.agent import Agent, State
from poseapp.learn.remote.settings import Learning
from poseapp.learn.rl.memory import Memory
from poseapp.learn.train import checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """One pick: what was seen, taken and earned, and what was seen next."""

    state: State
    action: Tensor
    """(D,)"""
    reward: float
    next_state: State
    next_actions: Tensor
    """(A, D); none where the clip's turn is over."""


@torch.no_grad()
def targets(
    agent: Agent, target: Agent, transitions: Sequence[Transition], discount: float
) -> Tensor:
    """(B,) r + γ Q_target(s', a') for the a' that the agent values most; r alone at the end.

    That the choice is the agent's and the value the target's is double Q-learning.
    """
    rewards = torch.tensor([t.reward for t in transitions])
    going_on = [n for n, t in enumerate(transitions) if len(t.next_actions)]
    if not going_on:
        return rewards
    states = [transitions[n].next_state for n in going_on]
    lengths = torch.tensor([len(transitions[n].next_actions) for n in going_on])
    actions = pad_sequence([transitions[n].next_actions for n in going_on], batch_first=True)
    beyond = torch.arange(actions.shape[1]) >= lengths[:, None]
    chosen = agent(states, actions).masked_fill(beyond, -torch.inf).argmax(dim=1, keepdim=True)
    future = target(states, actions).gather(1, chosen)[:, 0]
    return rewards.index_add(0, torch.tensor(going_on), discount * future)


def chance_to_guess(learning: Learning, picks: int) -> float:
    """ε, falling with the picks that were made."""
    fading = learning.first_chance - learning.last_chance
    return learning.last_chance + fading * math.exp(-picks / learning.chance_fades)


class Learner:
    """An agent, its target and its memory."""

    def __init__(self, agent: Agent, learning: Learning) -> None:
        self.agent = agent
        self.target = copy.deepcopy(agent).requires_grad_(False)
        self.optimiser = torch.optim.Adam(agent.parameters(), lr=learning.lr)
        self.memory: Memory[Transition] = Memory(learning.memory)
        self.learning = learning
        self.updates = 0
        self.picks = 0

    def pick(self, state: State, actions: Tensor, chance: np.random.Generator) -> int:
        """The row of the most valued of (A, D) actions, or of any at the chance ε."""
        if chance.random() < chance_to_guess(self.learning, self.picks):
            return int(chance.integers(len(actions)))
        return int(self.agent.values(state, actions).argmax())

    def remember(self, transition: Transition) -> None:
        self.memory.keep(transition)
        self.picks += 1

    def update(self, chance: np.random.Generator) -> float:
        """One step on remembered picks; returns their mean squared temporal difference."""
        drawn = self.memory.draw(self.learning.batch, chance)
        y = targets(self.agent, self.target, drawn, self.learning.discount)
        taken = torch.stack([t.action for t in drawn])[:, None]
        q = self.agent([t.state for t in drawn], taken)[:, 0]
        loss = (y - q).square().mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.updates += 1
        if self.updates % self.learning.target_every == 0:
            self.target.load_state_dict(self.agent.state_dict())
        return float(loss.detach())

    def saved(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All it needs to go on, as tensors and plain values.

        Picks of one turn share their clip's memory, so each memory is written once.
        """
        frames = {id(s.frames): s.frames for t in self.memory.kept for s in (t.state, t.next_state)}
        rows = {key: n for n, key in enumerate(frames)}
        parts = {
            "agent.": self.agent.state_dict(),
            "target.": self.target.state_dict(),
            "optimiser.": checkpoint.optimiser_tensors(self.optimiser),
            "frames.": {str(rows[key]): value for key, value in frames.items()},
        }
        for n, t in enumerate(self.memory.kept):
            parts[f"met{n}."] = {
                "numbers": t.state.numbers,
                "action": t.action,
                "next_numbers": t.next_state.numbers,
                "next_actions": t.next_actions,
            }
        tensors = {f"{p}{k}": v.clone() for p, part in parts.items() for k, v in part.items()}
        met = [
            (t.reward, rows[id(t.state.frames)], rows[id(t.next_state.frames)])
            for t in self.memory.kept
        ]
        return tensors, {"updates": self.updates, "picks": self.picks, "met": met}

    def restore(self, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
        """Take back what `saved` gave."""
        self.agent.load_state_dict(checkpoint.group(tensors, "agent."))
        self.target.load_state_dict(checkpoint.group(tensors, "target."))
        checkpoint.restore_optimiser(self.optimiser, checkpoint.group(tensors, "optimiser."))
        frames = checkpoint.group(tensors, "frames.")
        for n, (reward, now, then) in enumerate(facts["met"]):
            own = checkpoint.group(tensors, f"met{n}.")
            state = State(own["numbers"], frames[str(now)])
            following = State(own["next_numbers"], frames[str(then)])
            self.memory.keep(
                Transition(state, own["action"], reward, following, own["next_actions"])
            )
        self.updates, self.picks = facts["updates"], facts["picks"]
