"""k-means: rows in groups, each row nearest to the mean of its own group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MOST_ROUNDS = 300
_STILL = 1e-4
"""Centres that move less than this share of the rows' variance, squared and summed, are done."""


def clusters(
    features: NDArray[np.float32], count: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """(N,) cluster of each row and the (≤ count, D) centres, none of them empty.

    Lloyd's rounds from the seeds of k-means++ (Arthur and Vassilvitskii, "k-means++: the advantages
    of careful seeding", 2007), greedy: each seed is the best of a few draws. The draws come in the
    order of scikit-learn's, so that the same seed gives the same clusters.
    """
    count = min(count, len(np.unique(features, axis=0)))
    middle = features.mean(axis=0)
    rows = features - middle
    centres = rows[_seeds(rows, count, np.random.RandomState(seed))]
    enough = _STILL * rows.var(axis=0).mean()
    cluster = _nearest(rows, centres)
    for _ in range(_MOST_ROUNDS):
        moved = _means(rows, _without_gaps(rows, centres, cluster), count)
        shift = ((moved - centres) ** 2).sum()
        before, centres = cluster, moved
        cluster = _nearest(rows, centres)
        if shift <= enough or np.array_equal(before, cluster):
            break
    return _without_gaps(rows, centres, cluster), centres + middle


def _seeds(rows: NDArray[np.float32], count: int, draw: np.random.RandomState) -> list[int]:
    """Rows drawn one by one, likelier the farther they are from all before."""
    draws = 2 + int(np.log(count))
    chosen = [int(draw.choice(len(rows), p=np.full(len(rows), 1 / len(rows))))]
    nearest = _squares(rows, rows[chosen])[0]
    for _ in range(count - 1):
        sums = np.cumsum(nearest, dtype=np.float64)
        drawn = np.searchsorted(sums, draw.uniform(size=draws) * sums[-1]).clip(max=len(rows) - 1)
        left = np.minimum(nearest, _squares(rows, rows[drawn]))
        best = int(left.sum(axis=1).argmin())
        chosen.append(int(drawn[best]))
        nearest = left[best]
    return chosen


def _squares(rows: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """(centres, rows) squared distances."""
    lengths = (rows**2).sum(axis=1) + (centres**2).sum(axis=1)[:, None]
    return np.maximum(lengths - 2 * centres @ rows.T, 0)


def _nearest(rows: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.intp]:
    return _squares(rows, centres).argmin(axis=0)


def _without_gaps(
    rows: NDArray[np.float32], centres: NDArray[np.float32], cluster: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The clusters, each that lost all rows given the row farthest from its centre instead."""
    sizes = np.bincount(cluster, minlength=len(centres))
    cluster = cluster.copy()
    away = ((rows - centres[cluster]) ** 2).sum(axis=1) if not sizes.all() else np.empty(0)
    for empty in np.flatnonzero(sizes == 0):
        row = int(np.where(sizes[cluster] > 1, away, -1).argmax())
        sizes[cluster[row]] -= 1
        sizes[empty] = 1
        cluster[row] = empty
    return cluster


def _means(rows: NDArray[np.float32], cluster: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """(count, D) mean of each cluster."""
    order = np.argsort(cluster, kind="stable")
    starts = np.searchsorted(cluster[order], np.arange(count))
    sizes = np.bincount(cluster, minlength=count)[:, None]
    return (np.add.reduceat(rows[order], starts, axis=0) / sizes).astype(np.float32)
