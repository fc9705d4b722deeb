"""Pool and Selector: what a selector is told, and what it must give back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef
from poseapp.domain.report import Report
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.probed import Aspect, Probed


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What the net in use says of N frames, K keypoints each.

    Where a frame shows several bodies, a number is that of the body in the greatest doubt.
    """

    points: NDArray[np.float32]
    """(N, K, 2) pixels, NaN where nothing was found."""
    scores: NDArray[np.float32]
    """(N, K) confidence, 0..1."""
    entropy: NDArray[np.float32]
    """(N, K) how widely the heatmap is spread, 0 (one cell) to 1 (even)."""
    second_ratio: NDArray[np.float32]
    """(N, K) height of the second peak over that of the first, 0..1."""
    second_px: NDArray[np.float32]
    """(N, K) distance between these two peaks."""
    jump_px: NDArray[np.float32]
    """(N, K) distance from where the frames before and after put it, NaN where they are unknown."""
    swapped: NDArray[np.bool_]
    """(N, P) true where a left/right pair fits its neighbours better with the sides exchanged."""

    def rows(self, wanted: NDArray[np.intp]) -> Predicted:
        """The same of some frames."""
        return Predicted(*(getattr(self, name)[wanted] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """A frozen snapshot: the frames that may be picked and all that a selector may know.

    A pick is a pure function of it, so an answer that comes late still holds.

    Raises:
        ValueError: when candidates repeat, are unsorted or labelled, or rows are missing.
    """

    skeleton: Skeleton
    candidates: tuple[FrameRef, ...]
    """Sorted, none of them labelled."""
    features: NDArray[np.float32]
    """(N, D), one row a candidate; near rows are frames that look alike."""
    stands_for: NDArray[np.int64]
    """(N,) how many frames of its video each candidate speaks for, itself included."""
    labelled: tuple[FrameRef, ...]
    labelled_features: NDArray[np.float32]
    """(L, D)"""
    seed: int
    predicted: Predicted | None = None
    """Rows as `candidates`; None before a net has been trained."""
    probed: Probed | None = None
    """What the selector asks of the net's insides; None where nobody can look into it."""
    labelled_predicted: Predicted | None = None
    """Rows as `labelled`: what the net says where a person has spoken already."""
    labelled_points: NDArray[np.float64] | None = None
    """(B, K, 2) pixels, NaN where absent: the labels of all bodies in the labelled frames."""

    def __post_init__(self) -> None:
        refs = self.candidates
        if any(a >= b for a, b in pairwise(refs)):
            raise ValueError("the candidates of a pool must be sorted and distinct")
        if not set(refs).isdisjoint(self.labelled):
            raise ValueError("a labelled frame is no candidate")
        if not len(refs) == len(self.features) == len(self.stands_for):
            raise ValueError("a pool needs one row of features for each candidate")
        if len(self.labelled) != len(self.labelled_features):
            raise ValueError("a pool needs one row of features for each labelled frame")

    def __len__(self) -> int:
        return len(self.candidates)

    def only(self, rows: NDArray[np.intp]) -> Pool:
        """The pool with these candidates alone, given by ascending row."""
        return replace(
            self,
            candidates=tuple(self.candidates[row] for row in rows),
            features=self.features[rows],
            stands_for=self.stands_for[rows],
            predicted=self.predicted.rows(rows) if self.predicted else None,
            probed=self.probed.rows(rows) if self.probed else None,
        )

    def beliefs(self) -> Predicted:
        """What the net in use says of the candidates.

        Raises:
            SelectionError: when no net has been trained.
        """
        if self.predicted is None:
            raise SelectionError(NEEDS_A_NET)
        return self.predicted

    def insides(self) -> Probed:
        """What the insides of the net in use say.

        Raises:
            SelectionError: when there is no net, or nobody can look into it.
        """
        if self.probed is None:
            raise SelectionError(NEEDS_A_NET if self.predicted is None else NEEDS_INSIDES)
        return self.probed


NEEDS_A_NET = "There are no predictions to be unsure about yet. Train a net first."
NEEDS_INSIDES = "The net in use was not trained here and cannot be looked into. Train a net first."


class Selector(Protocol):
    """Picks the frames that a person should label next."""

    name: ClassVar[str]
    """What commands and projects call it."""
    about: ClassVar[str]
    """One sentence for the person who chooses among selectors."""
    needs_net: ClassVar[bool] = False
    """Whether it looks at what a trained net says of the candidates."""
    asks: ClassVar[frozenset[Aspect]] = frozenset()
    """What it must know of the net's insides."""
    compares_labels: ClassVar[bool] = False
    """Whether it must know the labels, and what the net says of labelled frames."""
    fewest_labels: ClassVar[int] = 0
    """Labelled frames that it learns from at the least."""

    def not_yet(self, pool: Pool) -> str:
        """Why it cannot pick from this pool, as a sentence; empty when it can."""
        if self.needs_net and pool.predicted is None:
            return NEEDS_A_NET
        if self.asks and pool.probed is None:
            return NEEDS_INSIDES
        if len(pool.labelled) < self.fewest_labels:
            return f"It learns from labelled frames. Label {self.fewest_labels} or more."
        return ""

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        """`budget` different candidates, best first, or all of them when there are fewer."""
        ...


def suggestions(
    pool: Pool,
    rows: Sequence[int],
    scores: Sequence[float],
    reasons: Sequence[tuple[Reason, ...]],
    selector: str,
) -> list[Suggestion]:
    """What was picked, by row of the pool, as refs."""
    return [
        Suggestion(pool.candidates[row], float(score), why, selector)
        for row, score, why in zip(rows, scores, reasons, strict=True)
    ]


def falling_scores(count: int) -> list[float]:
    """Scores for picks whose order is all that is known of their worth: 1 down to above 0."""
    return [1 - n / count for n in range(count)]
