"""FSA: the frame selection agent of REMOTE, asked which frames a person should label.

This goes beyond the paper. There the agent picks the unlabelled partner of a labelled frame for a
net to learn from, and nobody is asked anything. Here its value of the best such pair stands for how
much a frame has to teach, and the frame is put before a person instead. That a frame which is a
good partner is also a good one to label is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import SelectionError
from poseapp.domain.metrics import box_size, pixel_errors
from poseapp.domain.report import Report
from poseapp.domain.skeleton import spoken
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.remote.state import actions, clip_memory, history, remembered
from poseapp.learn.select.base import Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.probed import Aspect, filled
from poseapp.learn.select.spread import best_apart
from poseapp.learn.select.words import above, stands_out

if TYPE_CHECKING:
    from poseapp.learn.remote.trained import TrainedAgent

NOT_TRAINED = "The frame selection agent has not learnt yet. Train once with REMOTE."


@dataclass(frozen=True, slots=True, eq=False)
class FrameAgent(Selector):
    """Ranks frames by the highest Q over the labelled frames around them."""

    trained: TrainedAgent | None = None

    name = "fsa"
    about = "Frames whose motion since a label has most to teach, by what REMOTE's agent learnt."
    needs_net = True
    asks = frozenset({Aspect.PLACES, Aspect.POSE})
    fewest_labels = 1

    @classmethod
    def load(cls, folder: Path) -> FrameAgent:
        """With the agent of a run that was trained with the recipe remote.

        Raises:
            TrainingError: when the run has none.
        """
        from poseapp.learn.remote.trained import TrainedAgent

        return cls(TrainedAgent.load(folder))

    def not_yet(self, pool: Pool) -> str:
        if self.trained is None:
            return NOT_TRAINED
        if self.trained.keypoints != pool.skeleton.names:
            return "The skeleton was changed, so the frame selection agent has to learn again."
        if why := Selector.not_yet(self, pool):
            return why
        if not any(len(near) for near in _near(pool, self.trained.window)):
            return f"No frame stands within {self.trained.window} frames of a label."
        return ""

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        if self.trained is None:
            raise SelectionError(NOT_TRAINED)
        report.progress(0.0, "Comparing frames with the labels near them")
        values, anchors = best_pairs(pool, self.trained)
        judged = np.isfinite(values)
        if not judged.any():
            raise SelectionError(f"No frame stands within {self.trained.window} frames of a label.")
        rows = best_apart(pool.only(np.flatnonzero(judged)), values[judged], budget)
        ranked = [int(np.flatnonzero(judged)[row]) for row in rows]
        reasons = _reasons(pool, values, anchors, ranked)
        return suggestions(pool, ranked, falling_scores(len(ranked)), reasons, self.name)


def best_pairs(pool: Pool, trained: TrainedAgent) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """(N,) the highest Q of each candidate, NaN without a label near, and whose label gives it."""
    import torch

    from poseapp.learn.remote.agent import State

    values = np.full(len(pool), -np.inf)
    anchors = np.full(len(pool), -1)
    beliefs, poses = pool.beliefs(), pool.insides().labelled[Aspect.POSE]
    memories = {ref.video: _memory(pool, ref.video) for ref in pool.labelled}
    for anchor, near in enumerate(_near(pool, trained.window)):
        if not len(near):
            continue
        frames, first, length = memories[pool.labelled[anchor].video]
        place = pool.labelled[anchor].frame - first
        told = history(place, trained.window, length, {}, {})
        state = State(
            torch.from_numpy(np.concatenate([trained.performance, told])),
            torch.from_numpy(frames),
        )
        rows = actions(
            np.nan_to_num(beliefs.scores[near]),
            beliefs.points[near].astype(np.float64),
            poses[anchor],
        )
        found = trained.agent.values(state, torch.from_numpy(rows)).numpy()
        better = found > values[near]
        values[near[better]] = found[better]
        anchors[near[better]] = anchor
    return np.where(anchors >= 0, values, np.nan), anchors


def _near(pool: Pool, window: int) -> list[NDArray[np.intp]]:
    """For each labelled frame the rows of the candidates in its window."""
    video = np.array([ref.video for ref in pool.candidates])
    frame = np.array([ref.frame for ref in pool.candidates])
    return [
        np.flatnonzero((video == ref.video) & (np.abs(frame - ref.frame) <= window))
        for ref in pool.labelled
    ]


def _memory(pool: Pool, video: int) -> tuple[NDArray[np.float32], int, int]:
    """What V attends to of a video, its first known frame, and frames from there to the last."""
    probed = pool.insides()
    known = sorted(
        (ref.frame, part, row)
        for part, refs in enumerate((pool.candidates, pool.labelled))
        for row, ref in enumerate(refs)
        if ref.video == video
    )
    kept = [known[row] for row in remembered(len(known))]
    places = filled(
        np.stack([(probed.candidates, probed.labelled)[p][Aspect.PLACES][r] for _, p, r in kept])
    )
    first, last = known[0][0], known[-1][0]
    return clip_memory(places), first, last - first + 1


def _reasons(
    pool: Pool, values: NDArray[np.float64], anchors: NDArray[np.intp], rows: list[int]
) -> list[tuple[Reason, ...]]:
    beliefs, poses = pool.beliefs(), pool.insides().labelled[Aspect.POSE]
    judged = np.flatnonzero(anchors >= 0)
    better = dict(zip(judged.tolist(), above(values[judged]), strict=True))
    unsure = stands_out(1 - beliefs.scores)
    reasons = []
    for row in rows:
        anchor = int(anchors[row])
        label, keypoint = poses[anchor], pool.skeleton.names[int(unsure[row])]
        moved = pixel_errors(beliefs.points[row], label) / max(float(box_size(label)), 1.0)
        how_far = float(np.nanmean(moved)) if np.isfinite(moved).any() else 0.0
        text = (
            f"Motion of {how_far:.1f} body lengths from frame {pool.labelled[anchor].frame:,}, "
            f"the net unsure of the {spoken(keypoint)}."
        )
        reasons.append((Reason("motion", text, float(better[row]), keypoint),))
    return reasons
