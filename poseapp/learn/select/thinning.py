"""Thinning: of frames that look the same, one is enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef
from poseapp.learn.select.base import Pool
from poseapp.learn.select.distances import distance_to_nearest, distances

_NEAR = 0.3
"""Frames closer than this share of a long step of their video look the same.

Measured with an ImageNet trunk: in 105 film clips where 19 % of the frames repeat the one before,
82 % of these fall under it and 0.3 % of the others; of a mouse that runs (250 frames a second) and
one that walks and rests (30 a second) no frame does. A share of the distance between any two
frames would call different poses in one room the same, and leave a slow pan a dozen frames.
"""

_LONG = 90
"""Percentile of the steps between neighbouring frames: films may repeat most of their frames."""

_BLOCK = 512
"""Rows compared at once, so that 5,000 candidates need 20 MB and not 200."""


def thinned(pool: Pool) -> Pool:
    """The pool without frames that look like a labelled or an earlier one of the same video.

    A candidate that is kept also stands for those dropped because of it.
    """
    video, frame = _numbers(pool.candidates)
    labelled_video, labelled_frame = _numbers(pool.labelled)
    keeper = np.full(len(pool), -1)
    for number in np.unique(video):
        rows, labelled = np.flatnonzero(video == number), labelled_video == number
        features, labels = pool.features[rows], pool.labelled_features[labelled]
        in_time = np.argsort(np.concatenate([frame[rows], labelled_frame[labelled]]))
        radius = _NEAR * _long_step(np.concatenate([features, labels])[in_time])
        new = rows[distance_to_nearest(features, labels) > radius]
        keeper[new] = new[_first_alike(pool.features[new], radius)]
    kept = keeper >= 0
    stands_for = np.bincount(keeper[kept], pool.stands_for[kept], len(pool)).astype(np.int64)
    return replace(pool, stands_for=stands_for).only(np.unique(keeper[kept]))


def _numbers(refs: tuple[FrameRef, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Videos and frames as arrays."""
    pairs = np.array([(ref.video, ref.frame) for ref in refs], np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _long_step(features: NDArray[np.float32]) -> float:
    """How far apart neighbouring rows are where much happens."""
    if len(features) < 2:
        return 0.0
    return float(np.percentile(np.linalg.norm(np.diff(features, axis=0), axis=1), _LONG))


def _first_alike(features: NDArray[np.float32], radius: float) -> NDArray[np.intp]:
    """(N,) for each row the first one that looks the same and stays, often itself."""
    own = np.arange(len(features))
    keeper = own.copy()
    for start in range(0, len(features), _BLOCK):
        near = distances(features[start : start + _BLOCK], features) <= radius
        for row, alike in enumerate(near, start):
            if keeper[row] == row:
                keeper[alike & (keeper == own) & (own > row)] = row
    return keeper
