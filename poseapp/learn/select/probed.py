"""What the insides of a net say of frames: the aspects that a selector may ask for.

A selector names its aspects in `asks`; whoever gathers the pool has them probed (`probe.py`), once
a round. A frame that shows several bodies is told by the one in the greatest doubt; one in which no
body was found has a row of NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Aspect(StrEnum):
    """One thing to ask; N frames, K keypoints, C channels of what the last layer reads."""

    EMBEDDING = "embedding"
    """(N, C) mean over the cells of what the last layer reads."""
    LEVELS = "levels"
    """(N, 4, D) mean of each of the trunk's four maps, padded with zeros to the widest."""
    SHARED = "shared"
    """(N, C, 8, 8) what the last layer reads, coarsely."""
    PEAKS = "peaks"
    """(N, K, 5) heights of the highest local peaks, a sure bell's being 1; -1 for no peak."""
    SPREAD = "spread"
    """(N, K, 2, 2) x and y in cells from the body's middle: mean and deviation over dropout."""
    GRADIENT = "gradient"
    """(N, K · C) of the loss by the last layer's weights, as if the net were right."""
    CONTINUITY = "continuity"
    """(N,) how much the heatmaps change to the frames before and after; NaN where both lack."""
    EXPECTED_GRADIENT = "expected_gradient"
    """(N, L) squared length of the gradient as if the frame had a labelled one's heatmaps.

    NaN but for the labelled frames that are nearest in embedding.
    """
    HEATMAPS = "heatmaps"
    """(N, K, h, w) probabilities of a place."""
    PLACES = "places"
    """(N, K, 8, 8) heatmaps added up in coarse cells: where each keypoint may be."""
    LOSS = "loss"
    """(N,) what the net has left to learn of a labelled frame."""
    POSE = "pose"
    """(N, K, 2) picture pixels of a labelled body, NaN where absent."""


OF_LABELS = frozenset({Aspect.LOSS, Aspect.POSE})
"""Aspects that need the truth: labelled frames alone have them."""
OF_CANDIDATES = frozenset(
    {Aspect.PEAKS, Aspect.GRADIENT, Aspect.CONTINUITY, Aspect.EXPECTED_GRADIENT}
)
"""Aspects that no selector wants of labelled frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """What a net's insides say of the frames of a pool."""

    candidates: Mapping[Aspect, NDArray]
    """Rows as the candidates."""
    labelled: Mapping[Aspect, NDArray]
    """Rows as the labelled frames."""
    skill: float = 0.0
    """Mean OKS on labelled frames that the net has not learnt; 0 where that is unknown."""

    def rows(self, wanted: NDArray[np.intp]) -> Probed:
        """The same of some candidates."""
        some = {aspect: values[wanted] for aspect, values in self.candidates.items()}
        return Probed(some, self.labelled, self.skill)


def filled(values: NDArray, usual: NDArray | None = None) -> NDArray[np.floating]:
    """The rows, with what is usual where a number is missing: nothing stands out by absence.

    `usual` are the rows whose mean that is, by default these.
    """
    values = values.astype(np.result_type(values.dtype, np.float32), copy=False)
    missing = ~np.isfinite(values)
    if not missing.any():
        return values
    known = values if usual is None else usual
    finite = np.isfinite(known)
    total = np.where(finite, known, 0).sum(axis=0, dtype=np.float64)
    mean = total / finite.sum(axis=0).clip(1)
    return np.where(missing, mean, values).astype(values.dtype)
