"""Supervised: pose nets learn from the labels alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from poseapp.domain.labels import LabelSet
from poseapp.domain.report import Report
from poseapp.learn.train.plan import FrameReader
from poseapp.learn.train.pose_training import EXPORT_S, READ, Config, PoseTraining, Trained


def train(
    labels: LabelSet,
    frames: FrameReader,
    config: Config,
    report: Report,
    out: Path,
    *,
    now: Callable[[], float] = time.monotonic,
) -> Trained:
    """Train, keep what was best on held-out frames, and write the run's folder.

    A folder that holds the checkpoint of a broken-off run is gone on with.

    Raises:
        TrainingError: when there is nothing to learn from, or the disk or the memory gives out.
        JobCancelled: when a person stopped it before the pose net's first step.
    """
    training = PoseTraining(labels, frames, config, report, out, now)
    minutes = config.minutes
    seconds = None if minutes is None else 60 * minutes - training.spent - EXPORT_S
    training.fit(seconds, config.steps, READ, 0.97)
    return training.finish("supervised")
