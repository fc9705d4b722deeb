"""Frames as vectors: near ones look alike. What selectors spread their picks over.

Where ImageNet weights are installed, a frame is described by what they see in it; otherwise by a
tiny grey copy and the directions of its edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef
from poseapp.domain.report import Report
from poseapp.domain.video import Video
from poseapp.infer.reading import FrameReader, Picture, wanted_of
from poseapp.infer.shelf import Rows, Shelf, fill, gathered
from poseapp.infer.trunk import Trunk


class Descriptor(Protocol):
    """Turns pictures into vectors."""

    @property
    def name(self) -> str:
        """Equal names give equal vectors; part of a file's name."""
        ...

    def __call__(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """(N, D) of N BGR pictures of any size."""
        ...


class SmallCopies:
    """A 16 × 16 grey copy beside 4 × 4 histograms of 8 edge directions: 384 numbers."""

    name = "small-copies"

    def __call__(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        return np.stack([self._of_one(picture) for picture in pictures])

    def _of_one(self, picture: Picture) -> NDArray[np.float32]:
        grey = cv2.cvtColor(
            cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY
        ).astype(np.float32)
        copy = cv2.resize(grey, (16, 16), interpolation=cv2.INTER_AREA).ravel() / 255 - 0.5
        return np.concatenate([copy, _edge_directions(grey).ravel()]).astype(np.float32)


def _edge_directions(grey: NDArray[np.float32], cells: int = 4, bins: int = 8) -> NDArray:
    """(cells², bins), each row of length one at most: how much of an edge runs which way."""
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(across, down)
    direction = (np.asarray(angle) * bins / (2 * np.pi)).astype(int) % bins
    side = len(grey) // cells
    row = np.arange(len(grey)) // side
    place = (row[:, None] * cells + row) * bins + direction
    sums = np.bincount(place.ravel(), np.asarray(strength).ravel(), minlength=cells**2 * bins)
    histograms = sums.reshape(cells**2, bins)
    return histograms / (np.linalg.norm(histograms, axis=1, keepdims=True) + 255)


def best_descriptor(store: Path, *, device: str = "auto", threads: int | None = None) -> Descriptor:
    """ImageNet's eyes where the weights are installed, small copies elsewhere.

    `store` is the folder where the trunk is kept once it was made ready.
    """
    return Trunk.ready(store, device=device, threads=threads) or SmallCopies()


def features(
    refs: Sequence[FrameRef],
    videos: Sequence[Video],
    frames: FrameReader,
    report: Report,
    describe: Descriptor,
    cache: Path | None = None,
) -> NDArray[np.float32]:
    """(N, D), a row for each ref; a frame that cannot be read has a row of NaN.

    What was described before comes from the cache folder, where there is one.
    """

    def rows_of(numbers: list[int], pictures: list[Picture]) -> Rows:
        return Rows(np.array(numbers, np.int64), {"features": describe(pictures)})

    shelf = Shelf(cache / "features" if cache else None, describe.name)
    rows = fill(shelf, wanted_of(refs, videos), frames, rows_of, report)
    return gathered(refs, rows).get("features", np.full((len(refs), 1), np.nan, np.float32))
