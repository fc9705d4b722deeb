"""REMOTE: pose nets learn from the labels and, around them, from the frames that nobody labelled.

Ma and others, "REMOTE: reinforced motion transformation network for semi-supervised 2D pose
estimation in videos", 2022. First the estimator is taught all labels. Then others, which see only
some of them, play the frame pair selection game, rewarded by the rest, and an agent learns which
unlabelled frame to pair with a label. Last the estimator is taught the pairs that the agent picks.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport, Report, SilentReport
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.album import Album
from poseapp.learn.remote.board import Board, Followed, Limit
from poseapp.learn.remote.clips import make_clips, usable_anchors
from poseapp.learn.remote.dqn import Learner
from poseapp.learn.remote.game import NOTHING_TO_PAIR, Game
from poseapp.learn.remote.sets import Sets, games, split
from poseapp.learn.remote.settings import Partners, Settings, too_few
from poseapp.learn.remote.shown import Reconstructions
from poseapp.learn.remote.studio import Studio
from poseapp.learn.remote.trained import TrainedAgent
from poseapp.learn.remote.warm_up import warm_up
from poseapp.learn.train.plan import FrameReader
from poseapp.learn.train.pose_training import (
    EXPORT_S,
    READ,
    PoseTraining,
    Trained,
    gap_of,
)
from poseapp.learn.train.pose_training import Config as Supervised
from poseapp.nets.pose_net import PoseNet


@dataclass(frozen=True, slots=True)
class Config(Supervised):
    """What a person may choose, beyond what supervised training offers."""

    minutes: float | None = 20.0
    settings: Settings = field(default_factory=Settings)


TAUGHT, REHEARSED, PAIRED = 0.5, 0.25, 0.25
"""Shares of the budget: labels, games in which the agent learns, pairs that the agent picks."""
BEGUN = 0.4
"""Share of a game in which its estimator learns labels before it plays."""
GAME_MIN = 5.0
"""Minutes that a further game must have."""
WARMED_UP = 0.15
"""Share of a game's progress that the generator's warm-up takes."""
_ALONE = "So this training learns from the labels alone."
_NOT_KEPT = (
    "Learning from unlabelled frames did not lower the held-out error, so the net that learnt from "
    "the labels alone is kept."
)
STEPS_A_PICK = 4
"""What a pick costs where the budget is in steps."""


def train(
    labels: LabelSet,
    frames: FrameReader,
    config: Config,
    report: Report,
    out: Path,
    *,
    now: Callable[[], float] = time.monotonic,
) -> Trained:
    """Train, keep what was best on held-out frames, and write the run's folder.

    Where there is too little to pair, the labels alone are learnt from, and a note says why. A
    folder that holds the checkpoints of a broken-off run is gone on with.

    Raises:
        TrainingError: when there is nothing to learn from, or the disk or the memory gives out.
        JobCancelled: when a person stopped it before the pose net had learnt the labels.
    """
    began = now()
    training = PoseTraining(labels, frames, config, report, out, now)
    try:
        run = _Run(training, config, report, out, now)
    except TrainingError as why:
        report.note(f"{why} {_ALONE}")
        training.fit(_seconds(config, 1.0, now() - began), config.steps, READ, 0.97)
        return training.finish("remote", {"picks": 0})
    reading = now() - began
    seconds, steps = _seconds(config, TAUGHT, reading), _steps(config, TAUGHT)
    facts: dict[str, Any] = {"stopped": training.fit(seconds, steps, run.done(0), run.done(TAUGHT))}
    if not facts["stopped"]:
        try:
            run.rehearse(_seconds(config, REHEARSED, reading), _steps(config, REHEARSED))
            facts |= run.pair(_seconds(config, PAIRED, reading), _steps(config, PAIRED))
        except JobCancelled:
            facts["stopped"] = True
        except TrainingError as why:
            report.note(f"{why} {_ALONE}")
    return training.finish("remote", facts)


def _seconds(config: Config, share: float, gone: float) -> float | None:
    """Of the minutes, without what reading frames took and writing will take."""
    if config.minutes is None:
        return None
    return share * max(1.0, 60 * config.minutes - gone - EXPORT_S)


def _steps(config: Config, share: float) -> int | None:
    return None if config.steps is None else max(1, round(share * config.steps))


class _Run:
    """What the stretches of one training share: clips, agent, and the generator as it gets better.

    Raises:
        TrainingError: when there are too few labels, or no frames to pair them with.
    """

    def __init__(
        self,
        training: PoseTraining,
        config: Config,
        report: Report,
        out: Path,
        now: Callable[[], float],
    ) -> None:
        self._training, self._config, self._report = training, config, report
        self._out, self._now = out, now
        self._settings = config.settings
        self._keypoints = len(training.labels.skeleton)
        if why := too_few(len(training.labels.frames)):
            raise TrainingError(why)
        self._split(0)
        reading = PartOfReport(report, READ, 2 * READ, "reading frames around labels")
        self._clips = make_clips(
            training.labels, training.frames, training.plan, self._settings.window, reading
        )
        taught = frozenset(training.taught)
        if not any(usable_anchors(clip, self._settings.window, taught) for clip in self._clips):
            raise TrainingError(NOTHING_TO_PAIR)
        agent = Agent.new(self._keypoints, self._settings.window)
        self._learner = Learner(agent, self._settings.learning)
        self._studio: Studio | None = None

    @staticmethod
    def done(share: float) -> float:
        """The progress at which so much of the budget is used."""
        return 2 * READ + share * (0.97 - 2 * READ)

    def rehearse(self, seconds: float | None, steps: int | None) -> None:
        """Games, each with a new estimator and other labels that reward, in which the agent learns.

        Raises:
            JobCancelled: when a person stopped it.
        """
        if self._settings.partners is not Partners.AGENT:
            return
        count = games(len(self._training.taught))
        count = 1 if seconds is None else max(1, min(count, int(seconds / 60 / GAME_MIN)))
        for n in range(count):
            part = PartOfReport(
                self._report,
                self.done(TAUGHT + REHEARSED * n / count),
                self.done(TAUGHT + REHEARSED * (n + 1) / count),
                "learning to pick",
            )
            budget = seconds and seconds / count, steps and max(1, steps // count)
            self._rehearse_once(n, *budget, part)

    def _rehearse_once(
        self, number: int, seconds: float | None, steps: int | None, report: Report
    ) -> None:
        training, sets = self._training, self._split(number)
        net = training.fresh(
            sets.taught,
            f"game{number}_begin",
            seconds and BEGUN * seconds,
            steps and max(1, round(BEGUN * steps)),
            _Uncounted(report, 0.0, BEGUN),
        )
        telling, rewarding = (
            training.samples(refs, SilentReport())["pose"] for refs in (sets.state, sets.reward)
        )
        seed = self._config.seed + number
        board = Board(
            self._clips, frozenset(sets.taught), telling, rewarding, training.teaching, seed
        )
        game = self._play(
            net,
            board,
            seconds and (1 - BEGUN) * seconds,
            steps and round((1 - BEGUN) * steps),
            f"game{number}",
            PartOfReport(report, BEGUN, 1.0),
        )
        names = training.labels.skeleton.names
        agent = self._learner.agent
        TrainedAgent(agent, names, self._settings.window, game.performance).save(self._out)

    def pair(self, seconds: float | None, steps: int | None) -> dict[str, Any]:
        """Cross reconstruction around all labels; kept where it helps on held-out frames.

        Raises:
            JobCancelled: when a person stopped it; the net of the labels stands.
        """
        training = self._training
        board = Board(
            self._clips,
            frozenset(training.taught),
            training.held["pose"],
            [],
            training.teaching,
            self._config.seed,
        )
        first = self.done(REHEARSED + TAUGHT)
        report = PartOfReport(self._report, first, 0.97, "learning from unlabelled frames")
        report = _Shown(report, 0.0, 1.0, album=Album(self._out, self._settings.window))
        followed = Followed(training.steps, training.held["pose"])
        net = copy.deepcopy(training.pose)
        game = self._play(net, board, seconds, steps, "pairs", report, followed)
        before, after = (training.score(net) for net in (training.pose, game.studio.average))
        kept = not math.isfinite(after) or after <= before
        if kept:
            training.pose.load_state_dict(game.studio.average.state_dict())
        else:
            self._report.note(_NOT_KEPT)
        return {
            "picks": len(game.picked),
            "score_of_labels": before,
            "score_of_pairs": after,
            "pairs_kept": kept,
        }

    def _play(
        self,
        net: PoseNet,
        board: Board,
        seconds: float | None,
        steps: int | None,
        name: str,
        report: Report,
        followed: Followed | None = None,
    ) -> Game:
        """Warm the generator up where it is new, and play."""
        studio = Studio(net, self._keypoints, self._settings, self._training.device)
        saved = self._out / f"{name}.checkpoint.safetensors"
        warming = seconds and WARMED_UP * seconds
        if self._studio is not None:
            studio.take_drawing(self._studio)
        else:
            seconds = seconds and (1 - WARMED_UP) * seconds
            if not saved.exists():
                part = PartOfReport(report, 0.0, WARMED_UP, "learning to draw")
                warm_up(studio, board, part, warming, self._now)
        limit = Limit(
            None if steps is None else max(1, steps // STEPS_A_PICK), seconds and seconds / 60
        )
        game = Game(board, studio, self._learner, limit, saved, followed, self._now)
        game.play(PartOfReport(report, WARMED_UP, 1.0))
        self._studio = studio
        return game

    def _split(self, number: int) -> Sets:
        training, seed = self._training, self._config.seed
        return split(training.taught, gap_of(training.labels), seed, seed + number)


@dataclass(frozen=True, slots=True)
class _Uncounted(PartOfReport):
    """Of a net that nobody keeps: its curve is not that of the training."""

    def metrics(self, **values: float) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True)
class _Shown(PartOfReport):
    """What was picked and drawn goes into the album."""

    album: Album = field(kw_only=True)

    def send(self, value: Reconstructions) -> None:
        """Kept in the run's folder."""
        self.album.add(value)
