"""Supervised: pose nets learn from the labels alone.

Whole frames where one animal fills them; otherwise a centroid net finds the bodies in the frame and
the pose net looks at a crop around each. Both are trained in one run and ship together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport, Report
from poseapp.domain.video import VideoKind
from poseapp.learn.augment import Augmentation, turning
from poseapp.learn.batches import Teaching, held_out, resized
from poseapp.learn.train import device as devices
from poseapp.learn.train.loop import Fitted, Loop, Options
from poseapp.learn.train.outcome import judge, write
from poseapp.learn.train.plan import FrameReader, Plan, make_plan, make_samples
from poseapp.learn.train.pose_task import pose_task
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
    if not any(instance.present.any() for instance in labels.instances):
        raise TrainingError("There is nothing to train on yet. Label a few frames first.")
    began = now()
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    device = devices.choose(config.device)
    out.mkdir(parents=True, exist_ok=True)

    plan = make_plan(labels, config.long_side, config.crop_side, config.centroid_side)
    taught, measured = _split(labels, config)
    if not measured:
        report.note("Too few frames stand apart to hold some out, so no error can be measured.")
    reading = PartOfReport(report, 0.0, 0.02, "reading frames")
    learn = make_samples(labels.only(taught), frames, plan, reading)
    held = make_samples(labels.only(measured), frames, plan, reading)

    stages = _stages(plan, labels, config)
    fits: dict[str, Fitted[PoseNet]] = {}
    spent, done = now() - began, 0.02
    for stage in stages:
        until = done + (0.97 - done) * stage.share
        fit = Loop(
            pose_task(
                stage.net,
                resized(learn[stage.role], stage.canvas),
                resized(held[stage.role], stage.canvas),
                stage.teaching,
                config.seed,
            ),
            _options(stage, config, spent, fits),
            PartOfReport(report, done, until, f"{stage.name} net"),
            device,
            out / f"{stage.name}.checkpoint.safetensors",
            now,
        ).run()
        stage.net.load_state_dict(fit.net.state_dict())
        fits[stage.name] = fit
        spent, done = spent + fit.seconds, until
        if fit.stopped:
            break
    reached = {stage.role: stage for stage in stages if stage.name in fits}
    if "pose" not in reached:
        raise JobCancelled

    nets = {role: stage.net.cpu().eval() for role, stage in reached.items()}
    card = _card(labels, config, plan, reached, fits)
    held_labels = labels.only(measured)
    metrics = judge(card, nets, held_labels, frames.read_many(held_labels.frames))
    write(out, replace(card, metrics=metrics), nets)
    history = [{"stage": name, **row} for name, fit in fits.items() for row in fit.history]
    return Trained(out, metrics, history, any(fit.stopped for fit in fits.values()))


def _split(labels: LabelSet, config: Config) -> tuple[list[FrameRef], list[FrameRef]]:
    def gap(video: VideoId) -> int:
        known = labels.video(video)
        return max(2, round(known.fps / 2)) if known.kind is VideoKind.FILE else 2

    rng = np.random.default_rng(config.seed)
    return held_out(labels.frames, config.held_out, gap, rng)


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


def _options(
    stage: _Stage, config: Config, spent: float, fits: dict[str, Fitted[PoseNet]]
) -> Options:
    """The stage's share of the minutes or steps that are left."""
    minutes, steps = config.minutes, config.steps
    if minutes is not None:
        minutes = max(1.0, 60 * minutes - spent - EXPORT_S) * stage.share / 60
    if steps is not None:
        left = steps - sum(fit.steps for fit in fits.values())
        steps = max(1, round(left * stage.share))
    return Options(
        minutes=minutes,
        steps=steps,
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
            "recipe": "supervised",
            "labels": labels.digest(),
            "labelled_frames": len(labels.frames),
            "config": {k: str(v) if isinstance(v, Path) else v for k, v in asdict(config).items()},
            "device": last.device,
            "steps": {name: fit.steps for name, fit in fits.items()},
            "seconds": {name: round(fit.seconds, 1) for name, fit in fits.items()},
            "stopped": last.stopped,
        },
    )
