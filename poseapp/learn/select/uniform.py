"""Uniform stride: frames at even distances through all videos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.words import counted


@dataclass(frozen=True, slots=True)
class Uniform(Selector):
    """The middle of each of `budget` equal stretches of the candidates, in order of time."""

    name = "uniform"
    about = "Frames at even distances through all videos."

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        count = min(budget, len(pool))
        rows = ((np.arange(count) + 0.5) * len(pool) / count).astype(int)
        step = round(int(pool.stands_for.sum()) / count)
        why = Reason("spread", f"One of every {counted(step, 'frame')}, at even distances.", 0.0)
        return suggestions(pool, rows.tolist(), falling_scores(count), [(why,)] * count, self.name)
