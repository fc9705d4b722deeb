"""Cosines between poses: how near a frame is to the labels, and how it lies among the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from poseapp.learn.matal.mmd import thinned

Floats = NDArray[np.float64]


def cosines(a: Floats, b: Floats) -> Floats:
    """(len(a), len(b)), in -1..1; 0 for a row of zeros."""
    return (_unit(a) @ _unit(b).T).clip(-1, 1)


def nearest(unlabelled: Floats, labelled: Floats) -> Floats:
    """(U,) greatest cosine to any labelled row, 0 where there is none or nothing to compare."""
    if not len(labelled) or not labelled.shape[1]:
        return np.zeros(len(unlabelled))
    return cosines(unlabelled, labelled).max(axis=1)


def histograms(rows: Floats, others: Floats, edges: Floats) -> Floats:
    """(N, bins) shares of the others by their cosine to each row; each row sums to 1.

    Args:
        rows: (N, D)
        others: (M, D), of which at most `mmd.MOST_ROWS` are compared with.
        edges: (bins - 1,) inner edges, ascending.
    """
    bins = len(edges) + 1
    others = thinned(others)
    if not len(others) or not rows.shape[1]:
        return np.full((len(rows), bins), 1 / bins)
    found = np.searchsorted(edges, cosines(rows, others), side="right")
    cells = found + bins * np.arange(len(rows))[:, None]
    counts = np.bincount(cells.ravel(), minlength=bins * len(rows))
    return counts.reshape(len(rows), bins) / len(others)


def quantile_edges(rows: Floats, bins: int) -> Floats:
    """(bins - 1,) edges between which pairs of these rows fall equally often.

    Cosines of poses are all high, so that bins of equal width would have all of them in the last.
    """
    rows = thinned(rows)
    pairs = cosines(rows, rows)[np.triu_indices(len(rows), 1)] if rows.shape[1] else np.empty(0)
    if not len(pairs):
        return even_edges(bins)
    return np.quantile(pairs, np.arange(1, bins) / bins)


def even_edges(bins: int) -> Floats:
    """(bins - 1,) edges of bins of equal width over -1..1."""
    return np.linspace(-1, 1, bins + 1)[1:-1]


def _unit(rows: Floats) -> Floats:
    rows = np.asarray(rows, np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
