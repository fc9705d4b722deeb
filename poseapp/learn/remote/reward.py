"""What a pick earned, and when a clip's turn ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.metrics import box_size, pck

THRESHOLDS = (0.05, 0.1, 0.2)
"""Shares of the body's size over which rewards average PCK."""
PAPERS_THRESHOLD = (0.2,)
PERCENT = 100
"""Rewards are differences in per cent."""


def reward(accuracy: float, best: float) -> tuple[float, float]:
    """Equation 1, r = PCK - max of all earlier ones, and the new maximum.

    The paper leaves the first step open: `best` is then the accuracy before any pick.
    """
    return accuracy - best, max(best, accuracy)


def losing_streak(streak: int, earned: float) -> int:
    """How many negative rewards came in a row; zero is not negative and ends the row."""
    return streak + 1 if earned < 0 else 0


def mean_pck(
    found: NDArray[np.float64], truth: NDArray[np.float64], thresholds: tuple[float, ...]
) -> float:
    """PCK over keypoints and thresholds, 0..1; both (N, K, 2) pixels, NaN where absent."""
    size = box_size(truth)
    values = np.array([pck(found, truth, size, share) for share in thresholds])
    known = np.isfinite(values)
    return float(values[known].mean()) if known.any() else 0.0
