"""How far guesses are from the truth, in the numbers that curves are drawn of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.metrics import box_size, pck, pixel_errors, torso_size
from poseapp.domain.skeleton import Side, Skeleton


@dataclass(frozen=True, slots=True)
class Scores:
    """Over all labelled keypoints of the held-out frames."""

    error_px: float
    """Mean distance in pixels of the picture: the mistakes that a person must mend count fully."""
    error_median_px: float
    error_p95_px: float
    pck: float
    """Share within a fifth of the body's box, for each keypoint, averaged over the keypoints.

    0 where no body has two keypoints, and with them a size.
    """
    pck_torso: float | None
    """The same with a fifth of the torso; None for skeletons without shoulders and hips."""


def score(guessed: NDArray[np.float64], truth: NDArray[np.float64], skeleton: Skeleton) -> Scores:
    """Both (M, K, 2) pixels; NaN in `truth` where a keypoint is not labelled."""
    errors = pixel_errors(guessed, truth)
    errors = errors[np.isfinite(errors)]
    torso = torso_of(skeleton)
    return Scores(
        float(errors.mean()),
        float(np.median(errors)),
        float(np.percentile(errors, 95)),
        _mean(pck(guessed, truth, box_size(truth))),
        _mean(pck(guessed, truth, torso_size(truth, *torso))) if torso else None,
    )


def _mean(of_keypoints: NDArray[np.float64]) -> float:
    known = of_keypoints[np.isfinite(of_keypoints)]
    return float(known.mean()) if len(known) else 0.0


def torso_of(skeleton: Skeleton) -> tuple[int, int] | None:
    """The left shoulder and the right hip, where the skeleton names them."""

    def find(side: Side, joint: str) -> int | None:
        for k, name in enumerate(skeleton.names):
            if joint in name.lower() and skeleton.side(k) is side:
                return k
        return None

    shoulder, hip = find(Side.LEFT, "shoulder"), find(Side.RIGHT, "hip")
    return None if shoulder is None or hip is None else (shoulder, hip)
