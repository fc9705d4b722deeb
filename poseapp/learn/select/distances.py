"""Distances between rows of features, and the walk to the farthest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def distances(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """(len(a), len(b)) Euclidean distances."""
    # centred first: the expanded square loses its digits when all rows share a large offset
    origin = np.concatenate([a, b]).mean(axis=0, dtype=np.float64)
    left, right = a - origin, b - origin
    lengths = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)
    squares = lengths - 2 * left @ right.T
    squares[squares < _ROUNDING * lengths] = 0.0
    return np.sqrt(squares)


_ROUNDING = 1e-12
"""Squares below this share of the lengths they come from are equal rows."""


def distance_to_nearest(
    rows: NDArray[np.float32], others: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(len(rows),) distance to the nearest of the others, infinite where there are none."""
    if not len(others):
        return np.full(len(rows), np.inf)
    return distances(rows, others).min(axis=1)


def farthest_first(
    features: NDArray[np.float32], nearest: NDArray[np.float64], count: int
) -> tuple[list[int], list[float]]:
    """Rows taken one by one, each the farthest from all that were taken before it.

    `nearest` says how far each row is from what was there already; where that is nothing, the
    row nearest to the mean of all comes first. Returns the rows and how far each one was.
    """
    nearest = nearest.copy()
    rows: list[int] = []
    gaps: list[float] = []
    for _ in range(min(count, len(features))):
        row = int(nearest.argmax())
        if np.isinf(nearest[row]):
            row = int(np.linalg.norm(features - features.mean(axis=0), axis=1).argmin())
        rows.append(row)
        gaps.append(float(nearest[row]))
        nearest = np.minimum(nearest, np.linalg.norm(features - features[row], axis=1))
        nearest[rows] = -1.0
    return rows, gaps
