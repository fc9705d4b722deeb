"""What a heatmap net learns: batches of samples, its loss, its held-out error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.learn import batches
from poseapp.learn.batches import Batch, Sample, Teaching
from poseapp.learn.losses.heatmap_binary import heatmap_binary
from poseapp.learn.losses.heatmap_cross_entropy import heatmap_cross_entropy
from poseapp.learn.train.loop import Metrics, Task
from poseapp.nets.export import run_torch
from poseapp.nets.heads import STRIDE
from poseapp.nets.heatmaps import cell_to_pixel, decode
from poseapp.nets.pose_net import PoseNet

_LOSSES = {"softmax": heatmap_cross_entropy, "sigmoid": heatmap_binary}


def pose_task(
    net: PoseNet,
    samples: Sequence[Sample],
    held_out: Sequence[Sample],
    teaching: Teaching,
    seed: int,
) -> Task[PoseNet, Batch]:
    """Learn the samples; what is measured, and kept when best, is the held-out ones.

    Without held-out samples nothing can be measured, and the newest weights are kept.
    """
    return Task(
        net,
        lambda step, size: batches.random_batch(samples, teaching, size, seed, step),
        heatmap_loss,
        lambda trained: measure(trained, held_out, teaching),
    )


def heatmap_loss(net: PoseNet, batch: Batch, device: torch.device) -> Tensor:
    """The loss that belongs to the net's readout."""
    pictures = _tensor(batch.pictures, device).permute(0, 3, 1, 2).float()
    loss = _LOSSES[net.readout]
    raw = net(pictures).float()
    return loss(raw, _tensor(batch.targets, device), _tensor(batch.weights, device))


def measure(net: PoseNet, samples: Sequence[Sample], teaching: Teaching) -> Metrics:
    """Loss and pixel errors of unchanged samples; `score` is what should be small, NaN for none."""
    if not samples:
        return {"score": float("nan")}
    device = next(net.parameters()).device
    losses, errors = [], [np.empty(0)]
    for first in range(0, len(samples), 16):
        chunk = samples[first : first + 16]
        batch = batches.plain_batch(chunk, teaching)
        losses.append(float(heatmap_loss(net, batch, device)))
        if net.readout == "softmax":
            errors += _errors(run_torch(net, batch.pictures), chunk)
    loss = float(np.mean(losses))
    distances = np.concatenate(errors)
    distances = distances[np.isfinite(distances)]
    if not len(distances):
        return {"held_out_loss": loss, "score": loss}
    typical, far = np.percentile(distances, [50, 95])
    score = float(np.minimum(distances, 10 * typical).mean())
    if teaching.several:  # of bodies' middles: not to be taken for an error of keypoints
        return {"held_out_loss": loss, "score": score}
    return {
        "held_out_loss": loss,
        "held_out_px": float(typical),
        "held_out_p95_px": float(far),
        "score": score,
    }


def _errors(maps: NDArray[np.float32], samples: Sequence[Sample]) -> list[NDArray[np.float64]]:
    """(K,) pixels of the picture for each sample."""
    pixels = cell_to_pixel(decode(maps)[0], STRIDE)
    return [
        np.linalg.norm(sample.framing.to_picture(found) - sample.points, axis=1)
        for sample, found in zip(samples, pixels, strict=True)
    ]


def _tensor(array: NDArray, device: torch.device) -> Tensor:
    return torch.from_numpy(array).to(device, non_blocking=True)
