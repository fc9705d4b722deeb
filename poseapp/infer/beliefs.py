"""How sure a net is of what it sees in a frame: what selectors doubt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.infer.predict import digest
from poseapp.infer.shelf import Rows, Shelf
from poseapp.nets.heatmaps import peaks
from poseapp.nets.pipeline import Bodies

COLUMNS = ("points", "scores", "entropy", "second_ratio", "second_px")
"""Per frame and keypoint: (N, K, 2) picture pixels, then (N, K) confidence, spread of the heatmap
in 0..1, the second peak's share of the first, and the picture pixels between both."""


def beliefs_shelf(cache: Path | None, run_folder: Path) -> Shelf:
    """Where the beliefs of this run's net are kept."""
    return Shelf(cache / "beliefs" if cache else None, digest(run_folder))


def beliefs_of(frames: Sequence[int], found: Sequence[Bodies], stride: int) -> Rows:
    """One row a frame, about the body the net doubts most; where it sees none, it knows nothing.

    `stride` is that of the heatmaps, in pixels of the net's input.
    """
    rows = [
        _of_one(bodies, stride) if len(bodies.points) else _of_none(bodies.points.shape[1])
        for bodies in found
    ]
    columns = {
        name: np.stack([row[n] for row in rows]).astype(np.float32)
        for n, name in enumerate(COLUMNS)
    }
    return Rows(np.array(frames, np.int64), columns)


def _of_one(bodies: Bodies, stride: int) -> tuple[NDArray, ...]:
    worst = int(bodies.scores.mean(axis=1).argmin())
    shape = peaks(bodies.heatmaps[worst : worst + 1])
    return (
        bodies.points[worst],
        bodies.scores[worst],
        shape.entropy[0],
        shape.second_ratio[0],
        shape.second_distance[0] * stride / bodies.framings[worst].scale,
    )


def _of_none(keypoints: int) -> tuple[NDArray, ...]:
    nothing = np.zeros(keypoints)
    return np.full((keypoints, 2), np.nan), nothing, np.ones(keypoints), nothing, nothing
