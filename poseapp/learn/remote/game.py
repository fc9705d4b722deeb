"""The frame pair selection game: pick a partner, learn from the pair, be rewarded, pick the next.

Section "Training and testing" of the paper, steps 1 to 6.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.errors import TrainingError
from poseapp.domain.report import Report
from poseapp.learn.augment import NONE
from poseapp.learn.remote.agent import State
from poseapp.learn.remote.board import Board, Followed, Limit
from poseapp.learn.remote.clips import Clip, usable_anchors
from poseapp.learn.remote.dqn import Learner, Transition
from poseapp.learn.remote.measuring import Estimates, Shown, estimate, thinned
from poseapp.learn.remote.pairing import Rows, minibatch
from poseapp.learn.remote.partners import by_rule
from poseapp.learn.remote.reward import (
    PAPERS_THRESHOLD,
    PERCENT,
    THRESHOLDS,
    losing_streak,
    mean_pck,
    reward,
)
from poseapp.learn.remote.settings import Partners, Settings
from poseapp.learn.remote.shown import Picked, Reconstructions
from poseapp.learn.remote.state import (
    SHARES,
    actions,
    clip_memory,
    coarse,
    history,
    performance,
    remembered,
)
from poseapp.learn.remote.studio import Studio
from poseapp.learn.train import checkpoint
from poseapp.learn.train.pose_task import measure

NOTHING_TO_PAIR = (
    "No labelled frame has an unlabelled one near it in which something moved, so there is nothing "
    "to learn from unlabelled frames. Train supervised, or label moments in which bodies move."
)

_MEASURES = 20


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """What the agent has before it."""

    clip: int
    anchor: int
    """Row of the labelled frame."""
    partners: NDArray[np.intp]
    """Rows that may be picked."""
    state: State
    actions: Tensor


@dataclass(slots=True)
class _Progress:
    turns: int = 0
    seconds: float = 0.0
    measured: int = 0
    """Twentieths of the budget after which held-out frames were measured."""
    best: float | None = None
    log: list[tuple[int, int, int, float]] = field(default_factory=list)
    """(clip, row of the label, row of the partner, reward in per cent) of every pick."""


class Game:
    """One estimator's training by cross reconstruction; goes on from its checkpoint.

    Raises:
        TrainingError: when no labelled frame has a partner, as in films in which nothing moves.
    """

    def __init__(
        self,
        board: Board,
        studio: Studio,
        learner: Learner,
        limit: Limit,
        saved: Path | None = None,
        followed: Followed | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.board, self.studio, self.learner = board, studio, learner
        self._settings: Settings = studio.settings
        self._limit, self._saved, self._now = limit, saved, now
        self._followed = followed
        self._state_set, self._reward_set = (
            Shown.of(thinned(samples, self._settings.measured)) if samples else None
            for samples in (board.state, board.reward)
        )
        self._anchors = {
            n: anchors
            for n, clip in enumerate(board.clips)
            if (anchors := usable_anchors(clip, self._settings.window, board.taught))
        }
        if not self._anchors:
            raise TrainingError(NOTHING_TO_PAIR)
        self._labels = [(n, a) for n, anchors in self._anchors.items() for a in anchors]
        self._newest: dict[tuple[int, int], int] = {}
        """(clip, row of the label) → row of the partner that was picked for it last."""
        keypoints = len(board.clips[0].samples[0].points)
        self._progress = _Progress()
        self.performance = np.zeros((len(SHARES) + 1) * keypoints, np.float32)
        """B at present."""
        self._restore()

    @property
    def picked(self) -> list[Picked]:
        """All picks in order."""
        clips = self.board.clips
        return [
            Picked(clips[clip].ref(anchor), clips[clip].ref(partner), earned)
            for clip, anchor, partner, earned in self._progress.log
        ]

    def play(self, report: Report) -> None:
        """Clip after clip until the limit; `studio.average` is the estimator then.

        Raises:
            JobCancelled: when a person stopped it.
        """
        progress = self._progress
        began = self._now() - progress.seconds
        first = self._measure()
        if progress.best is None:
            progress.best = first
        while self._share() < 1:
            self._turn(self._clip_of(progress.turns), report, began)
            progress.turns += 1
            self._measure_held(report)
            self._save()

    def _share(self) -> float:
        return self._limit.share(len(self._progress.log), self._progress.seconds)

    def _clip_of(self, turn: int) -> int:
        """All clips in a new order, again and again."""
        numbers = sorted(self._anchors)
        again, place = divmod(turn, len(numbers))
        order = np.random.default_rng([self.board.seed, 1, again]).permutation(len(numbers))
        return numbers[order[place]]

    def _turn(self, number: int, report: Report, began: float) -> None:
        """Pick for the clip's labels, one after the other and again, until picks stop to pay."""
        settings, progress = self._settings, self._progress
        clip = self.board.clips[number]
        anchors = self._anchors[number]
        seen = self._seen(clip, remembered(len(clip.frames)))
        memory = torch.from_numpy(clip_memory(coarse(seen.heatmaps)))
        visits: dict[int, Counter[int]] = {anchor: Counter() for anchor in anchors}

        def look(turn: int) -> _Scene:
            return self._look(number, anchors[turn % len(anchors)], memory, visits)

        most = max(settings.patience, settings.laps * len(anchors))
        scene, streak = look(0), 0
        for turn in range(1, most + 1):
            chance = np.random.default_rng([self.board.seed, 2, len(progress.log)])
            row = self._pick(scene, chance)
            partner = int(scene.partners[row])
            terms = self._learn((number, scene.anchor, partner), chance, report)
            earned, progress.best = reward(self._measure(), progress.best or 0.0)
            streak = losing_streak(streak, earned)
            progress.log.append((number, scene.anchor, partner, PERCENT * earned))
            self._newest[number, scene.anchor] = partner
            progress.seconds = self._now() - began
            visits[scene.anchor][int(clip.frames[partner] - clip.frames[scene.anchor])] += 1
            over = streak == settings.patience or turn == most or self._share() == 1
            following = look(turn)
            self._remember(scene, row, following, over=over, chance=chance)
            self._tell(report, terms)
            scene = following
            if over:
                return

    def _look(
        self,
        number: int,
        anchor: int,
        memory: Tensor,
        visits: dict[int, Counter[int]],
    ) -> _Scene:
        clip, window = self.board.clips[number], self._settings.window
        partners = clip.partners(anchor, window, self.board.taught)
        seen = self._seen(clip, partners)
        mean = {n: v / len(visits) for n, v in sum(visits.values(), Counter()).items()}
        numbers = np.concatenate(
            [
                self.performance,
                history(anchor, window, len(clip.frames), visits[anchor], mean),
            ]
        )
        told = actions(seen.scores, seen.points, clip.samples[anchor].points)
        state = State(torch.from_numpy(numbers), memory)
        return _Scene(number, anchor, partners, state, torch.from_numpy(told))

    def _seen(self, clip: Clip, rows: NDArray[np.intp]) -> Estimates:
        """What the estimator makes of some of the clip's frames."""
        return estimate(self.studio.estimator, Shown.of([clip.samples[row] for row in rows]))

    def _pick(self, scene: _Scene, chance: np.random.Generator) -> int:
        if self._settings.partners is not Partners.AGENT:
            frames = self.board.clips[scene.clip].frames
            anchor = int(frames[scene.anchor])
            return by_rule(self._settings.partners, anchor, frames[scene.partners], chance)
        if self._reward_set is None:
            return int(self.learner.agent.values(scene.state, scene.actions).argmax())
        return self.learner.pick(scene.state, scene.actions, chance)

    def _learn(self, pair: Rows, chance: np.random.Generator, report: Report) -> dict[str, float]:
        """Equation 11 on the pair and on others; the losses."""
        settings, terms = self._settings, {}
        for _ in range(settings.minibatches):
            report.progress(self._share(), f"pick {len(self._progress.log) + 1}")
            fresh = max(1, round(settings.fresh * settings.batch))
            chosen = [pair] * fresh
            chosen += [self._older(chance) for _ in range(settings.batch - fresh)]
            board, device = self.board, self.studio.device
            pairs, _ = minibatch(board.clips, chosen, board.teaching, chance, device)
            terms, _ = self.studio.update(pairs, transformer=settings.transformer)
        return terms

    def _older(self, chance: np.random.Generator) -> Rows:
        """A label of any clip with the partner that was picked for it last, or one by the rule."""
        number, anchor = self._labels[chance.integers(len(self._labels))]
        if (partner := self._newest.get((number, anchor))) is None:
            clip, settings = self.board.clips[number], self._settings
            partners = clip.partners(anchor, settings.window, self.board.taught)
            frames = clip.frames
            row = by_rule(settings.partners, int(frames[anchor]), frames[partners], chance)
            partner = int(partners[row])
        return number, anchor, partner

    def _measure(self) -> float:
        """PCK on D_r, and B on D_s for the states to come."""
        net = self.studio.estimator.eval()
        if self._state_set is not None:
            seen = estimate(net, self._state_set)
            self.performance = performance(seen.points, self._state_set.truth, seen.scores)
        if self._reward_set is None:
            return 0.0
        found: Estimates = estimate(net, self._reward_set)
        one = self._settings.as_printed.one_threshold
        thresholds = PAPERS_THRESHOLD if one else THRESHOLDS
        return mean_pck(found.points, self._reward_set.truth, thresholds)

    def _remember(
        self,
        scene: _Scene,
        row: int,
        following: _Scene,
        *,
        over: bool,
        chance: np.random.Generator,
    ) -> None:
        if self._settings.partners is not Partners.AGENT or self._reward_set is None:
            return
        left = following.actions[:0] if over else following.actions
        earned = self._progress.log[-1][3]
        action = scene.actions[row]
        self.learner.remember(Transition(scene.state, action, earned, following.state, left))
        for _ in range(self.learner.learning.updates):
            self.learner.update(chance)

    def _tell(self, report: Report, terms: dict[str, float]) -> None:
        picked, picks = self.picked[-1], len(self._progress.log)
        values: dict[str, float] = {
            "pick": picks,
            "reward": picked.reward,
            "best_pck": self._progress.best or 0.0,
            "video": picked.labelled.video,
            "frame": picked.labelled.frame,
            "offset": picked.offset,
            **{f"loss_{name}": value for name, value in terms.items()},
        }
        if self._followed is not None:
            values["step"] = self._steps()
            if "truth" in terms:  # of the labelled frames and, with a transformer, of drawn ones
                values["loss"] = terms["truth"] / (1 + self._settings.transformer)
            report.send(self._redrawn(picked))
        report.metrics(**values)

    def _steps(self) -> int:
        before = self._followed.first_step if self._followed is not None else 0
        return before + self._settings.minibatches * len(self._progress.log)

    def _redrawn(self, picked: Picked) -> Reconstructions:
        rows = self._progress.log[-1][:3]
        plain = replace(self.board.teaching, augmentation=NONE)
        chance = np.random.default_rng(0)
        pairs, _ = minibatch(self.board.clips, [rows], plain, chance, self.studio.device)
        pictures = (picture[0] for picture in self.studio.redrawn(pairs))
        return Reconstructions(len(self._progress.log) - 1, picked, *pictures)

    def _measure_held(self, report: Report) -> None:
        """What the average makes of held-out frames, where a twentieth of the budget has passed."""
        due, progress = int(self._share() * _MEASURES), self._progress
        if self._followed is None or not self._followed.held or due <= progress.measured:
            return
        progress.measured = due
        with torch.no_grad():
            found = measure(self.studio.average, self._followed.held, self.board.teaching)
        report.metrics(step=self._steps(), **{k: v for k, v in found.items() if k != "score"})

    def _save(self) -> None:
        if self._saved is None:
            return
        tensors, facts = self.learner.saved()
        parts = {"studio.": self.studio.saved(), "learner.": tensors}
        everything = {f"{p}{k}": v for p, part in parts.items() for k, v in part.items()}
        told = {
            "board": self.board.digest(),
            "learner": facts,
            "progress": asdict(self._progress),
        }
        checkpoint.save(self._saved, everything, told)

    def _restore(self) -> None:
        found = checkpoint.load(self._saved) if self._saved is not None else None
        if found is None:
            return
        tensors, facts = found
        if facts["board"] != self.board.digest():
            return  # labels were changed meanwhile
        self.studio.restore(checkpoint.group(tensors, "studio."))
        self.learner.restore(checkpoint.group(tensors, "learner."), facts["learner"])
        self._progress = _Progress(**facts["progress"])
        self._newest = {(clip, anchor): partner for clip, anchor, partner, _ in self._progress.log}
