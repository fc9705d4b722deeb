"""Instances: one animal or person in one frame.

Image coordinates everywhere: pixels, x right, y down, (0, 0) the centre of the top-left pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poseapp.domain.ids import FrameRef, InstanceId, RunId, TrackId


class Visibility(IntEnum):
    """Whether a keypoint can be seen; the numbers are COCO's."""

    ABSENT = 0
    OCCLUDED = 1
    """Not seen, but a person said where it is."""
    VISIBLE = 2


class Origin(StrEnum):
    """Where an instance comes from."""

    PERSON = "person"
    ACCEPTED = "accepted"
    """A prediction that a person let stand as it was."""
    CORRECTED = "corrected"
    """A prediction that a person changed."""
    IMPORTED = "imported"
    PREDICTED = "predicted"


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One body in one frame: K keypoints with position and visibility.

    The arrays are read only. A keypoint has coordinates exactly where it is not absent.
    """

    frame: FrameRef
    points: NDArray[np.float64]
    """(K, 2) pixels, NaN where absent."""
    visibility: NDArray[np.uint8]
    """(K,) of `Visibility`."""
    id: InstanceId | None = None
    """The project's number; None before it is stored."""
    track: TrackId | None = None
    scores: NDArray[np.float32] | None = None
    """(K,) confidences in 0..1 of the net, kept when a prediction becomes a label."""
    score: float | None = None
    origin: Origin = Origin.PERSON
    run: RunId | None = None
    """The run that predicted it, or that the label was made from."""

    def __post_init__(self) -> None:
        points = _frozen(self.points, np.float64)
        visibility = _frozen(self.visibility, np.uint8)
        if points.ndim != 2 or points.shape[1] != 2 or visibility.shape != points.shape[:1]:
            raise ValueError(f"points {points.shape} and visibility {visibility.shape} disagree")
        if visibility.size and visibility.max() > Visibility.VISIBLE:
            raise ValueError("visibility holds a value that is no Visibility")
        present = visibility != Visibility.ABSENT
        if not np.isfinite(points[present]).all():
            raise ValueError("a keypoint that is not absent has no finite position")
        if np.isfinite(points[~present]).any():
            points = _frozen(np.where(present[:, None], points, np.nan), np.float64)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "visibility", visibility)
        if self.scores is not None:
            scores = _frozen(self.scores, np.float32)
            if scores.shape != visibility.shape:
                raise ValueError(f"scores {scores.shape} do not fit {visibility.shape} keypoints")
            object.__setattr__(self, "scores", scores)

    @property
    def present(self) -> NDArray[np.bool_]:
        """(K,) true where the keypoint has a position."""
        return self.visibility != Visibility.ABSENT

    def same_pose(self, other: Instance) -> bool:
        """Whether both stand in the same frame with equal positions and visibilities."""
        return (
            self.frame == other.frame
            and np.array_equal(self.visibility, other.visibility)
            and np.array_equal(self.points, other.points, equal_nan=True)
        )

    def box(self) -> tuple[float, float, float, float] | None:
        """(left, top, right, bottom) of the present keypoints, or None when all are absent."""
        if not self.present.any():
            return None
        corner, far = self.points[self.present].min(axis=0), self.points[self.present].max(axis=0)
        return float(corner[0]), float(corner[1]), float(far[0]), float(far[1])


def visibility_of(points: ArrayLike) -> NDArray[np.uint8]:
    """Visible where the position is finite, absent elsewhere: for sources that know no more."""
    finite = np.isfinite(np.asarray(points, dtype=np.float64)).all(axis=-1)
    return np.where(finite, Visibility.VISIBLE, Visibility.ABSENT).astype(np.uint8)


def _frozen(values: ArrayLike, dtype: type[np.generic]) -> NDArray:
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array
