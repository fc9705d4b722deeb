"""The trials behind `tests.evidence.mesh_tables`: one net, one way to make people, one seed.

People are made of captured motion and put into human film clips, three quarters of the films to
learn from. What is measured on differs in all: motions of other styles, clothes of photographs,
hard light, a noisy camera, other films. Clips are made once, longer than any net looks at, and
serve all trials; a trial learns from windows of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poseapp.domain.report import Report
from poseapp.learn.motion_hmr.lessons import Lesson
from poseapp.learn.motion_hmr.library import Library
from poseapp.learn.motion_hmr.objective import Weights
from poseapp.learn.motion_hmr.training import Pupil, clip_errors, picture_task
from poseapp.learn.synth.clothes import DRAWN_LOOK, OTHER_LOOK
from poseapp.learn.synth.composite import Backdrop
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.performance import Performance
from poseapp.learn.synth.retarget import body_at_rest
from poseapp.learn.synth.studio import Studio
from poseapp.learn.train.loop import Loop, Options
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import SMALL, Architecture
from poseapp.nets.motion_hmr.clips import Clips
from poseapp.nets.motion_hmr.net import Bodies, MotionHMR, Regressor, bodies_of_frames
from tests.evidence.places import ROOT
from tests.fixtures.jhmdb import read_jhmdb
from tests.fixtures.packs import data_folder

sys.path.append(str(ROOT / "packaging"))
from cmu_mocap import HELD_OUT, performances  # noqa: E402 - a script beside the project's others

POOL_FRAMES = 56
"""Of every clip that is made: the longest of table 3."""
POOL_SEED = 20
VARIANTS = {
    "rgb": replace(SMALL, keypoints=False, picture="rgb"),
    "rgb_dann": replace(SMALL, keypoints=False, picture="rgb"),
    "flow": replace(SMALL, keypoints=False),
    "rgb_keypoints": replace(SMALL, picture="rgb"),
    "keypoints": replace(SMALL, picture=""),
    "flow_keypoints": SMALL,
}
USUAL = "usual_pose"
"""No net: the same pose in every frame."""
EXAMS = ("other", "detected", "own")
"""Other people with exact keypoints; the same with a detector's errors; people as learnt from."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is computed; part of a trial's name."""

    name: str = "cpu"
    clips: int = 320
    """Different ones that a net learns from, of `POOL_FRAMES`."""
    exam: int = 48
    unlabelled: int = 96
    """Clips of other people that DANN sees without their truth."""
    steps: int = 3000
    frames_a_step: int = 8 * 31
    rate: float = 1e-3
    evaluations: int = 8
    shrink: int = 1
    """What the net's units are divided by."""


SIZES = {
    size.name: size
    for size in (
        Size(),
        Size("tiny", 2, 1, 1, steps=2, frames_a_step=16, evaluations=1, shrink=16),
    )
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One row of the raw table."""

    variant: str
    """One of `VARIANTS`, or `USUAL`."""
    backdrop: Backdrop
    frames: int
    """That the net looks at together."""
    seed: int
    size: str

    @property
    def name(self) -> str:
        return f"{self.size}-{self.variant}-{self.backdrop}-{self.frames}-seed{self.seed}"


@lru_cache(maxsize=1)
def _performances() -> list[Performance]:
    return performances(data_folder() / "cmu_mocap", body_at_rest(shipped_body()))


def library(pool: str, folder: Path) -> Library:
    """The clips of one pool: one of the ways to make people, or the "exam"'s people."""
    labels, films = read_jhmdb(data_folder() / "jhmdb_human_video", stride=1000)
    names = sorted(set(films.values()))
    order = np.random.default_rng(POOL_SEED).permutation(len(names))
    held = {names[n] for n in order[: len(names) // 4]}
    other = pool == "exam"
    studio = Studio(
        [one for one in _performances() if (one.style in HELD_OUT) == other],
        [video for video in labels.videos if (films[video.id] in held) == other],
        POOL_FRAMES,
        POOL_SEED + other,
        kind="occluded" if other else pool,  # type: ignore[arg-type]
        look=OTHER_LOOK if other else DRAWN_LOOK,
    )
    return Library(studio, SMALL.side_px, folder / pool)
