"""Tracks: which body of one frame is which body of the next.

Each track remembers where it was last seen and how it moved. The bodies of a frame are given to
tracks by the Hungarian method on keypoint similarity (OKS with one width for all keypoints, and a
scale that grows with the time a track was out of sight). As that growth alone would let a track
that was lost long ago, or a ghost seen once, take over from the one beside it that is followed all
along, a similarity counts the less the longer its track was out of sight. A body of which a net
took left for right is still the same individual. A track that is not seen for a while is bridged,
then ended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

_UNKNOWN_SIZE = 100.0
"""Pixels across a body of which a single point is known."""


@dataclass(frozen=True, slots=True)
class Config:
    """How tracks are followed."""

    width: float = 0.3
    """Of the similarity's bell, as a share of the body's size."""
    least_similarity: float = 0.05
    """Below this a body starts a track of its own."""
    bridge_frames: int = 25
    """How long a track may be out of sight."""


class Tracker:
    """Numbers the bodies of one video, frame after frame in ascending order."""

    def __init__(
        self, config: Config | None = None, mirrored: NDArray[np.intp] | None = None
    ) -> None:
        """`mirrored`: (K,) places of keypoints in a mirrored picture; None if they have none."""
        self._config = config or Config()
        self._mirrored = mirrored
        self._tracks: list[_Track] = []
        self._count = 0

    def follow(self, frame: int, bodies: NDArray[np.float64]) -> NDArray[np.int64]:
        """Track numbers of (I, K, 2) bodies in pixels, NaN where a keypoint was not found."""
        live = [t for t in self._tracks if frame - t.frame <= self._config.bridge_frames + 1]
        numbers = np.full(len(bodies), -1, np.int64)
        ways = [bodies] if self._mirrored is None else [bodies, bodies[:, self._mirrored]]
        similar = np.array(
            [[t.similarities(frame, way, self._config.width) for way in ways] for t in live]
        ).reshape(len(live), len(ways), len(bodies))
        similarity = similar.max(axis=1)
        # The bell has widened by the square root of the time; its square root told individuals
        # apart best where ghosts, crossings and gaps were planted.
        recent = np.array([(frame - t.frame) ** -0.25 for t in live]).reshape(-1, 1)
        pairs = linear_sum_assignment(similarity * recent, maximize=True)
        for row, column in zip(*pairs, strict=True):
            if similarity[row, column] >= self._config.least_similarity:
                way = ways[int(similar[row, :, column].argmax())]
                live[row].see(frame, bodies[column], as_before=way[column])
                numbers[column] = live[row].number
        for column in np.flatnonzero(numbers < 0):
            numbers[column] = self._count
            live.append(_Track(self._count, frame, bodies[column]))
            self._count += 1
        self._tracks = live
        return numbers


class _Track:
    """One individual as it was last seen, and its velocity in pixels a frame."""

    def __init__(self, number: int, frame: int, body: NDArray[np.float64]) -> None:
        self.number = number
        self.frame = frame
        self._points = body.copy()
        self._velocity = np.zeros(2)
        self._size = _size(body)

    def see(self, frame: int, body: NDArray[np.float64], as_before: NDArray[np.float64]) -> None:
        """The body, and the way round in which it is most as it was."""
        elapsed = frame - self.frame
        moved = as_before - self._points
        moved = moved[np.isfinite(moved).all(axis=1)]
        if len(moved):
            fresh = np.median(moved, axis=0) / elapsed
            self._velocity = 0.5 * self._velocity + 0.5 * fresh
        self._points = np.where(np.isfinite(body), body, self._expected(frame))
        self._size = 0.9 * self._size + 0.1 * _size(body)
        self.frame = frame

    def similarities(
        self, frame: int, bodies: NDArray[np.float64], width: float
    ) -> NDArray[np.float64]:
        """(I,) in 0..1: mean over shared keypoints of a bell of their distance."""
        expected = self._expected(frame)
        spread = width * max(self._size, 1.0) * np.sqrt(frame - self.frame)
        squared = ((bodies - expected) ** 2).sum(axis=2)
        shared = np.isfinite(squared)
        bell = np.where(shared, np.exp(-np.where(shared, squared, 0.0) / (2 * spread**2)), 0.0)
        return bell.sum(axis=1) / np.maximum(shared.sum(axis=1), 1)

    def _expected(self, frame: int) -> NDArray[np.float64]:
        return self._points + self._velocity * (frame - self.frame)


def _size(body: NDArray[np.float64]) -> float:
    """Pixels across the found keypoints."""
    found = body[np.isfinite(body).all(axis=1)]
    return float(np.linalg.norm(np.ptp(found, axis=0))) if len(found) > 1 else _UNKNOWN_SIZE
