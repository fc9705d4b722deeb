"""Pure steps from pose to pose, and which predictions a frame's labels stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.skeleton import Skeleton

Position = tuple[float, float]

_SAME_BODY = 0.6
"""Of a body's diagonal: how far apart on average the keypoints of one body may be."""
_FAR = 1e6
"""In diagonals: certainly another body, but still a number that can be assigned."""


def with_keypoint(
    instance: Instance, keypoint: int, position: Position, visibility: Visibility
) -> Instance:
    """The instance with one keypoint changed."""
    points, seen = instance.points.copy(), instance.visibility.copy()
    points[keypoint], seen[keypoint] = position, visibility
    return replace(instance, points=points, visibility=seen)


def once_placed(instance: Instance, keypoint: int) -> Visibility:
    """How a keypoint is seen after it was put somewhere: an absent one becomes visible."""
    return Visibility(instance.visibility[keypoint]) or Visibility.VISIBLE


def corrected(origin: Origin) -> Origin:
    """Where an instance comes from once a person has changed its pose."""
    return Origin.CORRECTED if origin is Origin.ACCEPTED else origin


def middle_of_neighbours(instance: Instance, keypoint: int, skeleton: Skeleton) -> Position | None:
    """Amid the keypoints joined to this one, or else amid all; None when all are absent."""
    joined = [b if a == keypoint else a for a, b in skeleton.bones if keypoint in (a, b)]
    present = np.flatnonzero(instance.present)
    around = np.intersect1d(joined, present) if np.isin(joined, present).any() else present
    if not around.size:
        return None
    x, y = instance.points[around].mean(axis=0).tolist()
    return x, y


def with_sides_swapped(instance: Instance, skeleton: Skeleton) -> Instance:
    """The instance with every left keypoint where its right one was, and the other way round."""
    order = skeleton.flip_permutation()
    return replace(
        instance,
        points=instance.points[order],
        visibility=instance.visibility[order],
        scores=None if instance.scores is None else instance.scores[order],
        origin=corrected(instance.origin),
    )


def circle(keypoints: int) -> NDArray[np.float64]:
    """(K, 2) keypoints in order round a circle of radius 1, clockwise from the top."""
    angles = np.linspace(0, 2 * np.pi, keypoints, endpoint=False)
    return np.stack([np.sin(angles), -np.cos(angles)], axis=1)


def average_pose(instances: Sequence[Instance]) -> NDArray[np.float64]:
    """(K, 2) mean pose around (0, 0), each one turned to the first; NaN where none has a point."""
    present = np.stack([instance.present for instance in instances])
    points = np.stack([np.nan_to_num(instance.points) for instance in instances])
    poses = points[..., 0] + 1j * points[..., 1]
    middles = poses.sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    poses = np.where(present, poses - middles[:, None], 0)
    turns = np.exp(1j * np.angle((poses.conj() * poses[0]).sum(axis=1)))
    seen = present.sum(axis=0)
    mean = (poses * turns[:, None]).sum(axis=0) / np.maximum(seen, 1)
    return np.where((seen > 0)[:, None], np.stack([mean.real, mean.imag], axis=1), np.nan)


def not_labelled(
    labels: Sequence[Instance], predictions: Sequence[Instance]
) -> tuple[Instance, ...]:
    """The predictions of a frame that no label stands for; one label stands for one at most."""
    if not labels or not predictions:
        return tuple(predictions)
    apart = _apart(labels, predictions)
    hidden = {column for row, column in _pairs(apart) if apart[row, column] <= _SAME_BODY}
    return tuple(p for n, p in enumerate(predictions) if n not in hidden)


def _apart(labels: Sequence[Instance], predictions: Sequence[Instance]) -> NDArray[np.float64]:
    """(labels, predictions) mean distance in diagonals of the larger body; 0 for its own label."""
    here, there = (np.stack([i.points for i in side]) for side in (labels, predictions))
    distance = np.linalg.norm(here[:, None] - there[None], axis=-1)
    common = np.isfinite(distance)
    mean = np.where(common, distance, 0).sum(axis=-1) / np.maximum(common.sum(axis=-1), 1)
    size = np.maximum.outer(*([_diagonal(i) for i in side] for side in (labels, predictions)))
    apart = np.where(common.any(axis=-1), mean / size, np.inf)
    for row, label in enumerate(labels):
        for column, prediction in enumerate(predictions):
            if _made_from(label, prediction):
                apart[row, column] = 0.0
    return np.minimum(apart, _FAR)


def _pairs(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Rows and columns of the cheapest assignment."""
    if 1 in cost.shape:
        row, column = np.unravel_index(cost.argmin(), cost.shape)
        return [(int(row), int(column))]
    from scipy.optimize import linear_sum_assignment  # loads slowly, and most frames need it not

    return list(zip(*linear_sum_assignment(cost), strict=True))


def _made_from(label: Instance, prediction: Instance) -> bool:
    return (
        label.run is not None
        and label.run == prediction.run
        and label.scores is not None
        and prediction.scores is not None
        and np.array_equal(label.scores, prediction.scores)
    )


def _diagonal(instance: Instance) -> float:
    box = instance.box()
    return max(np.hypot(box[2] - box[0], box[3] - box[1]), 1.0) if box else 1.0


def labelled_poses(
    labels: LabelSet, frame: FrameRef, skeleton: Skeleton
) -> list[NDArray[np.float64]]:
    """(K, 2) of each labelled body in a skeleton's keypoints; bodies without any are left out."""
    stored = {keypoint.uid: k for k, keypoint in enumerate(labels.skeleton.keypoints)}
    places = [stored.get(keypoint.uid, -1) for keypoint in skeleton.keypoints]
    bodies = []
    for instance in labels.at(frame):
        points = np.vstack([instance.points, [[np.nan, np.nan]]])[places]
        if np.isfinite(points).any():
            bodies.append(points)
    return bodies
