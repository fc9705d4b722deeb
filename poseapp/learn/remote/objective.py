"""What a pair of frames teaches: the losses of the Motion Transformer, equations 3 to 11."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from poseapp.learn.augment import NONE
from poseapp.learn.batches import Teaching
from poseapp.learn.losses.heatmap_cross_entropy import heatmap_cross_entropy
from poseapp.learn.remote.discriminator import Discriminator
from poseapp.learn.remote.generator import Generator, channels_last
from poseapp.learn.remote.settings import AsPrinted, Weights
from poseapp.nets.pose_net import PoseNet

_HEIGHT = 2 * math.pi * Teaching(NONE, ()).sigma ** 2
"""Makes the heatmap of an estimator that is sure as high as the bells it learns, 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """B labelled frames, each with its unlabelled partner; pictures are BGR in -1..1."""

    labelled: Tensor
    """F_LBL, (B, 3, H, W)."""
    unlabelled: Tensor
    """F_unLBL, (B, 3, H, W)."""
    truth: Tensor
    """P_gt, (B, K, h, w) bells of height 1."""
    taught: Tensor
    """(B, K) 0 where a keypoint teaches nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the estimator makes of B frames."""

    maps: Sequence[Tensor]
    """E_1 to E_4: the maps of its backbone."""
    raw: Tensor
    """(B, K, h, w) before they become heatmaps."""
    poses: Tensor
    """P, (B, K, h, w), about 1 high where it is sure; gradients flow through them."""

    def first(self, count: int) -> Seen:
        """Of so many frames."""
        return Seen([m[:count] for m in self.maps], self.raw[:count], self.poses[:count])


def see(estimator: PoseNet, pictures: Tensor) -> Seen:
    """Equations 3 and 6, of pictures in -1..1."""
    return read(estimator, look(estimator, pictures))


def look(estimator: PoseNet, pictures: Tensor) -> list[Tensor]:
    """E_1 to E_4 of pictures in -1..1."""
    # channel by channel, depthwise convolutions take two to three times as long on a CPU
    return estimator.features(channels_last(127.5 * (pictures + 1)))


def read(estimator: PoseNet, maps: Sequence[Tensor]) -> Seen:
    """The poses in the maps of frames."""
    raw = estimator.head(maps)
    return Seen(maps, raw, _HEIGHT * estimator.heatmaps(raw))


def reconstruct(generator: Generator, pairs: Pairs, estimated: Tensor) -> tuple[Tensor, Tensor]:
    """F'_LBL = G(F_unLBL, P_gt) and F'_unLBL = G(F_LBL, P_unLBL): equations 4 and 5.

    `estimated` is P_unLBL as heatmaps. Gradients reach the estimator through it where it is the
    pose to be drawn; where it only tells how the source stands it is held fast.
    """
    labelled = generator(pairs.unlabelled, estimated.detach(), pairs.truth)
    unlabelled = generator(pairs.labelled, pairs.truth, estimated)
    return labelled, unlabelled


def truth_loss(seen: Seen, pairs: Pairs, as_printed: AsPrinted) -> Tensor:
    """L_gt, equation 8, of the labelled frame or its reconstruction."""
    if not as_printed.squared_maps:
        return heatmap_cross_entropy(seen.raw.float(), pairs.truth, pairs.taught)
    squared = (seen.poses - pairs.truth).square().sum(dim=(2, 3))
    return (pairs.taught * squared).sum() / pairs.taught.sum().clamp(min=1.0)


def pose_loss(drawn: Sequence[Tensor], real: Sequence[Tensor], as_printed: AsPrinted) -> Tensor:
    """L_pose, equation 10: squared differences of features, added up over four layers.

    Each layer's are taken as a share of what its features measure, so that no layer outweighs the
    others.
    """
    total = drawn[0].new_zeros(())
    for found, wanted in zip(drawn, real, strict=True):
        goal = wanted if as_printed.both_sides else wanted.detach()
        difference = (found - goal).square()
        if as_printed.raw_features:
            total = total + difference.flatten(1).sum(dim=1).mean()
        else:
            total = total + difference.mean() / goal.detach().square().mean().clamp(min=1e-8)
    return total


def fooling_loss(logits: Tensor, as_printed: AsPrinted) -> Tensor:
    """L_adv, equation 9, as generator and estimator see it: what is drawn should pass for real.

    -log D(F'); as printed, log(1 - D(F')), whose gradient vanishes where D is sure.

    Args:
        logits: what the discriminator says of drawn frames.
        as_printed: where the letter of the paper holds.
    """
    return -softplus(logits).mean() if as_printed.saturating else softplus(-logits).mean()


def telling_loss(real: Tensor, drawn: Tensor) -> Tensor:
    """L_adv as the discriminator sees it, of its logits of real and of drawn frames."""
    return softplus(-real).mean() + softplus(drawn).mean()


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The losses of a minibatch, and what was drawn."""

    total: Tensor
    """L_full, equation 11."""
    terms: dict[str, float]
    real: Tensor
    """(2 B, 3, H, W): labelled frames, then their partners."""
    drawn: Tensor
    """Their reconstructions."""
    poses: Tensor
    """(2 B, K, h, w): what the discriminator is told of them."""
    logits: Tensor
    """What it says of `drawn`; empty where nobody asks."""


@contextmanager
def _held_fast(net: nn.Module) -> Iterator[None]:
    """Gradients pass through the net and leave it as it is."""
    learning = [p for p in net.parameters() if p.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)


def full_loss(
    estimator: PoseNet,
    generator: Generator,
    discriminator: Discriminator,
    pairs: Pairs,
    weights: Weights,
    as_printed: AsPrinted,
) -> Outcome:
    """Equation 11, as estimator and generator minimise it."""
    count = len(pairs.labelled)
    real = torch.cat([pairs.labelled, pairs.unlabelled])
    seen = see(estimator, real)
    labelled, estimated = seen.first(count), seen.poses[count:]
    drawn = torch.cat(reconstruct(generator, pairs, estimated))
    if as_printed.taught_to_look:
        again = look(estimator, drawn)
        redrawn = [m[:count] for m in again]
    else:
        with _held_fast(estimator):
            again = look(estimator, drawn)
        redrawn = look(estimator, drawn[:count])
    condition = labelled.poses if as_printed.estimated_condition else pairs.truth
    poses = torch.cat([condition, estimated])
    logits = discriminator(drawn, poses) if weights.adversarial else drawn.new_empty(0)

    def truth() -> Tensor:
        told = truth_loss(labelled, pairs, as_printed)
        if not weights.redrawn:
            return told
        return told + weights.redrawn * truth_loss(read(estimator, redrawn), pairs, as_printed)

    losses: dict[str, Callable[[], Tensor]] = {
        "truth": truth,
        # twice a mean over both frames is the sum over i that the equations write
        "adversarial": lambda: 2 * fooling_loss(logits, as_printed),
        "pose": lambda: 2 * pose_loss(again, seen.maps, as_printed),
        "pixel": lambda: 2 * (drawn - real).abs().mean(),
    }
    total, terms = real.new_zeros(()), {}
    for name, loss in losses.items():
        if weight := getattr(weights, name):
            term = loss()
            total = total + weight * term
            terms[name] = float(term.detach())
    return Outcome(total, terms, real, drawn, poses, logits)
