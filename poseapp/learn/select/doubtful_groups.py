"""Doubtful groups: frames the net is unsure of, each from another group without a label.

The groups are TypiClust's, several for each pick, so that picks stay apart; the net's doubt says
which of them need a label most, and by which frame.
"""

from __future__ import annotations

from dataclasses import dataclass

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Suggestion
from poseapp.learn.select.base import Pool, Selector, suggestions
from poseapp.learn.select.kmeans import filled_up
from poseapp.learn.select.typiclust import groups
from poseapp.learn.select.words import stands_for, unsure


@dataclass(frozen=True, slots=True)
class DoubtfulGroups(Selector):
    """The most doubtful frames, one a group; doubt is one minus the confidence, on average."""

    groups_a_pick: int = 3

    name = "doubtful_groups"
    about = "Frames in which the net is the least sure, each of another group without a label."
    needs_net = True

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        report.progress(0.0, "Grouping frames that look alike")
        count = min(budget, len(pool))
        doubt = 1 - pool.beliefs().scores
        worth = doubt.mean(axis=1)
        found = groups(pool, min(self.groups_a_pick * count, len(pool)))
        best = {
            int(members[worth[members].argmax()]): int(pool.stands_for[members].sum())
            for members in found
        }
        rows = sorted(best, key=lambda row: -worth[row])[:count]
        rows, speaks_for = filled_up(pool, rows, [best[row] for row in rows], count)
        doubts = unsure(pool.skeleton.names, doubt, rows)
        reasons = [
            (why, stands_for(n, max(speaks_for))) for why, n in zip(doubts, speaks_for, strict=True)
        ]
        return suggestions(pool, rows, worth[rows].tolist(), reasons, self.name)
