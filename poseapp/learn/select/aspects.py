"""How each aspect of a net's insides is measured on a batch of bodies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from poseapp.learn.augment import NONE
from poseapp.learn.batches import Teaching
from poseapp.learn.select.probed import Aspect
from poseapp.nets.heads import STRIDE, Head
from poseapp.nets.heatmaps import gaussians, pixel_to_cell

_SIGMA = Teaching(NONE, ()).sigma
"""Width in cells of the bells that nets learn."""
SURE = 1 / (2 * math.pi * _SIGMA**2)
"""Height of the heatmap of a net that is sure of a place."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a net makes of B bodies."""

    head: Head
    maps: Sequence[Tensor]
    """Of the trunk."""
    shared: Tensor
    """(B, C, h, w) what the last layer reads."""
    raw: Tensor
    """(B, K, h, w)"""
    heatmaps: Tensor
    """(B, K, h, w) `raw` as probabilities of a place."""

    @classmethod
    def at(cls, head: Head, maps: Sequence[Tensor]) -> Look:
        with torch.inference_mode():
            shared = head.shared(maps)
            raw = head.last(shared)
            return cls(head, maps, shared, raw, raw.flatten(2).softmax(dim=2).view_as(raw))


def confidence(heatmaps: Tensor) -> Tensor:
    """(B, K) the probability around each peak, as `nets.heatmaps.decode` counts it."""
    around = 49 * functional.avg_pool2d(heatmaps, 7, stride=1, padding=3)
    return around.flatten(2).gather(2, heatmaps.flatten(2).argmax(dim=2, keepdim=True))[..., 0]


def embedding(look: Look) -> Tensor:
    """`Aspect.EMBEDDING`."""
    return look.shared.mean(dim=(2, 3))


def levels(look: Look) -> Tensor:
    """`Aspect.LEVELS`."""
    means = [level.mean(dim=(2, 3)) for level in look.maps]
    widest = max(mean.shape[1] for mean in means)
    return torch.stack([functional.pad(m, (0, widest - m.shape[1])) for m in means], dim=1)


def coarse(look: Look) -> Tensor:
    """`Aspect.SHARED`."""
    return functional.adaptive_avg_pool2d(look.shared, 8).half()


def places(look: Look) -> Tensor:
    """`Aspect.PLACES`."""
    height, width = look.heatmaps.shape[2:]
    return functional.adaptive_avg_pool2d(look.heatmaps, 8) * (height * width / 64)


MOST_PEAKS, APART = 5, 5


