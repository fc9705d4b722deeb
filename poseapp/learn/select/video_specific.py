"""VATL4Pose: frames whose heatmaps flicker and whose poses are odd, and that look new.

Taketsugu and Ukita, "Active transfer learning for efficient video-specific human pose estimation",
2024: temporal heatmap continuity and pose unnaturalness, with a core-set that trusts them the more
the better the net is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.distances import distance_to_nearest
from poseapp.learn.select.probed import Aspect, filled
from poseapp.learn.select.words import above, than_most

_ENOUGH_POSES = 3
"""Labelled poses from which oddity means something."""


@dataclass(frozen=True, slots=True)
class VideoSpecific(Selector):
    """Each pick has the most of (1 - m) · distance + weight · m · doubt; m is the net's skill.

    A net of unknown skill is not trusted: distance alone decides, as in the paper's first round.
    """

    weight: float = 1.0
    """λ of the paper, for distances in units of the largest one and doubts of 0..1."""

    steps: int = 400
    """Of the auto-encoder."""

    name = "vatl4pose"
    about = "Frames with flickering heatmaps or odd poses that look unlike the labelled ones."
    needs_net = True
    asks = frozenset({Aspect.EMBEDDING, Aspect.CONTINUITY, Aspect.POSE})

    def not_yet(self, pool: Pool) -> str:
        why = Selector.not_yet(self, pool)
        if why or not np.isnan(pool.insides().candidates[Aspect.CONTINUITY]).all():
            return why
        return "No neighbouring frames of a film were seen, so no flicker can be measured."

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        insides = pool.insides()
        embedding = insides.candidates[Aspect.EMBEDDING]
        labelled = filled(insides.labelled[Aspect.EMBEDDING], embedding)
        features = filled(embedding)
        flicker, odd = self.doubts(pool, report)
        doubt = unit_range(flicker + odd)
        gaps = distance_to_nearest(features, labelled.reshape(-1, features.shape[1]))
        rows = farthest_and_doubtful(features, gaps, doubt, insides.skill, self.weight, budget)
        flickers, odds = above(flicker), above(odd)
        reasons = [_reasons(float(flickers[row]), float(odds[row]), odd[row]) for row in rows]
        return suggestions(pool, rows, falling_scores(len(rows)), reasons, self.name)

    def doubts(
        self, pool: Pool, report: Report
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """(N,) flicker and (N,) oddity, each in 0..1; oddity 0 while few poses are labelled."""
        from poseapp.learn.select.oddity import hybrid_features, oddity

        insides = pool.insides()
        flicker = unit_range(filled(insides.candidates[Aspect.CONTINUITY]))
        known = hybrid_features(insides.labelled[Aspect.POSE], pool.skeleton)
        known = known[np.isfinite(known).any(axis=1)]
        if len(known) < _ENOUGH_POSES:
            return flicker, np.zeros(len(pool))
        asked = hybrid_features(pool.beliefs().points, pool.skeleton)
        return flicker, unit_range(filled(oddity(known, asked, self.steps, pool.seed, report)))


def unit_range(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """From 0 for the least to 1 for the greatest; 0 where all are equal."""
    low, high = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    return (values - low) / (high - low) if high > low else np.zeros(len(values))


def farthest_and_doubtful(
    features: NDArray[np.floating],
    nearest: NDArray[np.floating],
    doubt: NDArray[np.floating],
    skill: float,
    weight: float,
    count: int,
) -> list[int]:
    """Rows taken one by one, each with the most of (1 - skill) · distance + weight · skill · doubt.

    Args:
        features: (N, D)
        nearest: (N,) distance to the nearest labelled row; where all are infinite, nothing is
            labelled and the most doubtful row comes first.
        doubt: (N,) in 0..1.
        skill: in 0..1.
        weight: λ of the paper.
        count: of rows.
    """
    rows: list[int] = []
    if np.isinf(nearest).all() and len(features):
        rows = [int(doubt.argmax())]
        nearest = np.linalg.norm(features - features[rows[0]], axis=1)
    largest = nearest.max() if len(nearest) and nearest.max() > 0 else 1.0
    while len(rows) < min(count, len(features)):
        worth = (1 - skill) * nearest / largest + weight * skill * doubt
        worth[rows] = -1.0
        rows.append(int(worth.argmax()))
        away = np.linalg.norm(features - features[rows[-1]], axis=1)
        nearest = np.minimum(nearest, away)
    return rows[:count]


def _reasons(flicker: float, odd: float, known: float) -> tuple[Reason, ...]:
    told = [Reason("jump", f"Heatmaps change more with time here {than_most(flicker)}.", flicker)]
    if known:
        told.append(Reason("novelty", f"A pose odder {than_most(odd)}.", odd))
    return tuple(sorted(told, key=lambda reason: -reason.value))
