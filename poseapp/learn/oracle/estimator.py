"""What a trial asks of a pose estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef


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


class TrainedNet(Protocol):
    """A net that has learnt the labels of some frames."""

    def guess(self, refs: Sequence[FrameRef]) -> Guesses:
        """Where it sees the bodies of these frames."""
        ...


class Estimator(Protocol):
    """Learns from the labels of any frames it is given, always in the same way."""

    def features(self, refs: Sequence[FrameRef]) -> NDArray[np.float32]:
        """(N, D) what the frames look like, for selectors."""
        ...

    def fit(self, refs: Sequence[FrameRef], seed: int) -> TrainedNet:
        """A net trained on these frames alone, from first weights that `seed` determines."""
        ...

    def update(
        self, net: TrainedNet | None, refs: Sequence[FrameRef], seed: int, steps: int
    ) -> Sequence[TrainedNet]:
        """Go on with a net, or begin one, for a few steps on these frames.

        Returns:
            The net as it was shortly before the end, and at last at the end; `net` is unchanged.
        """
        ...

    def quick(self) -> Estimator:
        """One that sees the same frames and learns them much faster, if less well."""
        ...
