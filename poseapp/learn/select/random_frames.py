"""Random: what every other selector must beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.words import counted


@dataclass(frozen=True, slots=True)
class Random(Selector):
    """Every candidate is as likely as every other, and none comes twice."""

    name = "random"
    about = "Frames by chance, without looking at them."

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        count = min(budget, len(pool))
        rows = np.random.default_rng(pool.seed).choice(len(pool), count, replace=False)
        why = Reason("chance", f"Picked by chance among {counted(len(pool), 'frame')}.", 0.0)
        return suggestions(pool, rows.tolist(), falling_scores(count), [(why,)] * count, self.name)
