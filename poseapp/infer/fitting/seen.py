"""The keypoints that a body is laid over, as tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.errors import BodyError
from poseapp.infer.seen_person import SeenPerson
from poseapp.nets.body.body import Body
from poseapp.nets.body.naming import shared_keypoints

Floats = NDArray[np.floating]

FEWEST_KEYPOINTS = 4
"""In a frame, below which it is not looked at on its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Those keypoints of T frames that the body has too."""

    chosen: list[int]
    """(K,) which of the body's keypoints they are."""
    points: Tensor
    """(T, K, 2) pixels from the picture's middle; zero where absent."""
    weights: Tensor
    """(T, K) in 0..1; 0 where absent."""
    size_px: Tensor
    """(T,) how large the person is in the picture."""
    focal_px: float

    def of(self, frames: Tensor) -> Seen:
        """Some of the frames, or frames more than once."""
        return replace(
            self,
            points=self.points[frames],
            weights=self.weights[frames],
            size_px=self.size_px[frames],
        )

    @property
    def enough(self) -> NDArray[np.bool_]:
        """(T,) frames that can be looked at on their own."""
        return (self.weights > 0).sum(dim=1).numpy() >= FEWEST_KEYPOINTS


def seen_of(body: Body, person: SeenPerson) -> Seen:
    """The person's keypoints as the energy needs them.

    Raises:
        BodyError: when fewer than seven limb keypoints are the body's, or too few were seen.
    """
    own, chosen = shared_keypoints(person.names, body.keypoint_names)
    points, scores = person.points[:, own], person.scores[:, own]
    known = np.isfinite(points).all(axis=2) & (scores > 0)
    if not (known.sum(axis=1) >= FEWEST_KEYPOINTS).any():
        raise BodyError(
            "Too few keypoints of this person were seen to lay a body over them. Label at least "
            "one frame with most of its arms and legs, or predict the keypoints first."
        )
    middle = (np.array(person.size) - 1) / 2
    flat = np.where(known[..., None], points - middle, 0.0)
    return Seen(
        chosen,
        torch.from_numpy(flat).float(),
        torch.from_numpy(np.where(known, scores, 0.0)).float(),
        torch.from_numpy(_sizes(points, known)).float(),
        person.focal,
    )


def _sizes(points: Floats, known: NDArray[np.bool_]) -> Floats:
    """(T,) diagonals of the boxes round the keypoints, alike in frames that follow each other.

    A frame that shows few of them takes the median of the others, if that is larger.
    """
    enough = known.sum(axis=1) >= FEWEST_KEYPOINTS
    high = np.where(known[..., None], points, -np.inf).max(axis=1)
    low = np.where(known[..., None], points, np.inf).min(axis=1)
    own = np.where(enough, np.linalg.norm(np.where(enough[:, None], high - low, 0), axis=1), 0)
    return np.maximum(own, np.median(own[enough]))
