"""MC-dropout with core-set: covers poses, in which doubtful ones seem far from all others.

Caramalau, Bhattarai and Kim, "Active learning for Bayesian 3D hand pose estimation", 2021: k-centre
on features drawn towards zero by their uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.distances import distance_to_nearest, farthest_first
from poseapp.learn.select.probed import Aspect, filled
from poseapp.learn.select.words import above, than_most


@dataclass(frozen=True, slots=True)
class DropoutKCentre(Selector):
    """K-centre on the mean poses of nets with dropout, drawn in by how far these nets disagree."""

    weight: float = 1.0
    """How many deviations a coordinate is drawn towards the body's middle."""

    name = "mcd_cke"
    about = "Poses unlike the labelled ones, the more so where nets with dropout disagree."
    needs_net = True
    asks = frozenset({Aspect.SPREAD})

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        insides = pool.insides()
        candidates = insides.candidates[Aspect.SPREAD]
        labelled = insides.labelled[Aspect.SPREAD]
        features = lower_bound(filled(candidates), self.weight)
        known = lower_bound(filled(labelled, candidates), self.weight)
        known = known.reshape(-1, features.shape[1])
        rows, _ = farthest_first(features, distance_to_nearest(features, known), budget)
        unsure = filled(candidates)[..., 1].mean(axis=(1, 2))
        share = above(unsure)
        reasons = [(_reason(float(share[row])),) for row in rows]
        return suggestions(pool, rows, falling_scores(len(rows)), reasons, self.name)


def lower_bound(spread: NDArray[np.floating], weight: float) -> NDArray[np.float32]:
    """(N, 2 K) coordinates drawn towards zero by `weight` deviations.

    Args:
        spread: (N, K, 2, 2) mean and deviation of each coordinate.
        weight: may draw a coordinate beyond zero, as in the paper.
    """
    mean, deviation = spread[..., 0], spread[..., 1]
    drawn = mean - np.sign(mean) * weight * deviation
    return drawn.reshape(len(drawn), np.prod(drawn.shape[1:], dtype=int)).astype(np.float32)


def _reason(share: float) -> Reason:
    text = f"A pose far from the labelled ones. Nets with dropout disagree more {than_most(share)}."
    return Reason("novelty", text, share)
