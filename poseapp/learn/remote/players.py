"""Who picks partners: a rule, which needs no eyes, or the agent, which looks, picks and learns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.learn.remote.agent import State
from poseapp.learn.remote.board import Board
from poseapp.learn.remote.clips import Clip
from poseapp.learn.remote.dqn import Learner, Transition
from poseapp.learn.remote.judge import Judge
from poseapp.learn.remote.measuring import Estimates, Shown, estimate
from poseapp.learn.remote.partners import by_rule
from poseapp.learn.remote.settings import Settings
from poseapp.learn.remote.state import actions, clip_memory, coarse, history, remembered
from poseapp.learn.remote.studio import Studio


class Player(Protocol):
    """One turn of a clip after the other: `begin`, then `pick` and `learn` for each label."""

    def begin(self, number: int, anchors: list[int]) -> None:
        """The turn of the clip of this number begins, with the first of these labels."""
        ...

    def pick(self, chance: np.random.Generator) -> int:
        """The row of the frame that is paired with the label."""
        ...

    def learn(self, earned: float, anchor: int | None, chance: np.random.Generator) -> None:
        """What the pick earned, in per cent, and the label that follows; None ends the turn."""
        ...


def ruled(
    board: Board, settings: Settings, number: int, anchor: int, chance: np.random.Generator
) -> int:
    """The row of the partner that the rule gives a label; for an agent it is random."""
    clip = board.clips[number]
    partners = clip.partners(anchor, settings.window, board.taught)
    frames = clip.frames
    return int(partners[by_rule(settings.partners, int(frames[anchor]), frames[partners], chance)])


class RulePlayer:
    """Random and uniform partners."""

    def __init__(self, board: Board, settings: Settings) -> None:
        self._board, self._settings = board, settings
        self._at = 0, 0

    def begin(self, number: int, anchors: list[int]) -> None:
        self._at = number, anchors[0]

    def pick(self, chance: np.random.Generator) -> int:
        return ruled(self._board, self._settings, *self._at, chance)

    def learn(self, earned: float, anchor: int | None, chance: np.random.Generator) -> None:  # noqa: ARG002
        if anchor is not None:
            self._at = self._at[0], anchor


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What the agent has before it."""

    anchor: int
    """Row of the labelled frame."""
    partners: NDArray[np.intp]
    """Rows that may be picked."""
    state: State
    actions: Tensor


class AgentPlayer:
    """The frame selection agent."""

    def __init__(self, board: Board, studio: Studio, learner: Learner, judge: Judge) -> None:
        self._board, self._studio, self._learner, self._judge = board, studio, learner, judge
        self._clip: Clip = board.clips[0]
        self._visits: dict[int, Counter[int]] = {}
        """Row of the label → how often each offset was picked for it."""

    def begin(self, number: int, anchors: list[int]) -> None:
        self._clip = self._board.clips[number]
        seen = self._seen(remembered(len(self._clip.frames)))
        self._memory = torch.from_numpy(clip_memory(coarse(seen.heatmaps)))
        self._visits = {anchor: Counter() for anchor in anchors}
        self._scene = self._look(anchors[0])

    def pick(self, chance: np.random.Generator) -> int:
        scene, learner = self._scene, self._learner
        if self._judge.rewards:
            self._taken = learner.pick(scene.state, scene.actions, chance)
        else:
            self._taken = int(learner.agent.values(scene.state, scene.actions).argmax())
        return int(scene.partners[self._taken])

    def learn(self, earned: float, anchor: int | None, chance: np.random.Generator) -> None:
        scene, taken, frames = self._scene, self._taken, self._clip.frames
        offset = int(frames[scene.partners[taken]] - frames[scene.anchor])
        self._visits[scene.anchor][offset] += 1
        left = scene.actions[:0]
        if anchor is not None:
            self._scene = self._look(anchor)
            left = self._scene.actions
        if not self._judge.rewards:
            return
        action, following = scene.actions[taken], self._scene.state
        self._learner.remember(Transition(scene.state, action, earned, following, left))
        for _ in range(self._learner.learning.updates):
            self._learner.update(chance)

    def _look(self, anchor: int) -> _Scene:
        clip, window = self._clip, self._studio.settings.window
        partners = clip.partners(anchor, window, self._board.taught)
        seen = self._seen(partners)
        visits = self._visits
        mean = {n: v / len(visits) for n, v in sum(visits.values(), Counter()).items()}
        told = history(anchor, window, len(clip.frames), visits[anchor], mean)
        numbers = torch.from_numpy(np.concatenate([self._judge.performance, told]))
        rows = actions(seen.scores, seen.points, clip.samples[anchor].points)
        return _Scene(anchor, partners, State(numbers, self._memory), torch.from_numpy(rows))

    def _seen(self, rows: NDArray[np.intp]) -> Estimates:
        """What the estimator makes of some of the clip's frames."""
        shown = Shown.of([self._clip.samples[row] for row in rows])
        return estimate(self._studio.estimator, shown)
