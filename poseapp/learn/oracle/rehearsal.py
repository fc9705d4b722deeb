"""Rehearsal: the annotator's labels as a game in which MATAL's agents learn what picks are worth.

Gong and others, "Meta agent teaming active learning for pose estimation", 2022, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef
from poseapp.domain.metrics import box_size, pixel_errors
from poseapp.domain.report import Report
from poseapp.learn.matal.anatomy import Anatomy
from poseapp.learn.matal.environment import Observation
from poseapp.learn.matal.representation import Frames, Representation, doubts
from poseapp.learn.matal.settings import FEWEST_LABELS, Settings, due
from poseapp.learn.matal.team import Team
from poseapp.learn.matal.trained import TrainedTeam, shipped_initialisation
from poseapp.learn.matal.training import train
from poseapp.learn.oracle.annotator import Annotator
from poseapp.learn.oracle.beliefs import most_doubted
from poseapp.learn.oracle.estimator import Estimator, TrainedNet
from poseapp.learn.select.base import Selector
from poseapp.learn.select.matal import Matal

_REWARD_SHARE = 0.3
"""[P] Labels that only measure."""
_PERCENT = 100
"""Rewards are differences in per cent."""


@dataclass(frozen=True, slots=True)
class Updates:
    """How far the estimator is taught within an episode."""

    first: int = 60
    """Steps on the first labels, from new weights."""
    further: int = 30
    """Steps after each round, from the weights before it."""


class Rehearsal:
    """An `Environment`: labelled frames are hidden, picked, and the estimator learns them.

    Raises:
        TrainingError: when there are too few of them.
        SelectionError: when the skeleton has too few bones.
    """

    def __init__(
        self,
        annotator: Annotator,
        estimator: Estimator,
        refs: Sequence[FrameRef],
        settings: Settings,
        updates: Updates | None = None,
        looks: Mapping[FrameRef, NDArray] | None = None,
    ) -> None:
        """`looks`: (D,) features of each frame, where agents will pick by others than these."""
        if len(refs) < FEWEST_LABELS:
            raise TrainingError(
                f"The agents need {FEWEST_LABELS} labelled frames to learn from, and there are "
                f"{len(refs)}. Label more frames."
            )
        self._annotator = annotator
        self._estimator = estimator if settings.full_updates else estimator.quick()
        self._refs = sorted(refs)
        own = looks or dict(zip(self._refs, estimator.features(self._refs), strict=True))
        self._looks = {ref: own[ref] for ref in self._refs}
        self._ablation = settings.ablation
        self._compared_with = settings.compared_with
        self._updates = updates or Updates()
        self._order: NDArray[np.intp] | None = None
        truth = annotator.bodies(self._refs)
        self.representation = Representation.of(
            Anatomy.of(annotator.labels.skeleton, truth),
            settings.describing,
            truth,
            np.array(list(self._looks.values())),
        )

    @property
    def labels(self) -> int:
        """Frames that are played with."""
        return len(self._refs)

    @property
    def keypoints(self) -> tuple[str, ...]:
        """Their names."""
        return self._annotator.labels.skeleton.names

    def reset(
        self, chance: np.random.Generator, *, repartition: bool = True, share: float = 0.1
    ) -> Observation:
        """Split the labels, 3 : 6 : 1 where `share` is a tenth, and teach a new estimator."""
        self._chance = chance
        order = chance.permutation(len(self._refs))
        if self._order is None or repartition:
            self._order = order
        refs = [self._refs[n] for n in self._order]
        measured, begun = round(_REWARD_SHARE * len(refs)), max(1, round(share * len(refs)))
        self._measured = sorted(refs[:measured])
        self._labelled = sorted(refs[measured : measured + begun])
        self._unlabelled = sorted(refs[measured + begun :])
        self._truth = self._annotator.bodies(self._measured)
        self._net, self._accuracy = self._taught(None, self._labelled, self._updates.first)
        self._seen = self._look(0.0)
        return self._seen

    def step(self, rows: Sequence[int], spent: float) -> tuple[float, Observation]:
        """Reveal the labels of these frames, teach them, and tell what that earned in per cent.

        It earned what accuracy gained, less what as many frames drawn by chance would have gained:
        so the reward tells of the choice, and not of how much any label helps by now.
        """
        picked = {self._unlabelled[row] for row in rows}
        otherwise = self._by_chance(len(picked))
        self._labelled = sorted([*self._labelled, *picked])
        self._unlabelled = [ref for ref in self._unlabelled if ref not in picked]
        self._net, self._accuracy = self._taught(self._net, self._labelled, self._updates.further)
        reward = _PERCENT * (self._accuracy - otherwise)
        if spent < 1 and self._unlabelled:
            self._seen = self._look(spent)
        else:
            self._seen = replace(self._seen, actions=self._seen.actions[:0])
        return reward, self._seen

    def _by_chance(self, count: int) -> float:
        """Accuracy after rounds of frames drawn by chance; as it is where there are none."""
        if not self._compared_with:
            return self._accuracy
        found = []
        for _ in range(self._compared_with):
            rows = self._chance.choice(len(self._unlabelled), count, replace=False)
            refs = sorted([*self._labelled, *(self._unlabelled[row] for row in rows)])
            found.append(self._taught(self._net, refs, self._updates.further)[1])
        return float(np.mean(found))

    def _taught(
        self, net: TrainedNet | None, refs: Sequence[FrameRef], steps: int
    ) -> tuple[TrainedNet, float]:
        """The net after an update, and its accuracy as a mean over the last moments of that."""
        # the same seed each time: the same order of samples and the same copies of them
        nets = self._estimator.update(net, refs, 0, steps)
        found = [accuracy(net.guess(self._measured).points, self._truth) for net in nets]
        return nets[-1], float(np.mean(found))

    def _look(self, spent: float) -> Observation:
        estimated, unsure = self._estimated(self._unlabelled)
        frames = Frames(
            self._looks_of(self._unlabelled),
            estimated,
            self._looks_of(self._labelled),
            self._estimated(self._labelled)[0],
            self._annotator.bodies(self._labelled),
            spent,
            unsure,
        )
        return self.representation.observe(frames, self._ablation)[0]

    def _looks_of(self, refs: Sequence[FrameRef]) -> NDArray[np.float32]:
        return np.array([self._looks[ref] for ref in refs])

    def _estimated(
        self, refs: Sequence[FrameRef]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(N, K, 2) of each frame's most doubted body, as everywhere in selection, and doubts."""
        guesses = self._net.guess(refs)
        rows = most_doubted(self._annotator, refs, guesses)
        return guesses.points[rows], doubts(guesses.scores[rows], guesses.second_ratio[rows])


