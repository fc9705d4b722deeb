"""Supervised: a pose net learns from the labels alone.

Whole frames where one animal fills them; otherwise a centroid net finds the bodies in the frame and
the pose net looks at a crop around each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import Report
from poseapp.domain.video import VideoKind
from poseapp.learn import batches
from poseapp.learn.augment import Augmentation
from poseapp.learn.batches import Batch, Sample, Teaching
from poseapp.learn.losses.heatmap_cross_entropy import heatmap_cross_entropy
from poseapp.learn.train import device as devices
from poseapp.learn.train.loop import Loop, Metrics, Options, Task
from poseapp.nets import card as cards
from poseapp.nets import pose_net, weights
from poseapp.nets.card import Card, NetFile
from poseapp.nets.export import export, run_torch
from poseapp.nets.framing import canvas_for, letterbox
from poseapp.nets.heads import STRIDE
from poseapp.nets.heatmaps import cell_to_pixel, decode


class FrameReader(Protocol):
    """Where pictures come from; `media.FrameReader` is one."""

    def read_many(
        self, refs: Sequence[FrameRef]
    ) -> Iterator[tuple[FrameRef, NDArray[np.uint8]]]: ...


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


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training leaves behind."""

    folder: Path
    """weights.safetensors, net.onnx, card.json and, for several bodies, centroid.onnx."""
    metrics: dict[str, Any]
    history: list[Metrics]
    stopped: bool


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

    Raises:
        TrainingError: when there is nothing to learn from, or the disk or the memory gives out.
        JobCancelled: when a person stopped it before the first step.
    """
    began = now()
    if not labels.instances:
        raise TrainingError("There is nothing to train on yet. Label a few frames first.")
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    device = devices.choose(config.device)
    taught, measured = _split(labels, config)
    pictures = dict(frames.read_many(labels.only([*taught, *measured]).frames))
    sizes = np.array([(p.shape[1], p.shape[0]) for p in pictures.values()])
    canvas = canvas_for(sizes, config.long_side)
    net, origin = _net(config, len(labels.skeleton))
    teaching = Teaching(
        config.augmentation,
        tuple(int(k) for k in labels.skeleton.flip_permutation()),
        absent_is_empty=config.absent_is_empty,
    )

    def samples(refs: list[FrameRef]) -> list[Sample]:
        return [
            batches.make_sample(p, letterbox((p.shape[1], p.shape[0]), canvas), i.points)
            for ref in refs
            for p in [pictures[ref]]
            for i in labels.at(ref)
        ]

    learn, held = samples(taught), samples(measured)
    options = Options(
        minutes=None if config.minutes is None else config.minutes - (now() - began) / 60,
        steps=config.steps,
        batch=config.batch,
    )
    task = Task(
        net,
        lambda step, size: batches.random_batch(learn, teaching, size, config.seed, step),
        _loss,
        lambda n: _evaluate(n, held or learn, teaching),
    )
    fitted = Loop(task, options, report, device, out / "checkpoint.safetensors", now).run()
    net = fitted.net.cpu()
    out.mkdir(parents=True, exist_ok=True)
    save_file(net.state_dict(), out / "weights.safetensors")
    export(net, out / "net.onnx", canvas)
    card = Card(
        labels.skeleton,
        NetFile("net.onnx", *canvas, STRIDE, "softmax"),
        net=config.net,
        pretrained=origin,
        provenance={
            "labels": labels.digest(),
            "steps": fitted.steps,
            "device": fitted.device,
            "stopped": fitted.stopped,
            "seed": config.seed,
        },
        metrics=fitted.best,
    )
    (out / cards.FILE).write_text(card.to_json(), encoding="utf-8")
    return Trained(out, fitted.best, fitted.history, fitted.stopped)


def _split(labels: LabelSet, config: Config) -> tuple[list[FrameRef], list[FrameRef]]:
    rng = np.random.default_rng(config.seed)

    def gap(video: VideoId) -> int:
        known = labels.video(video)
        return max(2, round(known.fps / 2)) if known.kind is VideoKind.FILE else 2

    return batches.held_out(labels.frames, config.held_out, gap, rng)


def _net(config: Config, keypoints: int) -> tuple[pose_net.PoseNet, str]:
    net = pose_net.build(config.net, keypoints)
    file = weights.imagenet_file(config.net.partition("+")[0]) if config.pretrained else None
    if file is None:
        return net, "none: random weights"
    weights.load_backbone(net.backbone, file)
    return net, "ImageNet"


def _loss(net: nn.Module, batch: Batch, device: torch.device) -> Tensor:
    raw = net(_tensor(batch.pictures, device).permute(0, 3, 1, 2).float())
    targets, taught = _tensor(batch.targets, device), _tensor(batch.weights, device)
    return heatmap_cross_entropy(raw.float(), targets, taught)


def _tensor(array: NDArray, device: torch.device) -> Tensor:
    return torch.from_numpy(array).to(device, non_blocking=True)


def _evaluate(net: pose_net.PoseNet, samples: list[Sample], teaching: Teaching) -> Metrics:
    errors, losses = [], []
    device = next(net.parameters()).device
    for n in range(0, len(samples), 16):
        chunk = samples[n : n + 16]
        batch = batches.plain_batch(chunk, teaching)
        losses.append(float(_loss(net, batch, device)))
        maps = run_torch(net, batch.pictures, str(device))
        pixels = cell_to_pixel(decode(maps)[0], STRIDE)
        for s, p in zip(chunk, pixels, strict=True):
            e = np.linalg.norm(s.framing.to_picture(p) - s.points, axis=1)
            errors += list(e[np.isfinite(e)])
    return {
        "held_out_loss": float(np.mean(losses)),
        "held_out_px": float(np.median(errors)),
        "held_out_p95_px": float(np.percentile(errors, 95)),
        "score": float(np.mean(np.minimum(errors, 10 * np.median(errors)))),
    }
