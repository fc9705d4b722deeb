"""Who belongs to whom: pairs at the least cost in total."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cheapest_pairs(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of rows and columns of (R, C) finite costs with the least sum, in the order of rows.

    Every row has a column, or every column a row where there are fewer of those. By shortest
    augmenting paths: Crouse, "On implementing 2D rectangular assignment algorithms", 2016.

    Raises:
        ValueError: when a cost is not finite.
    """
    if not np.isfinite(cost).all():
        raise ValueError("a cost is not finite")
    if cost.shape[0] > cost.shape[1]:
        return sorted((row, column) for column, row in cheapest_pairs(cost.T))
    of_row = np.zeros(cost.shape[0])
    of_column = np.zeros(cost.shape[1])
    row_in = np.full(cost.shape[1], -1)
    column_in = np.full(cost.shape[0], -1)
    for start in range(len(cost)):
        length = np.full(cost.shape[1], np.inf)
        came_from = np.full(cost.shape[1], -1)
        passed: list[int] = []
        row, column, reached = start, -1, 0.0
        while row >= 0:
            through = reached + cost[row] - of_row[row] - of_column
            shorter = through < length
            shorter[passed] = False
            length[shorter] = through[shorter]
            came_from[shorter] = row
            ahead = length.copy()
            ahead[passed] = np.inf
            column = int(ahead.argmin())
            reached = float(length[column])
            row = int(row_in[column])
            if row >= 0:
                passed.append(column)
        spare = reached - length[passed]
        of_row[start] += reached
        of_row[row_in[passed]] += spare
        of_column[passed] -= spare
        while row != start:
            row = int(came_from[column])
            row_in[column] = row
            column, column_in[row] = int(column_in[row]), column
    return [(row, int(column)) for row, column in enumerate(column_in)]
