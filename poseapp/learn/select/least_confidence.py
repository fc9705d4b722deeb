"""Least confidence: the frames in which the net believes its own keypoints the least."""

from __future__ import annotations

from dataclasses import dataclass

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Suggestion
from poseapp.learn.select.base import Pool, Selector, suggestions
from poseapp.learn.select.spread import best_apart
from poseapp.learn.select.words import unsure


@dataclass(frozen=True, slots=True)
class LeastConfidence(Selector):
    """One minus the confidence, averaged over the keypoints."""

    name = "least_confidence"
    about = "Frames in which the net is the least sure of the keypoints."
    needs_net = True

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        doubt = 1 - pool.beliefs().scores
        worth = doubt.mean(axis=1)
        rows = best_apart(pool, worth, budget)
        reasons = [(why,) for why in unsure(pool.skeleton.names, doubt, rows)]
        return suggestions(pool, rows, worth[rows].tolist(), reasons, self.name)
