"""How far predictions are from labels: pixel errors, PCK and OKS.

Points are (..., K, 2) pixels, NaN where absent; only keypoints that both sides have are compared
unless it says otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def pixel_errors(predicted: ArrayLike, truth: ArrayLike) -> Floats:
    """(..., K) distances in pixels, NaN where either side has no point."""
    difference = np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)
    return np.hypot(difference[..., 0], difference[..., 1])


def box_size(points: ArrayLike) -> Floats:
    """(...) longer side of the box around the present keypoints, NaN where none is."""
    points = np.asarray(points, np.float64)
    present = np.isfinite(points)
    high = np.where(present, points, -np.inf).max(axis=-2)
    low = np.where(present, points, np.inf).min(axis=-2)
    longest = (high - low).max(axis=-1)
    return np.where(present.all(axis=-1).any(axis=-1), longest, np.nan)


def torso_size(points: ArrayLike, shoulder: int, hip: int) -> Floats:
    """(...) distance between a shoulder and the opposite hip, NaN where one is absent."""
    points = np.asarray(points, np.float64)
    difference = points[..., shoulder, :] - points[..., hip, :]
    return np.hypot(difference[..., 0], difference[..., 1])


def pck(predicted: ArrayLike, truth: ArrayLike, size: ArrayLike, fraction: float = 0.2) -> Floats:
    """(K,) share of present keypoints within `fraction` of the body's size; NaN for never present.

    A labelled keypoint without a prediction is missed. Bodies whose size is unknown or under a
    pixel are left out.

    Args:
        predicted: (N, K, 2) pixels.
        truth: (N, K, 2) pixels.
        size: (N,) pixels, such as `box_size(truth)`.
        fraction: of the size.
    """
    size = np.asarray(size, np.float64)
    truth = np.asarray(truth, np.float64)
    known = np.isfinite(truth).all(axis=-1) & (np.nan_to_num(size) >= 1)[:, None]
    near = pixel_errors(predicted, truth) <= fraction * size[:, None]
    return _share(near & known, known)


def within(predicted: ArrayLike, truth: ArrayLike, pixels: float) -> float:
    """Share of labelled keypoints that were predicted within so many pixels; NaN without any."""
    truth = np.asarray(truth, np.float64)
    known = np.isfinite(truth).all(axis=-1)
    near = (pixel_errors(predicted, truth) <= pixels) & known
    return float(near.sum() / known.sum()) if known.any() else float("nan")


def oks(
    predicted: ArrayLike, truth: ArrayLike, area: ArrayLike, sigmas: ArrayLike | float = 0.05
) -> Floats:
    """(...) object keypoint similarity in 0..1: mean of exp(-d² / (2 · area · (2σ)²)).

    Over the keypoints that `truth` has; one that is not predicted counts as 0. NaN where `truth`
    has none.

    Args:
        predicted: (..., K, 2) pixels.
        truth: (..., K, 2) pixels.
        area: (...) square pixels of the body; COCO takes that of its mask.
        sigmas: (K,) how far people's labels of each keypoint stray, in units of √area.
    """
    truth = np.asarray(truth, np.float64)
    known = np.isfinite(truth).all(axis=-1)
    spread = np.asarray(area, np.float64)[..., None] * (2 * np.asarray(sigmas)) ** 2
    likeness = np.exp(-(pixel_errors(predicted, truth) ** 2) / (2 * spread.clip(1e-12)))
    total = np.where(known, np.nan_to_num(likeness), 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _share(hits: NDArray[np.bool_], of: NDArray[np.bool_]) -> Floats:
    count = of.sum(axis=0)
    return np.where(count > 0, hits.sum(axis=0) / np.maximum(count, 1), np.nan)
