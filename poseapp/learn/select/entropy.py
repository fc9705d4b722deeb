"""Heatmap entropy: the frames whose heatmaps are wide or have more than one peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.skeleton import titled
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Predicted, Selector, suggestions
from poseapp.learn.select.spread import best_apart
from poseapp.learn.select.words import stands_out


@dataclass(frozen=True, slots=True)
class Entropy(Selector):
    """The entropy of the whole map and that of its two peaks, averaged over the keypoints."""

    name = "entropy"
    about = "Frames in which the net sees a keypoint in several places, or nowhere clearly."
    needs_net = True

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        beliefs = pool.beliefs()
        doubt = (beliefs.entropy + two_peak_entropy(beliefs.second_ratio)) / 2
        worth = doubt.mean(axis=1)
        rows = best_apart(pool, worth, budget)
        worst = stands_out(doubt)
        reasons = [
            (_reason(pool.skeleton.names[worst[row]], beliefs, row, worst[row], doubt),)
            for row in rows
        ]
        return suggestions(pool, rows, worth[rows].tolist(), reasons, self.name)


def two_peak_entropy(second_ratio: NDArray[np.floating]) -> NDArray[np.floating]:
    """Bits that say which of two peaks is the right one: 0 when one has all, 1 when equal."""
    first = 1 / (1 + second_ratio)
    second = 1 - first
    return -(first * np.log2(first) + second * np.log2(np.maximum(second, 1e-12)))


_TWO_PLACES = 0.5
"""From this ratio on, the second peak is worth telling about."""


def _reason(
    name: str, beliefs: Predicted, row: int, keypoint: int, doubt: NDArray[np.floating]
) -> Reason:
    text = f"{titled(name)} unsure. "
    if beliefs.second_ratio[row, keypoint] >= _TWO_PLACES:
        apart = beliefs.second_px[row, keypoint]
        text += f"The net sees two places for it, {apart:.0f} px apart."
    else:
        text += "The net sees it nowhere clearly."
    return Reason("uncertainty", text, float(doubt[row, keypoint]), name)
