"""What a trial asks of a pose estimator."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef
from poseapp.learn.select.probed import Aspect, Probed


@dataclass(frozen=True, slots=True, eq=False)
class Guesses:
    """What a net says of the M labelled bodies of some frames, frame by frame, in their order."""

    points: NDArray[np.float64]
    """(M, K, 2) pixels."""
    scores: NDArray[np.float32]
    """(M, K) in 0..1; with the next three as in `select.base.Predicted`."""
    entropy: NDArray[np.float32]
    second_ratio: NDArray[np.float32]
    second_px: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a selector asks of a net's insides, and of which frames."""

    aspects: Collection[Aspect]
    frames: Sequence[FrameRef]
    """Sorted."""
    previous: NDArray[np.intp]
    """(M,) for each of their bodies its number a moment before, -1 where that is unknown."""
    labelled: Sequence[FrameRef]
    poses: NDArray[np.float64]
    """(B, K, 2) pixels of the labelled frames' bodies, frame by frame; NaN where absent."""
    skill: float
    """As in `Probed`."""


class TrainedNet(Protocol):
    """A net that has learnt the labels of some frames."""

    def guess(self, refs: Sequence[FrameRef]) -> Guesses:
        """Where it sees the bodies of these frames."""
        ...

    def probe(self, question: Question) -> Probed:
        """What its insides say: a row for each of `frames`, and one for each labelled frame."""
        ...


class Estimator(Protocol):
    """Learns from the labels of any frames it is given, always in the same way."""

    def features(self, refs: Sequence[FrameRef]) -> NDArray[np.float32]:
        """(N, D) what the frames look like, for selectors."""
        ...

    def fit(self, refs: Sequence[FrameRef], seed: int) -> TrainedNet:
        """A net trained on these frames alone, from first weights that `seed` determines."""
        ...
