"""BADGE: frames that would change the net much, each in another way.

Ash et al., "Deep batch active learning by diverse, uncertain gradient lower bounds", 2020,
algorithm 1: k-means++ on the gradients that the net's own answers would give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.probed import Aspect, filled
from poseapp.learn.select.words import above, than_most


@dataclass(frozen=True, slots=True)
class Badge(Selector):
    """Seeds of k-means++ among the gradients; the first is the longest one."""

    name = "badge"
    about = "Frames that would each change the net much and in another way."
    needs_net = True
    asks = frozenset({Aspect.GRADIENT})

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        gradients = filled(pool.insides().candidates[Aspect.GRADIENT])
        rows = seeds(gradients, budget, np.random.default_rng(pool.seed))
        share = above(np.linalg.norm(gradients, axis=1))
        reasons = [(_reason(float(share[row])),) for row in rows]
        return suggestions(pool, rows, falling_scores(len(rows)), reasons, self.name)


def seeds(rows: NDArray[np.floating], count: int, chance: np.random.Generator) -> list[int]:
    """Different rows: the longest, then each with a chance as the squared distance to the nearest.

    Where all that are left equal a picked one, they are as likely as each other.
    """
    picked = [int(np.linalg.norm(rows, axis=1).argmax())] if len(rows) else []
    left = np.ones(len(rows), bool)
    left[picked] = False
    nearest = np.full(len(rows), np.inf)
    while len(picked) < min(count, len(rows)):
        nearest = np.minimum(nearest, ((rows - rows[picked[-1]]) ** 2).sum(axis=1))
        weight = np.where(left, nearest, 0.0)
        weight = weight / weight.max() if weight.max() > 0 else left.astype(float)
        picked.append(int(chance.choice(len(rows), p=weight / weight.sum())))
        left[picked[-1]] = False
    return picked


def _reason(share: float) -> Reason:
    text = f"Labelling it would change the net more {than_most(share)}, and in its own way."
    return Reason("change", text, share)
