"""Greedy k-centre: each frame the one that is the least like all that is labelled or picked.

Sener and Savarese, "Active learning for convolutional neural networks: a core-set approach",
2018, algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.distances import distance_to_nearest, distances, farthest_first
from poseapp.learn.select.words import counted


@dataclass(frozen=True, slots=True)
class KCentre(Selector):
    """Covers the pool: after it, no candidate is far from a label."""

    name = "kcentre"
    about = "Frames that look the least like those labelled already."

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        report.progress(0.0, "Comparing frames with the labels")
        nearest = distance_to_nearest(pool.features, pool.labelled_features)
        rows, gaps = farthest_first(pool.features, nearest, budget)
        usual = _usual_gap(pool)
        largest = max((gap for gap in gaps if np.isfinite(gap)), default=0.0)
        reasons = [(_reason(gap, largest, usual, len(pool.labelled)),) for gap in gaps]
        return suggestions(pool, rows, falling_scores(len(rows)), reasons, self.name)


def _usual_gap(pool: Pool) -> float:
    """How far labelled frames usually are from the nearest other one."""
    if len(pool.labelled) < 2:
        return 0.0
    between = distances(pool.labelled_features, pool.labelled_features)
    np.fill_diagonal(between, np.inf)
    return float(between.min(axis=1).mean())


def _reason(gap: float, largest: float, usual: float, labelled: int) -> Reason:
    if np.isinf(gap):
        return Reason("novelty", "A typical frame to begin with.", 0.0)
    value = gap / largest if largest else 0.0
    if not labelled:
        return Reason("novelty", "New look. Nothing like it among the frames picked so far.", value)
    labels = counted(labelled, "label")
    if gap > usual:
        return Reason("novelty", f"New look. Nothing like it among your {labels}.", value)
    return Reason("novelty", f"Less like your {labels} than most frames.", value)
