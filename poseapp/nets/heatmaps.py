"""Heatmaps: reading keypoints out of them to a fraction of a cell, in NumPy.

A heatmap is a map of probability: it is positive, and where a net is sure its cells around one
point add up to one. Cell (j, i) of a map of stride s stands for the input pixel (s·j + (s-1)/2, …).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Readout = Literal["softmax", "sigmoid"]
"""How a net's raw maps become heatmaps: one place per map, or any number of them."""


def cell_to_pixel(cells: ArrayLike, stride: int) -> NDArray[np.float64]:
    """Map coordinates → input pixels."""
    return np.asarray(cells, np.float64) * stride + (stride - 1) / 2


def pixel_to_cell(pixels: ArrayLike, stride: int) -> NDArray[np.float64]:
    """Input pixels → map coordinates."""
    return (np.asarray(pixels, np.float64) - (stride - 1) / 2) / stride


def gaussians(points: ArrayLike, size: tuple[int, int], sigma: float) -> NDArray[np.float32]:
    """(K, h, w) maps with a bell of height 1 at each of (K, 2) map coordinates, zero for NaN.

    The bell is not rounded to cells: its top may lie between them.
    """
    points = np.asarray(points, np.float64)
    w, h = size
    column = np.exp(-((np.arange(w) - points[:, :1]) ** 2) / (2 * sigma**2))
    row = np.exp(-((np.arange(h) - points[:, 1:]) ** 2) / (2 * sigma**2))
    return np.nan_to_num(row[:, :, None] * column[:, None, :]).astype(np.float32)


def decode(
    heatmaps: NDArray[np.float32], readout: Readout = "softmax"
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Where each map has its peak, and how sure the net is of it.

    Args:
        heatmaps: (N, K, h, w), each map positive.
        readout: how the maps were made; a softmax map's score is the probability that stands
            around its peak, any other's is the height of the peak.

    Returns:
        (N, K, 2) map coordinates (x, y), exact to a fraction of a cell, and (N, K) scores in 0..1.
    """
    n, k, h, w = heatmaps.shape
    flat = heatmaps.reshape(n * k, h * w)
    y, x = np.divmod(flat.argmax(axis=1), w)
    window = _windows(heatmaps.reshape(n * k, h, w), x, y, 3)
    points = np.stack([x, y], axis=1) + _refined(window[:, 1:-1, 1:-1])
    scores = window.sum(axis=(1, 2)) if readout == "softmax" else flat.max(axis=1)
    return points.reshape(n, k, 2), scores.clip(0.0, 1.0).astype(np.float32).reshape(n, k)


def _windows(
    maps: NDArray[np.float32], x: NDArray[np.intp], y: NDArray[np.intp], radius: int
) -> NDArray[np.float64]:
    """(M, d, d) cells around (x, y), zero beyond the edge."""
    padded = np.pad(maps, ((0, 0), (radius, radius), (radius, radius)))
    span = np.arange(2 * radius + 1)
    index = np.arange(len(maps))[:, None, None]
    window = padded[index, (y[:, None] + span)[:, :, None], (x[:, None] + span)[:, None, :]]
    return window.astype(np.float64)


def _refined(window: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M, 2) offsets of the peak from the middle cell of its window."""
    return np.stack([_vertex(window.sum(axis=1)), _vertex(window.sum(axis=2))], axis=1)


def _vertex(profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """The top of the parabola that fits the logarithms of (M, d) cells best: a bell's centre.

    Cells count by their height, so that the faint ones, whose logarithms mean little, do not bend
    it. Where no parabola opens downwards the middle cell stands.
    """
    offsets = np.arange(profile.shape[1]) - profile.shape[1] // 2
    powers = offsets ** np.array([[2], [1], [0]])
    weighted = powers * profile[:, None, :]
    normal = weighted @ powers.T + 1e-12 * np.eye(3)
    moments = weighted @ np.log(profile.clip(1e-12))[:, :, None]
    curvature, slope, _ = np.linalg.solve(normal, moments)[:, :, 0].T
    opens_down = curvature < 0
    vertex = np.where(opens_down, -slope / (2 * np.where(opens_down, curvature, -1.0)), 0.0)
    return vertex.clip(-1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """How sure a net is about each keypoint."""

    entropy: NDArray[np.float32]
    """(N, K) in 0..1: 0 when one cell holds everything, 1 when all cells are alike."""
    second_ratio: NDArray[np.float32]
    """(N, K) the second peak's share of the first one's, in 0..1."""
    second_distance: NDArray[np.float32]
    """(N, K) cells between both peaks."""


def peaks(heatmaps: NDArray[np.float32], apart: int = 3) -> Peaks:
    """Entropy and second peaks of (N, K, h, w) maps; peaks stand more than `apart` cells apart."""
    n, k, h, w = heatmaps.shape
    flat = heatmaps.reshape(n * k, h * w).astype(np.float64)
    share = flat / flat.sum(axis=1, keepdims=True).clip(1e-12)
    entropy = -(share * np.log(share.clip(1e-12))).sum(axis=1) / np.log(h * w)
    y, x = np.divmod(flat.argmax(axis=1), w)
    grid_y, grid_x = np.mgrid[:h, :w]
    near = (abs(grid_y - y[:, None, None]) <= apart) & (abs(grid_x - x[:, None, None]) <= apart)
    others = np.where(near.reshape(n * k, h * w), 0.0, flat)
    second_y, second_x = np.divmod(others.argmax(axis=1), w)
    ratio = others.max(axis=1) / flat.max(axis=1).clip(1e-12)
    distance = np.hypot(second_x - x, second_y - y)
    return Peaks(
        *(v.astype(np.float32).reshape(n, k) for v in (entropy.clip(0, 1), ratio, distance))
    )


def local_maxima(heatmap: NDArray[np.float32], threshold: float, radius: int = 2) -> NDArray:
    """(P, 3) x, y, height of the cells that are the highest within `radius`, highest first.

    Of cells that are equally high within `radius`, as on a flat top, one counts.
    """
    padded = np.pad(heatmap, radius, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, (2 * radius + 1,) * 2)
    y, x = np.nonzero((heatmap >= around.max(axis=(2, 3))) & (heatmap >= threshold))
    if not len(x):
        return np.empty((0, 3))
    first: list[int] = []
    for n in np.argsort(-heatmap[y, x], kind="stable"):
        if all(max(abs(x[n] - x[k]), abs(y[n] - y[k])) > radius for k in first):
            first.append(int(n))
    x, y = x[first], y[first]
    window = _windows(np.repeat(heatmap[None], len(x), axis=0), x, y, radius)
    points = np.stack([x, y], axis=1) + _refined(window)
    return np.column_stack([points, heatmap[y, x]])
