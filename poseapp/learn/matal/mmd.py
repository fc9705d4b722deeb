"""Maximum mean discrepancy: how differently two sets are spread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_ROWS = 512
"""Larger sets are thinned to this many: cost grows with the square, the value hardly changes."""


def mmd(p: Floats, q: Floats, bandwidth: float) -> float:
    """Squared discrepancy, the biased V-statistic with a radial kernel (equation 1).

    0 exactly for the same rows. It shrinks as sets grow, even between equal distributions, so it
    also says something of how many rows there are. 0 where a set is empty.
    """
    if not len(p) or not len(q) or not p.shape[1]:
        return 0.0
    within = radial(p, p, bandwidth).mean() + radial(q, q, bandwidth).mean()
    return float(max(0.0, within - 2 * radial(p, q, bandwidth).mean()))


def radial(p: Floats, q: Floats, bandwidth: float) -> Floats:
    """(len(p), len(q)) exp(-d² / (2 bandwidth²))."""
    return np.exp(-_squares(p, q) / (2 * bandwidth**2))


def median_distance(rows: Floats) -> float:
    """The median heuristic: a kernel as wide as rows are usually apart; 1 where all are equal."""
    if len(rows) < 2:
        return 1.0
    rows = thinned(rows)
    pairs = _squares(rows, rows)[np.triu_indices(len(rows), 1)]
    return float(np.sqrt(np.median(pairs))) or 1.0


def thinned(rows: NDArray, most: int = MOST_ROWS) -> NDArray:
    """At most so many of the rows, evenly over their order."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.intp)]


def _squares(p: Floats, q: Floats) -> Floats:
    p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)
    origin = np.concatenate([p, q]).mean(axis=0)
    p, q = p - origin, q - origin
    squares = (p**2).sum(axis=1)[:, None] + (q**2).sum(axis=1) - 2 * p @ q.T
    return squares.clip(0)
