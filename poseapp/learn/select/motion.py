"""Motion of predictions: keypoints that leap away from where their neighbours in time put them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.skeleton import Skeleton

MOST_FRAMES = 10
"""Predictions farther apart than this say nothing about each other."""


def jumps(frames: NDArray[np.integer], points: NDArray[np.floating]) -> NDArray[np.float32]:
    """(N, K) pixels between a keypoint and the line between the frame before and the one after.

    A keypoint that moves evenly does not jump, however fast. NaN where a neighbour is missing.

    Args:
        frames: (N,) ascending frames of one body in one video.
        points: (N, K, 2) where it was predicted.
    """
    result = np.full(points.shape[:2], np.nan, np.float32)
    if len(frames) < 3:
        return result
    before, after = frames[1:-1] - frames[:-2], frames[2:] - frames[1:-1]
    share = (before / (before + after))[:, None, None]
    expected = points[:-2] + share * (points[2:] - points[:-2])
    distance = np.linalg.norm(points[1:-1] - expected, axis=2)
    close = np.maximum(before, after) <= MOST_FRAMES
    result[1:-1] = np.where(close[:, None], distance, np.nan)
    return result


def swaps(
    frames: NDArray[np.integer], points: NDArray[np.floating], skeleton: Skeleton
) -> NDArray[np.bool_]:
    """(N, P) whether a left/right pair changes places between a frame and a neighbour of it.

    That is where exchanging the two at least halves how far they move, and they move by a fifth
    of the body together: a body that turns on the spot exchanges its sides slowly.
    """
    result = np.zeros((len(frames), len(skeleton.pairs)), bool)
    if len(frames) < 2 or not skeleton.pairs:
        return result
    left, right = np.array(skeleton.pairs).T
    now, then = points[1:], points[:-1]

    def moved(to: NDArray[np.intp], come_from: NDArray[np.intp]) -> NDArray[np.floating]:
        return np.linalg.norm(now[:, to] - then[:, come_from], axis=2)

    kept = moved(left, left) + moved(right, right)
    exchanged = moved(left, right) + moved(right, left)
    close = np.diff(frames) <= MOST_FRAMES
    change = (2 * exchanged < kept) & (kept > body_size(points) / 5) & close[:, None]
    result[1:] |= change
    result[:-1] |= change
    return result


def body_size(points: NDArray[np.floating]) -> float:
    """Pixels across a usual body: the median diagonal of (N, K, 2) poses, at least 1."""
    poses = points[np.isfinite(points[..., 0]).sum(axis=1) > 1]
    if not len(poses):
        return 1.0
    sides = np.nanmax(poses, axis=1) - np.nanmin(poses, axis=1)
    return max(1.0, float(np.median(np.linalg.norm(sides, axis=1))))
