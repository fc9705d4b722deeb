"""k-means: the frames nearest to the centres of as many clusters as frames are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.suggestion import Suggestion
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.distances import distance_to_nearest, farthest_first
from poseapp.learn.select.words import stands_for


@dataclass(frozen=True, slots=True)
class KMeans(Selector):
    """One frame a cluster, the largest cluster first; it does not look at the labels."""

    name = "kmeans"
    about = "Groups frames that look alike and takes the middle one of each group."

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        report.progress(0.0, "Grouping frames that look alike")
        count = min(budget, len(pool))
        cluster, centres = clusters(pool.features, count, pool.seed)
        to_centre = np.linalg.norm(pool.features - centres[cluster], axis=1)
        sizes = np.bincount(cluster, pool.stands_for, len(centres)).astype(int)
        rows, speaks_for = [], []
        for group in np.argsort(-sizes, kind="stable"):
            members = np.flatnonzero(cluster == group)
            rows.append(int(members[to_centre[members].argmin()]))
            speaks_for.append(int(sizes[group]))
        rows, speaks_for = filled_up(pool, rows, speaks_for, count)
        reasons = [(stands_for(n, max(speaks_for)),) for n in speaks_for]
        return suggestions(pool, rows, falling_scores(count), reasons, self.name)


def clusters(
    features: NDArray[np.float32], count: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """(N,) cluster of each row and the (≤ count, D) centres, none of them empty.

    The tightest of a few that begin at different rows.
    """
    count = min(count, len(np.unique(features, axis=0)))
    if count == 1:
        return np.zeros(len(features), np.intp), features.mean(axis=0, keepdims=True)
    cv2.setRNGSeed(seed)
    at_rest = (cv2.TERM_CRITERIA_MAX_ITER | cv2.TERM_CRITERIA_EPS, _ROUNDS, 1e-6)
    _, cluster, centres = cv2.kmeans(
        features, count, np.empty(0), at_rest, _STARTS, cv2.KMEANS_PP_CENTERS
    )
    return cluster[:, 0].astype(np.intp), centres.astype(np.float32)


_STARTS = 3
_ROUNDS = 100


def filled_up(
    pool: Pool, rows: list[int], speaks_for: list[int], count: int
) -> tuple[list[int], list[int]]:
    """The rows, with others added where equal frames made fewer clusters than were asked for."""
    others = np.setdiff1d(np.arange(len(pool)), rows)
    nearest = distance_to_nearest(pool.features[others], pool.features[rows])
    more, _ = farthest_first(pool.features[others], nearest, count - len(rows))
    added = [int(others[row]) for row in more]
    return rows + added, speaks_for + pool.stands_for[added].tolist()
