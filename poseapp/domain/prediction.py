"""PredictionSet: what one run predicted for one video, as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Instance, Origin, Visibility


@dataclass(frozen=True, slots=True, eq=False)
class PredictionSet:
    """N predicted instances, sorted by frame; several may share one."""

    video: VideoId
    run: RunId
    frames: NDArray[np.int64]
    """(N,)"""
    points: NDArray[np.float32]
    """(N, K, 2) pixels, NaN where the net found nothing."""
    scores: NDArray[np.float32]
    """(N, K) confidences in 0..1."""
    tracks: NDArray[np.int64]
    """(N,) number of the tracklet within this run and video, -1 where none was given."""

    def __post_init__(self) -> None:
        n = len(self.frames)
        if not (len(self.points) == len(self.scores) == len(self.tracks) == n):
            raise ValueError("the arrays of a PredictionSet differ in length")

    def __len__(self) -> int:
        return len(self.frames)

    def instance_scores(self) -> NDArray[np.float32]:
        """(N,) mean confidence over the keypoints that were found, 0 where none was."""
        found = np.isfinite(self.points).all(axis=2)
        total = np.where(found, self.scores, 0.0).sum(axis=1)
        return (total / np.maximum(found.sum(axis=1), 1)).astype(np.float32)

    def instances(self) -> Iterator[Instance]:
        """The same predictions one by one."""
        overall = self.instance_scores()
        for n, frame in enumerate(self.frames):
            yield predicted_instance(
                FrameRef(self.video, int(frame)),
                self.points[n],
                self.scores[n],
                float(overall[n]),
                self.run,
            )


def predicted_instance(
    frame: FrameRef,
    points: NDArray[np.float32],
    scores: NDArray[np.float32],
    score: float,
    run: RunId,
) -> Instance:
    """An immutable prediction as the canvas shows it; keypoints without position are absent."""
    found = np.isfinite(points).all(axis=1)
    visibility = np.where(found, Visibility.VISIBLE, Visibility.ABSENT).astype(np.uint8)
    return Instance(
        frame,
        points.astype(np.float64),
        visibility,
        scores=scores,
        score=score,
        origin=Origin.PREDICTED,
        run=run,
    )
