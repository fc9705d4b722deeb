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


class OpenNet(TrainedNet, Protocol):
    """A net that can be looked into."""

    def probe(self, question: Question) -> Probed:
        """What its insides say: a row for each of `frames`, and one for each labelled frame."""
        ...


class Learner(Protocol):
    """Sees frames, and learns from the labels of any of them, a little at a time."""

    def features(self, refs: Sequence[FrameRef]) -> NDArray[np.float32]:
        """(N, D) what the frames look like, for selectors."""
        ...

    def update(
        self, net: TrainedNet | None, refs: Sequence[FrameRef], seed: int, steps: int
    ) -> Sequence[TrainedNet]:
        """Go on with a net, or begin one, for a few steps on these frames.

        Returns:
            The net as it was shortly before the end, and at last at the end; `net` is unchanged.
        """
        ...


class Estimator(Learner, Protocol):
    """A learner whose whole trainings are measured, always made in the same way."""

    def fit(self, refs: Sequence[FrameRef], seed: int) -> OpenNet:
        """A net trained on these frames alone, from first weights that `seed` determines."""
        ...

    def quick(self) -> Learner:
        """One that sees the same frames and learns them much faster, if less well."""
        ...
