"""TypiClust: the most typical frame of each large group that has no label yet.

Hacohen, Dekel and Weinshall, "Active learning on a budget: opposite strategies suit high and low
budgets", 2022: with few labels, typical frames teach more than odd ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.distances import distances
from poseapp.learn.select.kmeans import clusters, filled_up
from poseapp.learn.select.words import stands_for


@dataclass(frozen=True, slots=True)
class TypiClust(Selector):
    """Clusters labelled and unlabelled frames together: one for each label and each pick.

    So there are at least as many clusters without a label as picks; those with labels come last.
    """

    neighbours: int = 20
    """How many of the nearest in its cluster a frame's typicality is taken over."""
    most_clusters: int = 500

    name = "typiclust"
    about = "The most typical frame of each large group without a label: a good start."

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        report.progress(0.0, "Grouping frames that look alike")
        count = min(budget, len(pool))
        everything = np.concatenate([pool.features, pool.labelled_features])
        wanted = min(len(pool.labelled) + count, max(self.most_clusters, count))
        cluster, centres = clusters(everything, wanted, pool.seed)
        candidates, labelled = cluster[: len(pool)], cluster[len(pool) :]
        sizes = np.bincount(candidates, pool.stands_for, len(centres)).astype(int)
        labels = np.bincount(labelled, minlength=len(centres))
        order = [group for group in np.lexsort((-sizes, labels)) if sizes[group]][:count]
        rows, speaks_for = [], []
        for group in order:
            members = np.flatnonzero(candidates == group)
            typical = typicality(pool.features[members], self.neighbours).argmax()
            rows.append(int(members[typical]))
            speaks_for.append(int(sizes[group]))
        rows, speaks_for = filled_up(pool, rows, speaks_for, count)
        reasons = [(stands_for(n, max(speaks_for)),) for n in speaks_for]
        return suggestions(pool, rows, falling_scores(count), reasons, self.name)


def typicality(features: NDArray[np.float32], neighbours: int) -> NDArray[np.float64]:
    """(N,) how near each row is to its nearest others: one over the mean distance."""
    k = min(neighbours, len(features) - 1)
    if not k:
        return np.ones(len(features))
    nearest = np.sort(distances(features, features), axis=1)[:, 1 : k + 1]
    return 1 / (nearest.mean(axis=1) + 1e-7)
