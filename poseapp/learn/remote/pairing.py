"""Minibatches: pairs of a clip's frames as the Motion Transformer is shown them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.ids import FrameRef
from poseapp.learn.batches import Teaching, pair_batches
from poseapp.learn.remote.clips import Clip
from poseapp.learn.remote.objective import Pairs

Rows = tuple[int, int, int]
"""Number of the clip, row of the labelled frame, row of the other one."""

_REACH = 3
"""Windows within which two labels of a clip are a pair."""


def minibatch(
    clips: Sequence[Clip],
    chosen: Sequence[Rows],
    teaching: Teaching,
    chance: np.random.Generator,
    device: torch.device,
) -> tuple[Pairs, Tensor]:
    """The pairs, changed at random, and the (B, K, h, w) bells of the other frames.

    Those bells are empty where the other frame is not labelled.
    """
    samples = [(clips[c].samples[a], clips[c].samples[b]) for c, a, b in chosen]
    first, second = pair_batches(samples, teaching, chance)
    labelled, other = (_pictures(batch.pictures, device) for batch in (first, second))
    truth, taught, bells = (
        torch.from_numpy(array).to(device)
        for array in (first.targets, first.weights, second.targets)
    )
    return Pairs(labelled, other, truth, taught), bells


def labelled_pairs(clips: Sequence[Clip], taught: Collection[FrameRef], window: int) -> list[Rows]:
    """Every two labels of a clip that one shot shows within three windows, the earlier first."""
    found = []
    for n, clip in enumerate(clips):
        anchors = clip.anchors(taught)
        found += [
            (n, a, b)
            for a in anchors
            for b in anchors
            if a < b
            and clip.shots[a] == clip.shots[b]
            and clip.frames[b] - clip.frames[a] <= _REACH * window
        ]
    return found


def _pictures(pictures: NDArray[np.uint8], device: torch.device) -> Tensor:
    """(B, 3, H, W) in -1..1."""
    planes = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2)
    return planes.float() / 127.5 - 1
