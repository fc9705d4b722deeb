"""Temporal jump: the frames whose predictions do not fit those before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.report import Report
from poseapp.domain.skeleton import spoken, titled
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.select.base import Pool, Selector, suggestions
from poseapp.learn.select.motion import body_size
from poseapp.learn.select.spread import best_apart
from poseapp.learn.select.words import stands_out


@dataclass(frozen=True, slots=True)
class TemporalJump(Selector):
    """How far keypoints leap, as a share of the body's size, averaged over the keypoints."""

    name = "temporal_jump"
    about = "Frames in which predicted keypoints jump away from where they were just before."
    needs_net = True

    def not_yet(self, pool: Pool) -> str:
        if pool.predicted is None or not np.isnan(pool.predicted.jump_px).all():
            return Selector.not_yet(self, pool)
        return "No neighbouring frames of a film have predictions, so no jump can be seen."

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        beliefs = pool.beliefs()
        jump_px = np.nan_to_num(beliefs.jump_px)
        leap = (jump_px / body_size(beliefs.points)).clip(0, 1)
        worth = leap.mean(axis=1)
        rows = best_apart(pool, worth, budget)
        worst = stands_out(leap)
        reasons = []
        for row in rows:
            keypoint = int(worst[row])
            jump = _jump(pool.skeleton.names[keypoint], jump_px[row, keypoint], leap[row, keypoint])
            reasons.append((*_swaps(pool, row), jump))
        return suggestions(pool, rows, worth[rows].tolist(), reasons, self.name)


def _jump(name: str, px: float, leap: float) -> Reason:
    text = f"{titled(name)} jumps {px:.0f} px away from the frames before and after."
    return Reason("jump", text, float(leap), name)


def _swaps(pool: Pool, row: int) -> tuple[Reason, ...]:
    swapped: NDArray[np.intp] = np.flatnonzero(pool.beliefs().swapped[row])
    if not len(swapped):
        return ()
    left, right = (spoken(pool.skeleton.names[k]) for k in pool.skeleton.pairs[swapped[0]])
    frame = pool.candidates[row].frame
    text = f"Left and right may be swapped. {left.capitalize()} and {right} change places"
    return (Reason("swap", f"{text} at frame {frame:,}.", len(swapped) / len(pool.skeleton.pairs)),)
