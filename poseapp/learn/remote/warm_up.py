"""Warm-up: the generator learns to move bodies between frames that a person labelled."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from poseapp.domain.ids import FrameRef
from poseapp.domain.report import Report
from poseapp.learn.batches import Teaching
from poseapp.learn.remote.clips import Clip
from poseapp.learn.remote.pairing import labelled_pairs, minibatch
from poseapp.learn.remote.studio import Studio


def warm_up(
    studio: Studio,
    clips: Sequence[Clip],
    taught: Collection[FrameRef],
    teaching: Teaching,
    seed: int,
    report: Report,
) -> float:
    """The generator's mean error over the last tenth of the steps, of colours in -1..1.

    NaN without two labels of one body near each other: then there is nothing to warm up on.
    """
    settings = studio.settings
    possible = labelled_pairs(clips, taught, settings.window)
    if not possible or not settings.transformer:
        return float("nan")
    errors = []
    for step in range(settings.warm_up):
        report.progress(step / settings.warm_up, f"step {step}")
        chance = np.random.default_rng([seed, 3, step])
        drawn = [possible[n] for n in chance.integers(len(possible), size=settings.batch)]
        errors.append(studio.warm_up(*minibatch(clips, drawn, teaching, chance, studio.device)))
        report.metrics(step=step + 1, loss_pixel=errors[-1])
    return float(np.mean(errors[-max(1, len(errors) // 10) :]))
