"""Multi-peak entropy: the frames in which keypoints have several places of like height.

Liu and Ferrari, "Active learning for human pose estimation", 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.skeleton import spoken
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, suggestions
from poseapp.learn.select.probed import Aspect, filled
from poseapp.learn.select.spread import best_apart
from poseapp.learn.select.words import counted, stands_out


@dataclass(frozen=True, slots=True)
class MultiPeak(Selector):
    """The entropy of the softmax of the peaks' heights, added up over the keypoints."""

    name = "mpe"
    about = "Frames in which the net sees keypoints in several places at once."
    needs_net = True
    asks = frozenset({Aspect.PEAKS})

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        heights = pool.insides().candidates[Aspect.PEAKS]
        doubt = filled(peak_entropy(heights))
        worth = doubt.sum(axis=1)
        rows = best_apart(pool, worth, budget)
        worst = stands_out(doubt)
        reasons = [
            (_reason(pool.skeleton.names[worst[row]], heights[row], worst[row], doubt[row]),)
            for row in rows
        ]
        return suggestions(pool, rows, worth[rows].tolist(), reasons, self.name)


def peak_entropy(heights: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, K) nats that say which peak is the right one.

    Args:
        heights: (N, K, P) of the peaks, below 0 where there is none; NaN in gives NaN.
    """
    weight = np.where(heights < 0, 0.0, np.exp(np.asarray(heights, np.float64)))
    share = weight / weight.sum(axis=2, keepdims=True).clip(1e-300)
    return -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=2)


def _reason(
    name: str, heights: NDArray[np.floating], keypoint: int, doubt: NDArray[np.floating]
) -> Reason:
    places = int((heights[keypoint] >= 0).sum())
    value = float(doubt[keypoint] / np.log(heights.shape[1]))
    text = f"{spoken(name).capitalize()} unsure. The net sees {counted(places, 'place')} for it."
    return Reason("uncertainty", text, min(1.0, value), name)