def accuracy(guessed: NDArray[np.float64], truth: NDArray[np.float64]) -> float:
    """PCK averaged over all thresholds up to half of the body's box.

    Finer than PCK at one threshold, whose steps would drown what a few labels change. Both
    (M, K, 2) pixels; NaN in `truth` where a keypoint is not labelled. 0 where no size is known.
    """
    limit = 0.5 * box_size(truth)[:, None]
    shares = 1 - (pixel_errors(guessed, truth) / np.maximum(limit, 1)).clip(0, 1)
    shares = np.where(np.isfinite(guessed).all(axis=2), shares, 0.0)
    known = np.isfinite(truth).all(axis=2) & (np.nan_to_num(limit) > 0)
    return float(shares[known].mean()) if known.any() else 0.0


def rehearse(
    game: Rehearsal,
    settings: Settings,
    seed: int,
    report: Report,
    *,
    start: Team | None = None,
    saved: Path | None = None,
) -> TrainedTeam:
    """A team that learnt in this game.

    Raises:
        TrainingError: when `start` does not fit the settings.
        JobCancelled: when a person stopped it; `saved` holds what was learnt so far.
    """
    team = train(game, settings, seed, report, start=start, saved=saved)
    return TrainedTeam(team, game.representation, settings, game.keypoints, game.labels)


def first_weights(settings: Settings) -> tuple[Settings, Team | None]:
    """The shipped initialisation, where there is one and it may be used, and how to adapt it."""
    shipped = shipped_initialisation(settings) if settings.ablation.meta else None
    return (settings, None) if shipped is None else (settings.adapting(), shipped)


def prepared(
    selector: Selector,
    annotator: Annotator,
    estimator: Estimator,
    labelled: Sequence[FrameRef],
    seed: int,
    report: Report,
) -> Selector:
    """The selector, taught by the labels there are where it learns and its time has come."""
    if not isinstance(selector, Matal) or not due(len(labelled), selector.trained_on):
        return selector
    settings, start = first_weights(selector.settings)
    game = Rehearsal(annotator, estimator, labelled, settings)
    trained = rehearse(game, settings, seed, report, start=start)
    return replace(selector, trained=trained)