def local_peaks(heatmaps: Tensor) -> Tensor:
    """`Aspect.PEAKS`: the highest cells within 5 cells around, the highest five of each map.

    Of equal cells that near to each other one counts.
    """
    flat = heatmaps.flatten(2)
    highest = functional.max_pool2d(heatmaps, 2 * APART + 1, stride=1, padding=APART).flatten(2)
    left = torch.where(flat >= highest, flat, -1.0)
    width = heatmaps.shape[3]
    cell = torch.arange(flat.shape[2], device=flat.device)
    row, column = cell // width, cell % width
    found = []
    for _ in range(MOST_PEAKS):
        height, at = left.max(dim=2, keepdim=True)
        found.append(torch.where(height >= 0, height / SURE, -1.0))
        near = ((row - at // width).abs() <= APART) & ((column - at % width).abs() <= APART)
        left = torch.where(near, -1.0, left)
    return torch.cat(found, dim=2)


PASSES, DROPPED = 10, 0.2


def spread(look: Look) -> Tensor:
    """`Aspect.SPREAD`: ten nets that each lack a fifth of what the last layer reads.

    The nets are the same for every frame. Dropout comes in after training alone, so that every
    selector is compared on the same net.
    """
    kept = torch.rand(PASSES, look.shared.shape[1], generator=torch.Generator().manual_seed(0))
    mask = ((kept >= DROPPED) / (1 - DROPPED)).to(look.shared)
    last, (batch, _, height, width) = look.head.last, look.shared.shape
    weights = (mask[:, None, :, None, None] * last.weight).flatten(0, 1)
    bias = None if last.bias is None else last.bias.repeat(PASSES)
    raw = functional.conv2d(look.shared, weights, bias).view(batch, PASSES, -1, height * width)
    place = _cells(height, width).to(raw)
    points = raw.softmax(dim=3) @ place
    points = points - points.mean(dim=2, keepdim=True)
    return torch.stack([points.mean(dim=1), points.std(dim=1)], dim=3)


def _cells(height: int, width: int) -> Tensor:
    """(h · w, 2) x and y of every cell."""
    cell = torch.arange(height * width)
    return torch.stack([cell % width, cell // width], dim=1)


def own_gradient(look: Look) -> Tensor:
    """`Aspect.GRADIENT`: of the cross entropy against bells at the net's own highest cells."""
    wrong = (look.heatmaps - _own_bells(look.heatmaps)).flatten(2)
    count = wrong.shape[1]
    return (wrong @ look.shared.flatten(2).transpose(1, 2) / count).flatten(1)


def _own_bells(heatmaps: Tensor) -> Tensor:
    """(B, K, h, w) that each add up to one."""
    height, width = heatmaps.shape[2:]
    at = heatmaps.flatten(2).argmax(dim=2)
    x, y = torch.arange(width).to(at), torch.arange(height).to(at)
    across = torch.exp(-((x - (at % width)[..., None]) ** 2) / (2 * _SIGMA**2))
    down = torch.exp(-((y - (at // width)[..., None]) ** 2) / (2 * _SIGMA**2))
    bells = down[..., :, None] * across[..., None, :] + 1e-9
    return bells / bells.sum(dim=(2, 3), keepdim=True)


MEASURES: dict[Aspect, Callable[[Look], Tensor]] = {
    Aspect.EMBEDDING: embedding,
    Aspect.LEVELS: levels,
    Aspect.SHARED: coarse,
    Aspect.PEAKS: lambda look: local_peaks(look.heatmaps),
    Aspect.SPREAD: spread,
    Aspect.GRADIENT: own_gradient,
    Aspect.HEATMAPS: lambda look: look.heatmaps,
    Aspect.PLACES: places,
}
"""Of aspects that a body's own maps tell."""


def loss(look: Look, points: NDArray[np.float64]) -> Tensor:
    """`Aspect.LOSS`: KL(bells ‖ heatmaps), mean over the labelled keypoints inside the input.

    Args:
        look: at B labelled bodies.
        points: (B, K, 2) input pixels, NaN where absent.
    """
    height, width = look.raw.shape[2:]
    cells = pixel_to_cell(points, STRIDE)
    inside = ((cells > -0.5) & (cells < np.array([width, height]) - 0.5)).all(axis=2)
    bells = np.stack([gaussians(body, (width, height), _SIGMA) for body in cells])
    target = torch.from_numpy(bells).to(look.raw).flatten(2) + 1e-9
    target = target / target.sum(dim=2, keepdim=True)
    divergence = (target * (target.log() - look.raw.flatten(2).log_softmax(dim=2))).sum(dim=2)
    taught = torch.from_numpy(inside).to(look.raw)
    return (taught * divergence).sum(dim=1) / taught.sum(dim=1).clamp(min=1.0)


NEAREST = 30


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The labelled frames as the net sees them: what a candidate might turn out to be."""

    embeddings: Tensor
    """(L, C)"""
    heatmaps: Tensor
    """(L, K, h, w)"""

    @classmethod
    def of(cls, told: Mapping[Aspect, NDArray], head: Head) -> Reference:
        """From the embeddings and heatmaps of labelled frames; far from all if there is no body."""
        embeddings, heatmaps = (
            torch.from_numpy(told[aspect]).to(head.last.weight)
            for aspect in (Aspect.EMBEDDING, Aspect.HEATMAPS)
        )
        return cls(embeddings.nan_to_num(torch.inf), heatmaps)

    def gradients(self, look: Look) -> Tensor:
        """`Aspect.EXPECTED_GRADIENT`: of the last layer, to the 30 nearest labelled frames.

        Of all the net's weights only the last layer's are asked: 5,000 candidates have 150,000
        such gradients.
        """
        count, keypoints = self.heatmaps.shape[:2]
        away = torch.cdist(embedding(look), self.embeddings)
        nearest = away.topk(min(NEAREST, count), dim=1, largest=False).indices
        found = torch.full((len(look.shared), count), torch.nan)
        for row, columns in enumerate(nearest):
            shared = look.shared[row].flatten(1)
            have = look.heatmaps[row].flatten(1) @ shared.T
            wanted = self.heatmaps[columns].flatten(2) @ shared.T
            length = ((have - wanted) / keypoints).square().sum(dim=(1, 2))
            found[row, columns.cpu()] = length.cpu()
        return found
