"""Thinning: of frames that look the same, one is enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import VideoId
from poseapp.learn.select.base import Pool
from poseapp.learn.select.distances import distance_to_nearest, distances

_NEAR = 0.2
"""Frames closer than this share of the usual distance within their video look the same.

Measured with an ImageNet trunk: in 105 film clips where 19 % of the frames repeat the one before,
85 % of these fall under it and 0.3 % of the others; of a mouse that rests and walks (30 frames a
second) 38 % are dropped, of one that runs (250 a second) none. A share of the distance between
frames of any two videos would call different poses in one room the same.
"""

_BLOCK = 512
"""Rows compared at once, so that 5,000 candidates need 20 MB and not 200."""


def thinned(pool: Pool) -> Pool:
    """The pool without frames that look like a labelled or an earlier one of the same video.

    A candidate that is kept also stands for those dropped because of it.
    """
    return _without_repeats(_unlike_the_labels(pool))


def _unlike_the_labels(pool: Pool) -> Pool:
    labelled = np.array([ref.video for ref in pool.labelled], int)
    new = np.ones(len(pool), bool)
    for video, rows in _by_video(pool):
        features = pool.features[rows]
        nearest = distance_to_nearest(features, pool.labelled_features[labelled == video])
        new[rows] = nearest > _NEAR * _usual_distance(features)
    return pool.only(np.flatnonzero(new))


def _without_repeats(pool: Pool) -> Pool:
    keeper = np.arange(len(pool))
    for _, rows in _by_video(pool):
        keeper[rows] = rows[_first_alike(pool.features[rows])]
    stands_for = np.bincount(keeper, pool.stands_for, len(pool)).astype(np.int64)
    return replace(pool, stands_for=stands_for).only(np.unique(keeper))


def _by_video(pool: Pool) -> Iterator[tuple[VideoId, NDArray[np.intp]]]:
    """Each video with the rows of its candidates."""
    videos = np.array([ref.video for ref in pool.candidates], int)
    for video in np.unique(videos):
        yield VideoId(int(video)), np.flatnonzero(videos == video)


def _first_alike(features: NDArray[np.float32]) -> NDArray[np.intp]:
    """(N,) for each row the first one that looks the same and stays, often itself."""
    radius = _NEAR * _usual_distance(features)
    own = np.arange(len(features))
    keeper = own.copy()
    for start in range(0, len(features), _BLOCK):
        near = distances(features[start : start + _BLOCK], features) <= radius
        for row, alike in enumerate(near, start):
            if keeper[row] == row:
                keeper[alike & (keeper == own) & (own > row)] = row
    return keeper


def _usual_distance(features: NDArray[np.float32]) -> float:
    """The median distance between two rows, over at most 500 of them spread evenly."""
    if len(features) < 2:
        return 0.0
    some = features[np.linspace(0, len(features) - 1, min(500, len(features))).astype(int)]
    return float(np.median(distances(some, some)[np.triu_indices(len(some), 1)]))
