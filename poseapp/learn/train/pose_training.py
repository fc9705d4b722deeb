"""Pose training: from labels to a run's folder, in the steps that recipes share.

Whole frames where one animal fills them; otherwise a centroid net finds the bodies in the frame and
the pose net looks at a crop around each. Both are trained in one run and ship together.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport, Report, SilentReport
from poseapp.domain.video import VideoKind
from poseapp.learn.augment import Augmentation, turning
from poseapp.learn.batches import Batch, Sample, Teaching, held_out, resized
from poseapp.learn.train import device as devices
from poseapp.learn.train.loop import Fitted, Loop, Options, Task
from poseapp.learn.train.outcome import judge, write
from poseapp.learn.train.plan import FrameReader, Plan, make_plan, make_samples
from poseapp.learn.train.pose_task import measure, pose_task
from poseapp.nets import weights
from poseapp.nets.card import Card, NetFile
from poseapp.nets.heads import STRIDE
from poseapp.nets.heatmaps import Readout
from poseapp.nets.pose_net import PoseNet, build


@dataclass(frozen=True, slots=True)
class Config:
    """What a person may choose; the defaults were chosen by error per minute."""

    net: str = "efficientnet-lite0"
    long_side: int = 256
    """Of a whole frame's input, in pixels."""
    crop_side: int = 160
    """Of a crop's input, in pixels."""
    centroid_side: int = 160
    """Of the input of the net that finds bodies."""
    minutes: float | None = 5.0
    steps: int | None = None
    batch: int = 8
    seed: int = 0
    device: str = "auto"
    threads: int | None = None
    """Of torch on a CPU; None leaves torch's choice."""
    start_from: Path | None = None
    """A run's folder to go on from, or a weight file of the backbone."""
    pretrained: bool = True
    """Whether ImageNet weights are used where they are installed."""
    held_out: float = 0.1
    """Share of the labelled frames that is only measured on."""
    absent_is_empty: bool = False
    """Teach that absent keypoints are nowhere, instead of nothing about them."""
    augmentation: Augmentation = field(default_factory=Augmentation)


LR = 4e-3
"""The head's highest learning rate; half of it once the pictures have their full size."""
CENTROID = 0.2
"""Share of the budget for the net that finds bodies."""
GLANCE = 0.4
"""Share of the pose net's budget that goes to smaller pictures: most is learnt there, faster."""
EXPORT_S = 12.0
"""Kept back from the minutes for measuring and writing."""
READ = 0.02
"""Share of the progress that reading frames takes."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training leaves behind."""

    folder: Path
    """weights.safetensors, net.onnx, card.json; centroid.* where bodies are looked for."""
    metrics: dict[str, Any]
    history: list[dict[str, Any]]
    stopped: bool


@dataclass(frozen=True, slots=True)
class _Stage:
    """One stretch of training; a net may have several, on pictures of growing size."""

    name: str
    role: str
    """`centroid` or `pose`: which net, and which samples."""
    net: PoseNet
    origin: str
    """Of its first weights, in words."""
    canvas: tuple[int, int]
    teaching: Teaching
    share: float
    """Of what is left of the budget."""
    lr: float


