"""Tracks: which body of one frame is which body of the next.

Each track remembers where it was last seen and how it moved. The bodies of a frame are given to
tracks by the Hungarian method on keypoint similarity (OKS with one width for all keypoints, and a
scale that grows with the time a track was out of sight). As that growth would let a ghost that was
seen once or twice take over from the one beside it that is followed all along, the similarity to a
track that was hardly seen counts less with time. A body of which a net took left for right is still
the same individual. A track that is not seen for a while is bridged, then ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

_SETTLED = 3
"""Frames on which a track was seen, from which on it is hardly a ghost."""
_MIRRORED = 0.5
"""How similar a mirrored body must be: people who pass each other are mirrored, too."""
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
        similar = np.array([self._similar(t, frame, ways) for t in live])
        similar = similar.reshape(len(live), len(ways), len(bodies))
        similarity = similar.max(axis=1)
        trust = np.array([t.trust(frame) for t in live]).reshape(-1, 1)
        pairs = linear_sum_assignment(similarity * trust, maximize=True)
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

    def _similar(
        self, track: _Track, frame: int, ways: Sequence[NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """(W, I) for bodies as they are and mirrored."""
        found = np.array([track.similarities(frame, way, self._config.width) for way in ways])
        found[1:][(found[1:] < _MIRRORED) | (frame > track.frame + 1)] = 0.0
        return found


class _Track:
    """One individual as it was last seen, and its velocity in pixels a frame."""

    def __init__(self, number: int, frame: int, body: NDArray[np.float64]) -> None:
        self.number = number
        self.frame = frame
        self._points = body.copy()
        self._velocity = np.zeros(2)
        self._size = _size(body)
        self._seen = 1

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
        self._seen += 1
        self.frame = frame

    def trust(self, frame: int) -> float:
        """In 0..1; the bell of the similarities widens by the square root of the time."""
        return (frame - self.frame) ** -0.25 if self._seen < _SETTLED else 1.0

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
