"""Words that several selectors use for their reasons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.skeleton import titled
from poseapp.domain.suggestion import Reason


def counted(count: int, thing: str) -> str:
    """`1 frame`, `1,284 frames`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def stands_for(count: int, most: int) -> Reason:
    """`most` is how many the frame that stands for the most speaks for: the bar's full length."""
    if count == 1:
        return Reason("stands_for", "One of a kind. No other frame looks like it.", 1 / most)
    text = f"Stands for {counted(count, 'frame')}. Labelling it helps with all of them."
    return Reason("stands_for", text, count / most)


def stands_out(doubt: NDArray[np.floating]) -> NDArray[np.intp]:
    """(N,) the keypoint whose (N, K) doubt is the farthest above what is usual for it.

    Some keypoints are always doubtful; naming them in every reason would say nothing.
    """
    return (doubt - np.median(doubt, axis=0)).argmax(axis=1)


def unsure(names: Sequence[str], doubt: NDArray[np.floating], rows: Sequence[int]) -> list[Reason]:
    """For each of these rows of the (N, K) doubt the keypoint that `stands_out`."""
    worst = stands_out(doubt)
    return [_unsure_of(names[int(worst[row])], float(doubt[row, worst[row]])) for row in rows]


def _unsure_of(keypoint: str, doubt: float) -> Reason:
    text = f"{titled(keypoint)} unsure. The net gives it {1 - doubt:.2f}."
    return Reason("uncertainty", text, doubt, keypoint)


def above(worth: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N,) the share of the others that are worth less."""
    rank = np.searchsorted(np.sort(worth), worth, side="left")
    return rank / max(1, len(worth) - 1)


def than_most(share: float) -> str:
    """How a frame compares with the others: `than in 97 % of the frames`."""
    return "than in any other frame" if share == 1 else f"than in {share:.0%} of the frames"