class PoseTraining:
    """One run: its plan, its frames to learn from and to measure on, its nets as they get better.

    Raises:
        TrainingError: when there is nothing to learn from.
    """

    def __init__(
        self,
        labels: LabelSet,
        frames: FrameReader,
        config: Config,
        report: Report,
        out: Path,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        if not any(instance.present.any() for instance in labels.instances):
            raise TrainingError("There is nothing to train on yet. Label a few frames first.")
        began = now()
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.device = devices.choose(config.device)
        out.mkdir(parents=True, exist_ok=True)
        self.labels, self.frames, self.config, self.out = labels, frames, config, out
        self._report, self._now = report, now
        self.plan = make_plan(labels, config.long_side, config.crop_side, config.centroid_side)
        self.taught, self.measured = _split(labels, config)
        if not self.measured:
            report.note("Too few frames stand apart to hold some out, so no error can be measured.")
        most = (1 - config.held_out) * READ
        self.learn = self.samples(self.taught, PartOfReport(report, 0.0, most, "reading frames"))
        self.held = self.samples(self.measured, PartOfReport(report, most, READ, "reading frames"))
        self._stages = _stages(self.plan, labels, config)
        self._fits: dict[str, Fitted[PoseNet]] = {}
        self._spent = now() - began

    @property
    def spent(self) -> float:
        """Seconds of the budget that are gone, those before a resume with them."""
        return self._spent

    @property
    def steps(self) -> int:
        """Those of the pose net on pictures of full size."""
        return self._fits[self._stages[-1].name].steps

    @property
    def teaching(self) -> Teaching:
        """How the pose net's samples become batches."""
        return self._stages[-1].teaching

    @property
    def pose(self) -> PoseNet:
        """The pose net as it is now."""
        return self._stages[-1].net

    def samples(self, refs: Sequence[FrameRef], report: Report) -> dict[str, list[Sample]]:
        """What the nets learn from these labelled frames."""
        return make_samples(self.labels.only(refs), self.frames, self.plan, report)

    def fit(self, seconds: float | None, steps: int | None, first: float, last: float) -> bool:
        """Train all nets on the labels, within these limits; whether a person stopped it.

        `first` and `last` are where the report's progress begins and ends.

        Raises:
            JobCancelled: when it was stopped before the pose net's first step.
        """
        until, done, before = self._spent + (seconds or 0.0), first, self._steps()
        for stage in self._stages:
            fit = Loop(
                self._task(stage),
                _options(
                    stage,
                    self.config,
                    None if seconds is None else until - self._spent,
                    None if steps is None else steps - (self._steps() - before),
                ),
                PartOfReport(
                    self._report, done, done + (last - done) * stage.share, f"{stage.name} net"
                ),
                self.device,
                self.out / f"{stage.name}.checkpoint.safetensors",
                self._now,
            ).run()
            stage.net.load_state_dict(fit.net.state_dict())
            self._fits[stage.name] = fit
            self._spent += fit.seconds
            done += (last - done) * stage.share
            if fit.stopped:
                break
        if not any(stage.role == "pose" and stage.name in self._fits for stage in self._stages):
            raise JobCancelled
        return any(fit.stopped for fit in self._fits.values())

    def fresh(
        self,
        refs: Collection[FrameRef],
        name: str,
        seconds: float | None,
        steps: int | None,
        report: Report,
    ) -> PoseNet:
        """Another pose net, which has seen no labels of this project and is taught these alone.

        Raises:
            JobCancelled: when a person stopped it.
        """
        config = replace(self.config, start_from=None)
        stage = replace(
            self._stages[-1],
            net=_net(config, len(self.labels.skeleton), "softmax")[0],
            share=1.0,
            lr=LR,
        )
        learn = self.samples(sorted(refs), SilentReport())[stage.role]
        fit = Loop(
            pose_task(stage.net, learn, [], stage.teaching, self.config.seed),
            _options(stage, self.config, seconds, steps),
            report,
            self.device,
            self.out / f"{name}.checkpoint.safetensors",
            self._now,
        ).run()
        if fit.stopped:
            raise JobCancelled
        stage.net.load_state_dict(fit.net.state_dict())
        return stage.net

    def score(self, net: PoseNet) -> float:
        """Of a pose net on the held-out frames, small is good; NaN without any."""
        with torch.no_grad():
            return measure(net.eval(), self.held["pose"], self.teaching)["score"]

    def finish(self, recipe: str, facts: dict[str, Any] | None = None) -> Trained:
        """Measure on the held-out frames and write the run's folder.

        Raises:
            TrainingError: when the disk gives out.
        """
        reached = {stage.role: stage for stage in self._stages if stage.name in self._fits}
        nets = {role: stage.net.cpu().eval() for role, stage in reached.items()}
        card = _card(self.labels, self.config, self.plan, reached, self._fits)
        card = replace(card, provenance={**card.provenance, "recipe": recipe, **(facts or {})})
        held = self.labels.only(self.measured)
        metrics = judge(card, nets, held, self.frames.read_many(held.frames))
        write(self.out, replace(card, metrics=metrics), nets)
        fits = self._fits
        history = [{"stage": name, **row} for name, fit in fits.items() for row in fit.history]
        stopped = any(fit.stopped for fit in fits.values()) or bool((facts or {}).get("stopped"))
        return Trained(self.out, metrics, history, stopped)

    def _task(self, stage: _Stage) -> Task[PoseNet, Batch]:
        return pose_task(
            stage.net,
            resized(self.learn[stage.role], stage.canvas),
            resized(self.held[stage.role], stage.canvas),
            stage.teaching,
            self.config.seed,
        )

    def _steps(self) -> int:
        return sum(fit.steps for fit in self._fits.values())


def gap_of(labels: LabelSet) -> Callable[[VideoId], int]:
    """Frames that stand apart by half a second, or by two pictures, show different moments."""

    def gap(video: VideoId) -> int:
        known = labels.video(video)
        return max(2, round(known.fps / 2)) if known.kind is VideoKind.FILE else 2

    return gap


def _split(labels: LabelSet, config: Config) -> tuple[list[FrameRef], list[FrameRef]]:
    rng = np.random.default_rng(config.seed)
    return held_out(labels.frames, config.held_out, gap_of(labels), rng)


def _stages(plan: Plan, labels: LabelSet, config: Config) -> list[_Stage]:
    swap = tuple(int(k) for k in labels.skeleton.flip_permutation())
    asked = config.augmentation
    augmentation = replace(
        asked,
        flip=asked.flip and bool(labels.skeleton.pairs),
        rotation_deg=turning(labels.points()) if asked.rotation_deg is None else asked.rotation_deg,
    )
    teaching = Teaching(augmentation, swap, absent_is_empty=config.absent_is_empty)
    pose, origin = _net(config, len(swap), "softmax")
    glance = _Stage("glance", "pose", pose, origin, plan.smaller(), teaching, GLANCE, LR)
    stages = [replace(glance, name="pose", canvas=plan.pose, share=1.0, lr=LR / 2)]
    if glance.canvas != plan.pose and not origin.startswith("run"):
        stages.insert(0, glance)
    if plan.crop_px is not None:
        readout: Readout = "softmax" if plan.instances == 1 else "sigmoid"
        net, origin = _net(config, 1, readout)
        middles = replace(teaching, several=True)
        stages.insert(
            0, _Stage("centroid", "centroid", net, origin, plan.centroid, middles, CENTROID, LR)
        )
    return stages


def _net(config: Config, maps: int, readout: Readout) -> tuple[PoseNet, str]:
    net = build(config.net, maps, readout)
    if config.start_from is not None:
        origin = weights.start_from(net, config.start_from)
    elif config.pretrained:
        origin = weights.load_imagenet(net, config.net)
    else:
        origin = "none: it began from random weights"
    if not origin.startswith("none"):
        net.settle()
    return net, origin


def _options(stage: _Stage, config: Config, seconds: float | None, steps: int | None) -> Options:
    """The stage's share of the seconds or steps that are left."""
    return Options(
        minutes=None if seconds is None else max(1.0, seconds) * stage.share / 60,
        steps=None if steps is None else max(1, round(steps * stage.share)),
        batch=config.batch,
        lr=stage.lr,
        backbone_lr=1.0 if stage.origin.startswith("none") else 0.3,
    )


def _card(
    labels: LabelSet,
    config: Config,
    plan: Plan,
    reached: dict[str, _Stage],
    fits: dict[str, Fitted[PoseNet]],
) -> Card:
    """All but the metrics."""
    pose, centroid = reached["pose"], reached.get("centroid")
    last = fits[pose.name]
    return Card(
        labels.skeleton,
        NetFile("net.onnx", *pose.canvas, STRIDE, "softmax"),
        centroid and NetFile("centroid.onnx", *centroid.canvas, STRIDE, centroid.net.readout),
        plan.crop_px,
        plan.instances,
        config.net,
        pose.origin,
        provenance={
            "labels": labels.digest(),
            "labelled_frames": len(labels.frames),
            "config": {k: str(v) if isinstance(v, Path) else v for k, v in asdict(config).items()},
            "device": last.device,
            "steps": {name: fit.steps for name, fit in fits.items()},
            "seconds": {name: round(fit.seconds, 1) for name, fit in fits.items()},
            "stopped": last.stopped,
        },
    )
