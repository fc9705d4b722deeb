"""The frame pair selection game: pick a partner, learn from the pair, be rewarded, pick the next.

Section "Training and testing" of the paper, steps 1 to 6.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from poseapp.domain.errors import TrainingError
from poseapp.domain.report import Report
from poseapp.learn.remote.board import Board, Followed, Limit
from poseapp.learn.remote.clips import usable_anchors
from poseapp.learn.remote.dqn import Learner
from poseapp.learn.remote.judge import Judge
from poseapp.learn.remote.narrator import Narrator
from poseapp.learn.remote.pairing import Rows, minibatch
from poseapp.learn.remote.players import AgentPlayer, Player, RulePlayer, ruled
from poseapp.learn.remote.reward import PERCENT, losing_streak, reward
from poseapp.learn.remote.settings import Partners, Settings
from poseapp.learn.remote.shown import Picked
from poseapp.learn.remote.state import Numbers
from poseapp.learn.remote.studio import Studio
from poseapp.learn.train import checkpoint

NOTHING_TO_PAIR = (
    "No labelled frame has an unlabelled one near it in which something moved, so there is nothing "
    "to learn from unlabelled frames. Train supervised, or label moments in which bodies move."
)

_MEASURES = 20


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
        self._judge = Judge(board, self._settings)
        self._narrator = Narrator(board, studio, followed)
        self._player: Player = (
            AgentPlayer(board, studio, learner, self._judge)
            if self._settings.partners is Partners.AGENT
            else RulePlayer(board, self._settings)
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
        self._progress = _Progress()
        self._restore()

    @property
    def picked(self) -> list[Picked]:
        """All picks in order."""
        return [
            self._narrator.picked((clip, anchor, partner), earned)
            for clip, anchor, partner, earned in self._progress.log
        ]

    @property
    def performance(self) -> Numbers:
        """B at present."""
        return self._judge.performance

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
        anchors = self._anchors[number]
        self._player.begin(number, anchors)
        most = max(settings.patience, settings.laps * len(anchors))
        streak = 0
        for turn in range(most):
            anchor = anchors[turn % len(anchors)]
            chance = np.random.default_rng([self.board.seed, 2, len(progress.log)])
            partner = self._player.pick(chance)
            terms = self._learn((number, anchor, partner), chance, report)
            earned, progress.best = reward(self._measure(), progress.best or 0.0)
            streak = losing_streak(streak, earned)
            progress.log.append((number, anchor, partner, PERCENT * earned))
            self._newest[number, anchor] = partner
            progress.seconds = self._now() - began
            over = streak == settings.patience or turn + 1 == most or self._share() == 1
            following = None if over else anchors[(turn + 1) % len(anchors)]
            self._player.learn(PERCENT * earned, following, chance)
            self._narrator.tell(report, progress.log, progress.best, terms)
            if over:
                return

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
        partner = self._newest.get((number, anchor))
        if partner is None:
            partner = ruled(self.board, self._settings, number, anchor, chance)
        return number, anchor, partner

    def _measure(self) -> float:
        return self._judge.measure(self.studio.estimator)

    def _measure_held(self, report: Report) -> None:
        """Where another twentieth of the budget has passed."""
        due, progress = int(self._share() * _MEASURES), self._progress
        if due > progress.measured:
            progress.measured = due
            self._narrator.measure(report, len(progress.log))

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
