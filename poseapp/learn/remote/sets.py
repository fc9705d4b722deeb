"""The three sets of labelled frames: to learn from, to tell the state by, and to reward with.

D_t, D_s and D_r of Ma and others, "REMOTE: reinforced motion transformation network for
semi-supervised 2D pose estimation in videos", 2022.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.batches import held_out
from poseapp.learn.remote.settings import FEWEST_TAUGHT, FOLDS, FOLDS_BELOW

_SHARE = 0.1
"""Of the labels in the state set, and in the reward set, where labels are many."""


@dataclass(frozen=True, slots=True)
class Sets:
    """Disjoint, each sorted."""

    taught: tuple[FrameRef, ...]
    """D_t: frames that are paired with unlabelled ones."""
    state: tuple[FrameRef, ...]
    """D_s: frames that tell how good the estimator is."""
    reward: tuple[FrameRef, ...]
    """D_r: frames that tell what a pick was worth."""


def games(labels: int) -> int:
    """How many different splits so many labels are played with."""
    return FOLDS if labels < FOLDS_BELOW else 1


def split(
    frames: Sequence[FrameRef], gap: Callable[[VideoId], int], seed: int, game: int = 0
) -> Sets:
    """Whole videos where there are enough, blocks of time otherwise.

    With fewer than 100 labels two of five blocks are held apart, others in every game.

    Raises:
        TrainingError: when the labels are too few for three sets.
    """
    if len(frames) < FEWEST_TAUGHT:
        raise TrainingError(
            f"Learning which unlabelled frames help needs {FEWEST_TAUGHT} labelled frames that "
            f"stand apart from the held-out ones, and there are {len(frames)}. Label more frames."
        )
    if games(len(frames)) > 1:
        blocks = np.array_split(np.arange(len(frames)), FOLDS)
        ordered = sorted(frames)
        reward, state = blocks[game % FOLDS], blocks[(game + 1) % FOLDS]
        apart = {*reward.tolist(), *state.tolist()}
        return Sets(
            tuple(ref for n, ref in enumerate(ordered) if n not in apart),
            tuple(ordered[n] for n in state),
            tuple(ordered[n] for n in reward),
        )
    rng = np.random.default_rng([seed, game])
    rest, rewarding = held_out(frames, _SHARE, gap, rng)
    taught, telling = held_out(rest, _SHARE * len(frames) / len(rest), gap, rng)
    return Sets(tuple(sorted(taught)), tuple(sorted(telling)), tuple(sorted(rewarding)))
