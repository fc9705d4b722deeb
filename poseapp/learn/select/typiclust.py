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

MOST_GROUPS = 500


@dataclass(frozen=True, slots=True)
class TypiClust(Selector):
    """Clusters labelled and unlabelled frames together: one for each label and each pick.

    So there are at least as many clusters without a label as picks; those with labels come last.
    """

    neighbours: int = 20
    """How many of the nearest in its cluster a frame's typicality is taken over."""
    most_clusters: int = MOST_GROUPS

    name = "typiclust"
    about = "The most typical frame of each large group without a label: a good start."

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        report.progress(0.0, "Grouping frames that look alike")
        count = min(budget, len(pool))
        rows, speaks_for = [], []
        for members in groups(pool, count, self.most_clusters):
            typical = typicality(pool.features[members], self.neighbours).argmax()
            rows.append(int(members[typical]))
            speaks_for.append(int(pool.stands_for[members].sum()))
        rows, speaks_for = filled_up(pool, rows, speaks_for, count)
        reasons = [(stands_for(n, max(speaks_for)),) for n in speaks_for]
        return suggestions(pool, rows, falling_scores(count), reasons, self.name)


def groups(pool: Pool, count: int, most: int = MOST_GROUPS) -> list[NDArray[np.intp]]:
    """Rows of each of the `count` groups that need a label most: those without one, large first.

    Labelled and unlabelled frames are grouped together, a group for each label and each pick; fewer
    than `count` are left where few frames differ.
    """
    everything = np.nan_to_num(np.concatenate([pool.features, pool.labelled_features]))
    wanted = min(len(pool.labelled) + count, max(most, count))
    group, centres = clusters(everything, wanted, pool.seed)
    candidates, labelled = group[: len(pool)], group[len(pool) :]
    sizes = np.bincount(candidates, pool.stands_for, len(centres)).astype(int)
    labels = np.bincount(labelled, minlength=len(centres))
    first = [number for number in np.lexsort((-sizes, labels)) if sizes[number]][:count]
    return [np.flatnonzero(candidates == number) for number in first]


def typicality(features: NDArray[np.float32], neighbours: int) -> NDArray[np.float64]:
    """(N,) how near each row is to its nearest others: one over the mean distance."""
    k = min(neighbours, len(features) - 1)
    if not k:
        return np.ones(len(features))
    nearest = np.sort(distances(features, features), axis=1)[:, 1 : k + 1]
    return 1 / (nearest.mean(axis=1) + 1e-7)
