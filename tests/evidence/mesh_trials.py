"""The trials behind `tests.evidence.mesh_tables`: one net, one way to make people, one seed.

People are made of captured motion and put into human film clips, three quarters of the films to
learn from. What is measured on differs in all: motions of other styles, clothes of photographs,
hard light, a noisy camera, other films. Clips are made once, longer than any net looks at, and
serve all trials; a trial learns from windows of them.

Nets that are given keypoints begin as the shipped net of keypoints, which never saw the styles that
are measured either, and go on to learn keypoints of people without pictures beside the clips: what
tells the trials apart is then what pictures add. The others begin with nothing.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import torch

from poseapp.domain.report import Report
from poseapp.learn.motion_hmr.lessons import Lesson, as_detected
from poseapp.learn.motion_hmr.library import Library
from poseapp.learn.motion_hmr.objective import Weights
from poseapp.learn.motion_hmr.training import Course, clip_errors, picture_task
from poseapp.learn.synth.clothes import DRAWN_LOOK, OTHER_LOOK
from poseapp.learn.synth.composite import Backdrop
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.performance import Performance
from poseapp.learn.synth.retarget import body_at_rest
from poseapp.learn.synth.studio import Studio
from poseapp.learn.synth.troupe import Troupe
from poseapp.learn.train.loop import Loop, Options
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import CLIP, LIGHT, LIGHT_KEYPOINTS, Architecture
from poseapp.nets.motion_hmr.choice import FLOW_NET, KEYPOINTS_NET, NO_NET
from poseapp.nets.motion_hmr.clips import Clips
from poseapp.nets.motion_hmr.net import (
    CAMERA,
    SIX,
    Bodies,
    MotionHMR,
    Regressor,
    bodies_of_frames,
)
from poseapp.nets.motion_hmr.stored import net_called
from tests.evidence.places import ROOT
from tests.fixtures.jhmdb import read_jhmdb
from tests.fixtures.packs import data_folder

sys.path.append(str(ROOT / "packaging"))
from cmu_mocap import HELD_OUT, performances  # a script beside the project's others

POOL_FRAMES = 56
"""Of every clip that is made: the longest of table 3."""
POOL_SEED = 20
FULL: Backdrop = "occluded"
"""The paper's full way to make people."""
EXAM = "exam"
WEIGHTS = Weights(turns=1.0)
VARIANTS = {
    "rgb": replace(LIGHT, keypoints=False, picture="rgb"),
    "rgb_dann": replace(LIGHT, keypoints=False, picture="rgb"),
    "flow": replace(LIGHT, keypoints=False),
    "rgb_keypoints": replace(LIGHT, picture="rgb"),
    "keypoints": LIGHT_KEYPOINTS,
    "flow_keypoints": LIGHT,
}
USUAL = "usual_pose"
BEGUN, SHIPPED, OTHERS_FLOW, NO_FLOW = "begun_as", "shipped", "others_flow", "no_flow"
UNTAUGHT = {
    USUAL: NO_NET,
    BEGUN: KEYPOINTS_NET,
    SHIPPED: FLOW_NET,
    OTHERS_FLOW: FLOW_NET,
    NO_FLOW: FLOW_NET,
}
"""Nets that come with the app, for which nothing is trained: none, which is the same pose in every
frame; the one that those with keypoints begin as; and the one of flow and keypoints, shown the flow
of its clip, of another clip, and none."""
EXAMS = ("detected", "other", "own")
"""Other people with a detector's errors; the same with exact keypoints; people as learnt from."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is computed; part of a trial's name."""

    name: str = "cpu"
    clips: int = 400
    """Different ones that a net learns from."""
    exam: int = 64
    """Clips in each exam; half as many choose the step whose net is kept."""
    unlabelled: int = 48
    """Clips of other people that DANN sees without their truth."""
    steps: int = 2400
    frames_a_step: int = 8 * 31
    """As many for every length of clips."""
    rate: float = 3e-4
    """At 1e-3 even the net of keypoints stands still, or gets worse where it is begun as."""
    evaluations: int = 8
    begun: str = "0fb4f010"
    """First of the sha256 of the shipped net of keypoints: another one makes other tables."""


