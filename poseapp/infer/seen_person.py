"""What is known of one person before a body is laid over them: keypoints through a video."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class SeenPerson:
    """The keypoints of one person in T frames."""

    names: Sequence[str]
    """(K,) the skeleton's keypoints."""
    frames: NDArray[np.int64]
    """(T,) ascending frame numbers."""
    points: Floats
    """(T, K, 2) pixels, NaN where absent."""
    scores: Floats
    """(T, K) in 0..1."""
    size: tuple[int, int]
    """Width and height of the pictures."""
    fps: float
    focal_px: float | None = None
    """Of the camera, where it is known."""

    def __post_init__(self) -> None:
        frames, keypoints = len(self.frames), len(self.names)
        if self.points.shape != (frames, keypoints, 2) or self.scores.shape != (frames, keypoints):
            raise ValueError("points and scores of a SeenPerson do not fit its frames and names")

    @property
    def focal(self) -> float:
        """Pixels; the picture's diagonal when the camera's is not known."""
        return self.focal_px or math.hypot(*self.size)

    def of(self, chosen: NDArray[np.int64]) -> SeenPerson:
        """Some of the frames, by place."""
        return replace(
            self,
            frames=self.frames[chosen],
            points=self.points[chosen],
            scores=self.scores[chosen],
        )

    def throughout(self) -> SeenPerson:
        """Every frame from the first to the last; nothing is seen in those that were not there."""
        at = self.frames - self.frames[0]
        frames = np.arange(self.frames[0], self.frames[-1] + 1)
        points = np.full((len(frames), *self.points.shape[1:]), np.nan)
        scores = np.zeros(points.shape[:2])
        points[at], scores[at] = self.points, self.scores
        return replace(self, frames=frames, points=points, scores=scores)
