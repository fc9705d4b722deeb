"""UncertainGCN and CoreGCN: frames that a graph net cannot tell from labelled ones, or far ones.

Caramalau, Bhattarai and Kim, "Sequential graph convolutional network for active learning", 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.distances import distance_to_nearest, farthest_first
from poseapp.learn.select.probed import Aspect, filled
from poseapp.learn.select.spread import best_apart
from poseapp.learn.select.words import above, counted, than_most

if TYPE_CHECKING:
    from poseapp.learn.select.graph_net import Nodes


@dataclass(frozen=True, slots=True)
class UncertainGraph(Selector):
    """Those whose chance of being labelled comes nearest to the margin."""

    margin: float = 0.1
    steps: int = 200
    """Of the graph net."""

    name = "uncertain_gcn"
    about = "Frames between what is labelled and what is not, as a graph net sees them."
    needs_net = True
    asks = frozenset({Aspect.EMBEDDING})
    fewest_labels = 1

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        chance = _nodes(pool, self.steps, report).labelled[len(pool.labelled) :]
        worth = -np.abs(chance.astype(np.float64) - self.margin)
        rows = best_apart(pool, worth, budget)
        share = above(worth)
        reasons = [(_in_between(float(chance[row]), float(share[row])),) for row in rows]
        return suggestions(pool, rows, worth[rows].tolist(), reasons, self.name)


@dataclass(frozen=True, slots=True)
class CoreGraph(Selector):
    """K-centre on what the graph net's hidden layer makes of the frames."""

    steps: int = 200
    """Of the graph net."""

    name = "core_gcn"
    about = "Frames that a graph net finds the least like the labelled ones."
    needs_net = True
    asks = frozenset({Aspect.EMBEDDING})
    fewest_labels = 1

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        hidden = _nodes(pool, self.steps, report).hidden
        known, features = hidden[: len(pool.labelled)], hidden[len(pool.labelled) :]
        nearest = distance_to_nearest(features, known)
        rows, _ = farthest_first(features, nearest, budget)
        share = above(nearest)
        labels = counted(len(pool.labelled), "label")
        reasons = [(_far(labels, float(share[row])),) for row in rows]
        return suggestions(pool, rows, falling_scores(len(rows)), reasons, self.name)


def _nodes(pool: Pool, steps: int, report: Report) -> Nodes:
    from poseapp.learn.select.graph_net import trained

    insides = pool.insides()
    candidates = insides.candidates[Aspect.EMBEDDING]
    labelled = filled(insides.labelled[Aspect.EMBEDDING], candidates)
    return trained(labelled, filled(candidates), steps, pool.seed, report)


def _in_between(chance: float, share: float) -> Reason:
    text = f"Neither new nor known. A graph net gives it {chance:.0%} for being labelled."
    return Reason("uncertainty", text, share)


def _far(labels: str, share: float) -> Reason:
    text = f"Farther from your {labels} {than_most(share)}, as a graph net sees it."
    return Reason("novelty", text, share)
