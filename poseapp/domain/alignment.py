"""Procrustes alignment and the errors of poses in space: MPJPE and PA-MPJPE.

Points are (..., K, 3) in any unit, NaN where absent; only points that both sides have count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def aligned(points: ArrayLike, to: ArrayLike) -> Floats:
    """(..., K, D) `points` moved, turned and scaled as near to `to` as can be; never mirrored.

    The similarity that has the least squares (Umeyama, "Least-squares estimation of
    transformation parameters between two point patterns", eq. 40 to 42). NaN everywhere where
    fewer than D points are shared.
    """
    source: Floats = np.asarray(points, np.float64)
    target: Floats = np.asarray(to, np.float64)
    both: NDArray[np.bool_] = np.isfinite(source) & np.isfinite(target)
    shared = np.expand_dims(both.all(axis=-1), -1)
    count = shared.sum(axis=-2, keepdims=True)
    x, x_mean = _centred(source, shared, count)
    y, y_mean = _centred(target, shared, count)
    u, stretch, v = np.linalg.svd(np.swapaxes(y, -1, -2) @ x)
    sign = np.ones_like(stretch)
    sign[..., -1] = np.where(np.linalg.det(u @ v) < 0, -1.0, 1.0)
    rotation = (u * sign[..., None, :]) @ v
    spread = (x**2).sum(axis=(-1, -2))
    scale = (stretch * sign).sum(axis=-1) / np.maximum(spread, 1e-300)
    moved = scale[..., None, None] * (source - x_mean) @ np.swapaxes(rotation, -1, -2) + y_mean
    return np.where(count >= source.shape[-1], moved, np.nan)


def mpjpe(predicted: ArrayLike, truth: ArrayLike, root: tuple[int, ...] = ()) -> Floats:
    """(...) mean distance over shared points, both sides moved to the mean of their `root` points.

    `root` is, say, both hips; without it nothing is moved. NaN where nothing can be compared.
    """
    difference: Floats = np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)
    if root:
        difference = difference - difference[..., list(root), :].mean(axis=-2, keepdims=True)
    distances = np.linalg.norm(difference, axis=-1)
    known = np.isfinite(distances)
    count = known.sum(axis=-1)
    total = np.where(known, distances, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def pa_mpjpe(predicted: ArrayLike, truth: ArrayLike) -> Floats:
    """(...) mean distance after `aligned`: what a pose's place, turn and size do not excuse."""
    return mpjpe(aligned(predicted, truth), truth)


def _centred(
    points: Floats, shared: NDArray[np.bool_], count: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Points about their mean with zero where they are not shared, and that mean."""
    known = np.where(shared, points, 0.0)
    mean = known.sum(axis=-2, keepdims=True) / np.maximum(count, 1)
    return np.where(shared, known - mean, 0.0), mean
