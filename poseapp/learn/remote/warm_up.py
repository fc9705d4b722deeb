"""Warm-up: the generator learns to move bodies between frames that a person labelled."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from poseapp.domain.report import Report
from poseapp.learn.remote.board import Board
from poseapp.learn.remote.pairing import labelled_pairs, minibatch
from poseapp.learn.remote.studio import Studio


def warm_up(
    studio: Studio,
    board: Board,
    report: Report,
    seconds: float | None = None,
    now: Callable[[], float] = time.monotonic,
) -> float:
    """The generator's mean error over the last tenth of the steps, of colours in -1..1.

    It ends early after `seconds`. NaN without two labels of one body near each other: then there is
    nothing to warm up on.

    Raises:
        TrainingError: when memory gives out.
        JobCancelled: when a person stopped it.
    """
    settings, clips = studio.settings, board.clips
    possible = labelled_pairs(clips, board.taught, settings.window)
    if not possible or not settings.transformer:
        return float("nan")
    errors: list[float] = []
    began = now()
    for step in range(settings.warm_up):
        if seconds is not None and errors and now() - began >= seconds:
            break
        report.progress(step / settings.warm_up, f"step {step}")
        chance = np.random.default_rng([board.seed, 3, step])
        drawn = [possible[n] for n in chance.integers(len(possible), size=settings.batch)]
        given = minibatch(clips, drawn, board.teaching, chance, studio.device)
        errors.append(studio.warm_up(*given))
        report.metrics(loss_pixel=errors[-1])
    return float(np.mean(errors[-max(1, len(errors) // 10) :]))
