"""Kinetic chain space: a pose as the inner products of its bones.

Gong and others, "Meta agent teaming active learning for pose estimation", 2022, section 3.1. The
products say how long bones are and at which angles they meet, wherever the body stands and however
the picture is turned.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poseapp.learn.matal.anatomy import SPACES, Anatomy

Floats = NDArray[np.float64]


def bone_vectors(points: ArrayLike, bones: Sequence[tuple[int, int]]) -> Floats:
    """(N, M, 2) child minus parent in pixels, NaN where an end is not there.

    Args:
        points: (N, K, 2) pixels, NaN where absent.
        bones: (child, parent) keypoints.
    """
    child, parent = np.array(bones, np.intp).reshape(-1, 2).T
    points = np.asarray(points, np.float64)
    return points[:, child] - points[:, parent]


def kcs(vectors: Floats) -> Floats:
    """(N, M (M + 1) / 2) upper triangle, with the diagonal, of the bones' inner products."""
    products = np.einsum("nid,njd->nij", vectors, vectors)
    return products[:, *np.triu_indices(vectors.shape[1])]


def spaces(points: ArrayLike, anatomy: Anatomy, *, orientation: bool = False) -> list[Floats]:
    """The whole body's products and each part's, `SPACES` arrays of N rows.

    A product is NaN where either bone misses an end; a part that the skeleton lacks has no
    columns. With `orientation` the bones themselves stand beside their products, scaled so that
    both are square pixels: then an upside-down pose is a new one.
    """
    vectors = bone_vectors(points, anatomy.bones)
    found = []
    for part in anatomy.parts:
        own = vectors[:, list(part.bones)]
        columns = [kcs(own)]
        if orientation:
            length = np.sqrt(np.nansum(own**2, axis=(1, 2)))
            columns.append((own * length[:, None, None]).reshape(len(own), -1))
        found.append(np.concatenate(columns, axis=1))
    return found + [np.empty((len(vectors), 0))] * (SPACES - len(found))


def seen(space: Floats) -> Floats:
    """(N,) share of the values that are there: what is imputed says nothing of its own."""
    return np.isfinite(space).mean(axis=1) if space.shape[1] else np.zeros(len(space))


def mean_of(space: Floats) -> Floats:
    """(D,) mean of each value over the rows that have it; 0 where none does."""
    there = np.isfinite(space)
    return np.where(there, space, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)


def imputed(space: Floats, mean: Floats) -> Floats:
    """The same with the mean where a value is not there."""
    return np.where(np.isfinite(space), space, mean)
