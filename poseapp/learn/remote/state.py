"""What the agent sees: s = (B, V, h) of the moment, a = (C, d) of every frame it may pick.

V is computed inside the agent, from the clip's coarse heatmaps that are given here.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.metrics import box_size, pck

SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Thresholds of PCK, in units of the body's size, at which the state tells each keypoint's."""
GRID = 8
"""Cells along each side of a coarse heatmap."""
MOST_FRAMES = 64
"""Of a clip in the memory; of longer ones every second, third, … is looked at."""
UNIT = 0.2
"""Of the body's size: a motion that a net reads as 1. Partners a second apart move about so far."""
_MANY = 5
"""Picks of one offset after which more are not told apart."""

Numbers = NDArray[np.float32]


def performance(
    found: NDArray[np.float64], truth: NDArray[np.float64], scores: NDArray[np.float32]
) -> Numbers:
    """B, (6 K,): PCK of each keypoint at five thresholds, then its mean confidence.

    0 where a keypoint is never labelled.

    Args:
        found: (N, K, 2) pixels.
        truth: (N, K, 2) pixels, NaN where absent.
        scores: (N, K) in 0..1.
    """
    size = box_size(truth)
    shares = np.array([pck(found, truth, size, share) for share in SHARES])
    return np.concatenate([np.nan_to_num(shares).ravel(), scores.mean(axis=0)]).astype(np.float32)


def history(
    anchor: float, window: int, length: int, visits: Mapping[int, int], of_clip: Mapping[int, float]
) -> Numbers:
    """h, (4 + 4 T,): where the label stands in its clip, the window, and the picks so far.

    Args:
        anchor: index of the labelled frame in the clip.
        window: T in frames.
        length: of the clip in frames.
        visits: how often each offset was picked for this label.
        of_clip: the same, as a mean over the labels of the clip.
    """
    offsets = range(-window, window + 1)
    counts = [min(table.get(n, 0), _MANY) / _MANY for table in (visits, of_clip) for n in offsets]
    return np.array([anchor / length, min(window / length, 1), *counts], np.float32)


def actions(
    scores: NDArray[np.float32], found: NDArray[np.float64], labelled: NDArray[np.float64]
) -> Numbers:
    """(A, 3 K) C and d: confidence, then the offset from the label in fifths of the body's size.

    0 where the label or the estimate lacks the keypoint, or the body's size is unknown.

    Args:
        scores: (A, K) in 0..1.
        found: (A, K, 2) estimates in pixels.
        labelled: (K, 2) pixels, NaN where absent.
    """
    size = np.nan_to_num(box_size(labelled))
    moved = (
        np.nan_to_num((found - labelled) / (UNIT * size)) if size >= 1 else np.zeros(found.shape)
    )
    return np.concatenate([scores, moved.reshape(len(found), -1)], axis=1).astype(np.float32)


def coarse(heatmaps: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, K, 8, 8): the (N, K, h, w) heatmaps added up; h and w are multiples of 8.

    A coarse map adds up to one where the estimator is sure of a place.
    """
    n, k, h, w = heatmaps.shape
    return heatmaps.reshape(n, k, GRID, h // GRID, GRID, w // GRID).sum(axis=(3, 5))


def remembered(count: int) -> NDArray[np.intp]:
    """Rows of a clip's frames that its memory holds: evenly spread, at most 64."""
    return np.arange(0, count, -(-count // MOST_FRAMES))


def clip_memory(places: NDArray[np.floating]) -> Numbers:
    """(N, 64 K + 1) what V attends to: coarse maps of frames, and the place of each in its clip.

    Args:
        places: (N, K, 8, 8) of the `remembered` frames in order, as `coarse` makes them.
    """
    place = np.arange(len(places))[:, None] / len(places)
    return np.concatenate([places.reshape(len(places), -1), place], axis=1).astype(np.float32)
