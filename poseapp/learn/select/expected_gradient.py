"""EGL++: the frames that are expected to change the net the most.

Shukla, "Bayesian uncertainty and expected gradient length - regression: two sides of the same
coin?", 2022: what a frame may turn out to show is told by the labelled frames it is near to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, suggestions
from poseapp.learn.select.distances import distances
from poseapp.learn.select.probed import Aspect, filled
from poseapp.learn.select.spread import best_apart
from poseapp.learn.select.words import above, than_most

PERPLEXITY = 20.0
_MOST = 2 / 3
"""Of the neighbours that perplexity may count: the paper's 20 of 30."""


@dataclass(frozen=True, slots=True)
class ExpectedGradient(Selector):
    """Squared lengths of gradients, weighed by how likely each labelled frame is a neighbour."""

    name = "egl_pp"
    about = "Frames whose label is expected to change the net the most."
    needs_net = True
    asks = frozenset({Aspect.EMBEDDING, Aspect.EXPECTED_GRADIENT})
    fewest_labels = 2

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        insides = pool.insides()
        candidates = insides.candidates[Aspect.EMBEDDING]
        labelled = filled(insides.labelled[Aspect.EMBEDDING], candidates)
        away = distances(filled(candidates), labelled)
        lengths = insides.candidates[Aspect.EXPECTED_GRADIENT]
        worth = expected(lengths, away)
        rows = best_apart(pool, worth, budget)
        share = above(worth)
        reasons = [(_reason(float(share[row])),) for row in rows]
        return suggestions(pool, rows, worth[rows].tolist(), reasons, self.name)


def expected(lengths: NDArray[np.floating], away: NDArray[np.floating]) -> NDArray[np.floating]:
    """(N,) the mean of (N, L) `lengths` over the neighbours that have one, at distances `away`."""
    near = np.isfinite(lengths)
    squares = np.where(near, away**2, np.inf)
    shares = neighbour_shares(squares, PERPLEXITY)
    worth = (shares * np.where(near, lengths, 0.0)).sum(axis=1)
    return filled(np.where(near.any(axis=1), worth, np.nan))


def neighbour_shares(squares: NDArray[np.floating], perplexity: float) -> NDArray[np.float64]:
    """(N, L) p(j|i) of t-SNE: a bell of the distance, each row as wide as perplexity asks.

    Rows sum to one. Where a row has few neighbours, perplexity is two thirds of them at most.

    Args:
        squares: (N, L) squared distances, infinite for those that are no neighbours.
        perplexity: the number of neighbours that count.
    """
    near = np.isfinite(squares)
    count = near.sum(axis=1, keepdims=True)
    wanted = np.log(np.clip(perplexity, 1.0, np.maximum(1.0, _MOST * count)))
    nearest = np.where(near, squares, np.inf).min(axis=1, keepdims=True)
    beyond = np.where(near, squares - np.where(np.isfinite(nearest), nearest, 0.0), np.inf)
    typical = np.where(near, beyond, 0.0).sum(axis=1, keepdims=True) / count.clip(1)
    beyond = beyond / np.where(typical > 0, typical, 1.0)
    low, high = np.full(count.shape, -30.0), np.full(count.shape, 30.0)
    shares = np.zeros_like(beyond)
    for _ in range(60):
        middle = (low + high) / 2
        weight = np.exp(-beyond * np.exp(middle))
        shares = weight / weight.sum(axis=1, keepdims=True).clip(1e-300)
        entropy = -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1, keepdims=True)
        too_wide = entropy > wanted
        low, high = np.where(too_wide, middle, low), np.where(too_wide, high, middle)
    return shares


def _reason(share: float) -> Reason:
    text = f"Labelling it is expected to change the net more {than_most(share)}."
    return Reason("change", text, share)