SIZES = {
    size.name: size
    for size in (
        Size(),
        Size("tiny", clips=2, exam=2, unlabelled=1, steps=2, frames_a_step=16, evaluations=1),
    )
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One row of the raw table."""

    variant: str
    """One of `VARIANTS`, or of `UNTAUGHT`."""
    backdrop: Backdrop
    frames: int
    """That the net looks at together."""
    seed: int
    size: str

    @property
    def name(self) -> str:
        return f"{self.size}-{self.variant}-{self.backdrop}-{self.frames}-seed{self.seed}"


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """The clips of every way to make people, kept in a folder."""

    folder: Path
    size: Size

    def library(self, pool: str) -> Library:
        """The clips of a backdrop's kind, or of the "exam": other people before other films."""
        labels, films = read_jhmdb(data_folder() / "jhmdb_human_video", stride=1000)
        names = sorted(set(films.values()))
        order = np.random.default_rng(POOL_SEED).permutation(len(names))
        held = {names[n] for n in order[: len(names) // 4]}
        other = pool == EXAM
        studio = Studio(
            [one for one in _performances() if (one.style in HELD_OUT) == other],
            [video for video in labels.videos if (films[video.id] in held) == other],
            POOL_FRAMES,
            POOL_SEED + other,
            kind=FULL if other else cast("Backdrop", pool),
            look=OTHER_LOOK if other else DRAWN_LOOK,
        )
        return Library(studio, LIGHT.side_px, self.folder / pool)

    def wanted(self, pool: str) -> range:
        """Numbers of the clips that trials take from a pool."""
        size = self.size
        if pool == EXAM:
            return range(size.exam + size.unlabelled)
        return range(size.clips + (size.exam + size.exam // 2) * (pool == FULL))

    def make(self, pool: str, numbers: Sequence[int]) -> None:
        """Have these clips in the folder."""
        library = self.library(pool)
        for number in numbers:
            library.take(number)

    def choosing(self, net: Architecture, frames: int) -> Lesson:
        """People as learnt from, but others."""
        first = self.size.clips
        numbers = range(first, first + self.size.exam // 2)
        lesson = self.library(FULL).lesson(numbers, net, 0, frames)
        return as_detected(lesson, DetectorErrors(), np.random.default_rng(POOL_SEED))

    def exam(self, name: str, net: Architecture, first: int, frames: int) -> Lesson:
        """A window of the clips of one of `EXAMS`."""
        size = self.size
        if name == "own":
            begin = size.clips + size.exam // 2
            return self.library(FULL).lesson(range(begin, begin + size.exam), net, first, frames)
        lesson = self.library(EXAM).lesson(range(size.exam), net, first, frames)
        if name == "other":
            return lesson
        return as_detected(lesson, DetectorErrors(), np.random.default_rng(first))

    def unlabelled(self, net: Architecture, frames: int) -> Callable[[int], Clips]:
        """Clips of other people by step, as many as are learnt from."""
        library, size = self.library(EXAM), self.size

        def clips(step: int) -> Clips:
            rng = np.random.default_rng([POOL_SEED, step])
            numbers = size.exam + rng.integers(size.unlabelled, size=batch(size, frames))
            first = int(rng.integers(POOL_FRAMES - frames, endpoint=True))
            return library.lesson(numbers.tolist(), net, first, frames).clips

        return clips


def batch(size: Size, frames: int) -> int:
    """Clips of a step."""
    return max(1, round(size.frames_a_step / frames))


def run(trial: Trial, work: Path, report: Report) -> dict[str, Any]:
    """One trial, or what is kept of it: millimetres by exam and clip, and how it learnt."""
    kept = work / f"{trial.name}.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    size = SIZES[trial.size]
    pools = Pools(work / "clips", size)
    began = time.process_time()
    if trial.variant in UNTAUGHT:
        net, history = net_called(UNTAUGHT[trial.variant]), []
    else:
        net, history = _taught(trial, pools, work, report)
    seconds = time.process_time() - began
    scores = {name: _by_clip(net, trial, name, pools) for name in EXAMS}
    result = asdict(trial) | {"mm": scores, "history": history, "seconds": round(seconds)}
    draft = kept.with_suffix(".part")
    draft.write_text(json.dumps(result), encoding="utf-8")
    draft.replace(kept)
    return result


def _taught(
    trial: Trial, pools: Pools, work: Path, report: Report
) -> tuple[MotionHMR, list[dict[str, float]]]:
    """The net at its best step, and what was measured on the way."""
    size, net = pools.size, architecture(trial)
    unlabelled = trial.variant == "rgb_dann"
    taught = [one for one in _performances() if one.style not in HELD_OUT]
    task = picture_task(
        net,
        Course(
            pools.library(trial.backdrop),
            size.clips,
            DetectorErrors(),
            real=pools.unlabelled(net, trial.frames) if unlabelled else None,
            troupe=Troupe(shipped_body(), taught, trial.frames, free=True)
            if net.keypoints
            else None,
        ),
        pools.choosing(net, trial.frames),
        replace(WEIGHTS, pairs=max(1, round(WEIGHTS.pairs * trial.frames / CLIP))),
        trial.seed,
    )
    if net.keypoints:
        _begin(task.net.net)
    options = Options(
        minutes=None, steps=size.steps, batch=batch(size, trial.frames), lr=size.rate,
        evaluations=size.evaluations, patience=size.evaluations, average=0.99,
    )  # fmt: skip
    saved = work / f"{trial.name}.safetensors"
    fitted = Loop(task, options, report, torch.device("cpu"), saved).run()
    saved.unlink(missing_ok=True)
    return fitted.net.net, fitted.history


def _begin(net: MotionHMR) -> None:
    """As the shipped net of keypoints."""
    known = net_called(KEYPOINTS_NET)
    assert known is not None
    if net.architecture == known.architecture:
        net.load_state_dict(known.state_dict())
    else:
        net.take_over(known)


def architecture(trial: Trial) -> Architecture:
    """Of the trial's net; no net is given what the net of keypoints is."""
    if trial.variant in UNTAUGHT:
        return LIGHT if UNTAUGHT[trial.variant] == FLOW_NET else LIGHT_KEYPOINTS
    return VARIANTS[trial.variant]


@torch.no_grad()
def _by_clip(net: MotionHMR | None, trial: Trial, exam: str, pools: Pools) -> list[float]:
    """Mean error of every clip, over the frames that are not totally occluded, each seen once.

    Windows of the trial's length follow each other; the last one ends with the clip. Clips that
    are occluded from end to end are left out.
    """
    errors = np.full((pools.size.exam, POOL_FRAMES), np.nan)
    last = POOL_FRAMES - trial.frames
    for first in (*range(0, last, trial.frames), last):
        lesson = pools.exam(exam, architecture(trial), first, trial.frames)
        shown = _shown(lesson.clips, trial.variant)
        bodies = _usual(lesson) if net is None else bodies_of_frames(net, shown)
        part = errors[:, first : first + trial.frames]
        part[:] = np.where(np.isnan(part), clip_errors(bodies, lesson), part)
    seen = errors[~np.isnan(errors).all(axis=1)]
    return np.nanmean(seen, axis=1).round(2).tolist()


def _shown(clips: Clips, variant: str) -> Clips:
    """What the net is given in place of the clips' own flow."""
    if variant == NO_FLOW:
        return replace(clips, pictures=None)
    if variant == OTHERS_FLOW and clips.pictures is not None:
        return replace(clips, pictures=clips.pictures.roll(1, 0))
    return clips


def _usual(lesson: Lesson) -> Bodies:
    """Where every net begins, in every frame."""
    usual = Regressor(1, 0.0).usual.expand(*lesson.points.shape[:2], -1)
    joints = lesson.rotations.shape[2]
    return Bodies(
        usual[..., :CAMERA],
        usual[..., CAMERA : CAMERA + SIX * joints].unflatten(-1, (joints, SIX)),
        usual[..., CAMERA + SIX * joints :],
    )


@lru_cache(maxsize=1)
def _performances() -> list[Performance]:
    return performances(data_folder() / "cmu_mocap", body_at_rest(shipped_body()))
