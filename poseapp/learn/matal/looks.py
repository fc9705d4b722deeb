"""Looks: pooled features of any length as a fixed number of values that all agents can read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Features about their mean, in units of their spread, projected by chance.

    The projection depends on its sizes alone: the same features mean the same to agents that were
    trained elsewhere.
    """

    mean: Floats
    """(D,)"""
    spread: float
    """Root mean square of the values about the mean."""
    size: int

    @classmethod
    def of(cls, features: NDArray, size: int) -> Looks:
        """Measure (N, D) features; rows that hold a NaN are left out."""
        rows = np.asarray(features, np.float64)
        rows = rows[np.isfinite(rows).all(axis=1)]
        if not len(rows):
            return cls(np.zeros(np.shape(features)[1]), 1.0, size)
        mean = rows.mean(axis=0)
        return cls(mean, float(np.sqrt(((rows - mean) ** 2).mean())) or 1.0, size)

    def __call__(self, features: NDArray) -> Floats:
        """(N, size), each value of size 1 or so; a row that holds a NaN counts as the mean."""
        rows = (np.asarray(features, np.float64) - self.mean) / self.spread
        rows = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, 0.0)
        return rows @ self._projection()

    def _projection(self) -> Floats:
        """(D, size) that keeps lengths per value, but for chance."""
        chance = np.random.default_rng([len(self.mean), self.size])
        return chance.normal(size=(len(self.mean), self.size)) / np.sqrt(len(self.mean))
