"""The estimator on frames that stand ready: what it finds, and how good that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.learn.augment import NONE
from poseapp.learn.batches import Sample, Teaching, plain_batch
from poseapp.nets.export import run_torch
from poseapp.nets.framing import Framing
from poseapp.nets.heads import STRIDE
from poseapp.nets.heatmaps import cell_to_pixel, decode
from poseapp.nets.pose_net import PoseNet

_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Of N frames."""

    points: NDArray[np.float64]
    """(N, K, 2) pixels of the picture."""
    scores: NDArray[np.float32]
    """(N, K) in 0..1."""
    heatmaps: NDArray[np.float32]
    """(N, K, h, w)"""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """N frames as an estimator is shown them."""

    pictures: NDArray[np.uint8]
    """(N, height, width, 3) BGR."""
    framings: tuple[Framing, ...]
    truth: NDArray[np.float64]
    """(N, K, 2) pixels of the picture, NaN where absent or unknown."""

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Shown:
        return cls(
            plain_batch(samples, Teaching(NONE, ())).pictures,
            tuple(sample.framing for sample in samples),
            np.stack([sample.points for sample in samples]),
        )


def estimate(net: PoseNet, shown: Shown) -> Estimates:
    """What the net finds; it is to be in evaluation mode."""
    chunks = range(0, len(shown.pictures), _AT_ONCE)
    maps = np.concatenate([run_torch(net, shown.pictures[n : n + _AT_ONCE]) for n in chunks])
    cells, scores = decode(maps, net.readout)
    pixels = cell_to_pixel(cells, STRIDE)
    points = [f.to_picture(found) for f, found in zip(shown.framings, pixels, strict=True)]
    return Estimates(np.stack(points), scores, maps)


def thinned(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most so many of them, evenly spread."""
    if len(samples) <= most:
        return list(samples)
    return [samples[n] for n in np.linspace(0, len(samples) - 1, most).round().astype(int)]
