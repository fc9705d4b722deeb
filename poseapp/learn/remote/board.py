"""What a game is played with, how long, and what is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef
from poseapp.learn.batches import Sample, Teaching
from poseapp.learn.remote.clips import Clip


@dataclass(frozen=True, slots=True)
class Limit:
    """When a game ends; whichever comes first."""

    picks: int | None = None
    minutes: float | None = None

    def share(self, picks: int, seconds: float) -> float:
        """How much of it is used, 0..1."""
        shares = [picks / max(self.picks, 1)] if self.picks is not None else []
        if self.minutes is not None:
            shares.append(seconds / (60 * self.minutes))
        if not shares:
            raise TrainingError("A training needs a number of minutes or of picks.")
        return min(1.0, max(shares))


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """What a game is played with."""

    clips: Sequence[Clip]
    taught: frozenset[FrameRef]
    """D_t"""
    state: Sequence[Sample]
    """D_s"""
    reward: Sequence[Sample]
    """D_r; empty when nothing is rewarded: then the agent plays what it knows and learns nothing.
    """
    teaching: Teaching
    seed: int

    def digest(self) -> str:
        """Says whether two games are played with the same frames and labels."""
        told = sha256(repr((sorted(self.taught), self.seed)).encode())
        for clip in self.clips:
            for part in (clip.frames, clip.labelled, clip.shots):
                told.update(part.tobytes())
            told.update(np.stack([sample.points for sample in clip.samples]).tobytes())
        return told.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What a game tells that a person follows: the last stretch of a training."""

    first_step: int
    """Steps that the estimator has learnt before."""
    held: Sequence[Sample]
    """Held-out frames, measured up to twenty times; none where there are none."""
