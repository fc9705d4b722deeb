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
from poseapp.learn.batches import Teaching, held_out
from poseapp.learn.train import device as devices
from poseapp.learn.train.loop import Fitted, Loop, Metrics, Options
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
    centroid_share: float = 0.2
    """Of the budget, for the net that finds bodies."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training leaves behind."""

    folder: Path
    """weights.safetensors, net.onnx, card.json; centroid.* where bodies are looked for."""
    metrics: dict[str, Any]
    history: list[Metrics]
    stopped: bool


@dataclass(frozen=True, slots=True)
class _Stage:
    """One net to train: the centroid net first where there is one, then the pose net."""

    name: str
    net: PoseNet
    origin: str
    """Of its first weights, in words."""
    teaching: Teaching
    share: float
    """Of what is left of the budget."""
    progress: tuple[float, float]


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

    spent = now() - began
    fits: dict[str, Fitted[PoseNet]] = {}
    stages = _stages(plan, labels, config)
    for stage in stages:
        seconds = None if config.minutes is None else 60 * config.minutes - spent
        fit = Loop(
            pose_task(stage.net, learn[stage.name], held[stage.name], stage.teaching, config.seed),
            _options(stage, config, seconds),
            PartOfReport(report, *stage.progress, f"{stage.name} net"),
            device,
            out / f"{stage.name}.checkpoint.safetensors",
            now,
        ).run()
        spent += fit.seconds
        fits[stage.name] = fit
        if fit.stopped and stage is not stages[-1]:
            raise JobCancelled

    nets = {name: fit.net.cpu() for name, fit in fits.items()}
    card = _card(labels, config, plan, stages, fits)
    held_labels = labels.only(measured)
    metrics = judge(card, nets, held_labels, frames.read_many(held_labels.frames))
    write(out, replace(card, metrics=metrics), nets)
    return Trained(out, metrics, fits["pose"].history, fits["pose"].stopped)


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
    whole = (0.02, 0.97)
    if plan.crop_px is None:
        return [_Stage("pose", *_net(config, len(swap), "softmax"), teaching, 1.0, whole)]
    readout: Readout = "softmax" if plan.instances == 1 else "sigmoid"
    border = 0.02 + 0.95 * config.centroid_share
    middles = replace(teaching, several=True)
    return [
        _Stage(
            "centroid",
            *_net(config, 1, readout),
            middles,
            config.centroid_share,
            (whole[0], border),
        ),
        _Stage("pose", *_net(config, len(swap), "softmax"), teaching, 1.0, (border, whole[1])),
    ]


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


def _options(stage: _Stage, config: Config, seconds: float | None) -> Options:
    minutes = None if seconds is None else max(1.0, seconds - EXPORT_S) * stage.share / 60
    steps = config.steps
    if steps is not None and stage.name == "centroid":
        steps = max(1, round(steps * stage.share))
    backbone_lr = 1.0 if stage.origin.startswith("none") else 0.3
    return Options(minutes=minutes, steps=steps, batch=config.batch, backbone_lr=backbone_lr)


EXPORT_S = 12.0
"""Kept back from the minutes for measuring and writing."""


def _card(
    labels: LabelSet,
    config: Config,
    plan: Plan,
    stages: list[_Stage],
    fits: dict[str, Fitted[PoseNet]],
) -> Card:
    """All but the metrics."""
    centroid = next((s.net for s in stages if s.name == "centroid"), None)
    pose = fits["pose"]
    return Card(
        labels.skeleton,
        NetFile("net.onnx", *plan.pose, STRIDE, "softmax"),
        centroid and NetFile("centroid.onnx", *plan.centroid, STRIDE, centroid.readout),
        plan.crop_px,
        plan.instances,
        config.net,
        stages[-1].origin,
        provenance={
            "recipe": "supervised",
            "labels": labels.digest(),
            "labelled_frames": len(labels.frames),
            "config": {k: str(v) if isinstance(v, Path) else v for k, v in asdict(config).items()},
            "device": pose.device,
            "steps": {name: fit.steps for name, fit in fits.items()},
            "seconds": {name: round(fit.seconds, 1) for name, fit in fits.items()},
            "stopped": pose.stopped,
        },
    )
