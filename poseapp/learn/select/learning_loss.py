"""Learning loss and learning loss++: frames on which a second net foretells large losses.

The pose net is trained before and stands still: the loss net learns from what it sees and from what
it had left to learn of the labelled frames, as in the papers once their trunk is detached.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, suggestions
from poseapp.learn.select.probed import Aspect, filled
from poseapp.learn.select.spread import best_apart
from poseapp.learn.select.words import above, than_most

if TYPE_CHECKING:
    from torch import nn

    from poseapp.learn.select.loss_net import PairLoss


@dataclass(frozen=True, slots=True)
class LearningLoss(Selector):
    """A net on the means of the trunk's four maps, which learns to rank pairs of losses."""

    steps: int = 300
    """Of the second net."""

    name = "learning_loss"
    about = "Frames on which a second net expects the first to err the most."
    needs_net = True
    asks = frozenset({Aspect.LEVELS, Aspect.LOSS})
    fewest_labels = 2

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        from poseapp.learn.select.loss_net import LevelsNet, margin_ranking

        _, levels, channels = pool.insides().candidates[Aspect.LEVELS].shape

        def net() -> LevelsNet:
            return LevelsNet(levels, channels)

        worth = _foretold(pool, Aspect.LEVELS, net, margin_ranking, self.steps, report)
        return _most(pool, worth, budget, self.name)


@dataclass(frozen=True, slots=True)
class LearningLossPlus(Selector):
    """A deeper net on the maps that the last layer reads; it learns the shares of pairs."""

    steps: int = 300
    """Of the second net."""

    name = "learning_loss_pp"
    about = "As learning loss, with a deeper net that learns how much worse one frame is."
    needs_net = True
    asks = frozenset({Aspect.SHARED, Aspect.LOSS})
    fewest_labels = 2

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        from poseapp.learn.select.loss_net import MapNet, pair_divergence

        channels = pool.insides().candidates[Aspect.SHARED].shape[1]

        def net() -> MapNet:
            return MapNet(channels)

        worth = _foretold(pool, Aspect.SHARED, net, pair_divergence, self.steps, report)
        return _most(pool, worth, budget, self.name)


def _foretold(
    pool: Pool,
    aspect: Aspect,
    make: Callable[[], nn.Module],
    pair_loss: PairLoss,
    steps: int,
    report: Report,
) -> NDArray[np.float64]:
    from poseapp.learn.select.loss_net import foretold

    insides = pool.insides()
    candidates = insides.candidates[aspect]
    labelled = filled(insides.labelled[aspect], candidates)
    losses = filled(insides.labelled[Aspect.LOSS])
    known, asked = (labelled, losses), filled(candidates)
    return foretold(make, pair_loss, known, asked, steps, pool.seed, report)


def _most(pool: Pool, worth: NDArray[np.float64], budget: int, name: str) -> list[Suggestion]:
    rows = best_apart(pool, worth, budget)
    share = above(worth)
    reasons = [(_reason(float(share[row])),) for row in rows]
    return suggestions(pool, rows, worth[rows].tolist(), reasons, name)


def _reason(share: float) -> Reason:
    text = f"The net is expected to err more here {than_most(share)}."
    return Reason("error", text, share)
