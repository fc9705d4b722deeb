"""The studio: estimator, generator and discriminator, and the updates that teach all three."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poseapp.domain.errors import TrainingError
from poseapp.learn.remote.discriminator import Discriminator
from poseapp.learn.remote.generator import Generator
from poseapp.learn.remote.objective import (
    Outcome,
    Pairs,
    full_loss,
    reconstruct,
    see,
    telling_loss,
    truth_loss,
)
from poseapp.learn.remote.settings import Settings
from poseapp.learn.train import checkpoint
from poseapp.learn.train.device import gradient_scaler, mixed_precision, out_of_memory
from poseapp.learn.train.loop import follow, groups
from poseapp.nets.pose_net import PoseNet

_MOMENTUM = (0.5, 0.999)
"""Of the drawing nets, as usual where two of them compete."""


class Studio:
    """Equation 12: the estimator and the generator against the discriminator.

    The estimator keeps its normalisation statistics: reconstructed frames would poison them.
    """

    def __init__(
        self, estimator: PoseNet, keypoints: int, settings: Settings, device: torch.device
    ) -> None:
        self.settings = settings
        self.device = device
        self.estimator = estimator.to(device)
        self.average = copy.deepcopy(self.estimator).requires_grad_(False).eval()
        self.generator = Generator(keypoints, settings.drawing, settings.as_printed).to(device)
        self.discriminator = Discriminator(keypoints, settings.drawing).to(device)
        self._optimisers: dict[str, torch.optim.Optimizer] = {
            "estimator": torch.optim.AdamW(
                groups(self.estimator, settings.lr, settings.backbone_lr), weight_decay=1e-4
            ),
            "generator": self._drawing(self.generator),
            "discriminator": self._drawing(self.discriminator),
        }

    def _drawing(self, net: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(net.parameters(), lr=self.settings.drawing_lr, betas=_MOMENTUM)

    def _precision(self) -> AbstractContextManager:
        """Half precision where it needs no scaling of three entangled gradients."""
        scaled = gradient_scaler(self.device).is_enabled()
        return nullcontext() if scaled else mixed_precision(self.device)

    def take_drawing(self, other: Studio) -> None:
        """Begin with the generator and the discriminator of another studio."""
        self.generator.load_state_dict(other.generator.state_dict())
        self.discriminator.load_state_dict(other.discriminator.state_dict())

    def warm_up(self, pairs: Pairs, partners: Tensor) -> float:
        """One step of the generator alone, on pairs whose both poses a person labelled.

        Args:
            pairs: whose `unlabelled` frames are labelled too.
            partners: (B, K, h, w), the poses of those.

        Raises:
            TrainingError: when memory gives out.
        """
        with _memory_allowing():
            with self._precision():
                labelled = self.generator(pairs.unlabelled, partners, pairs.truth)
                unlabelled = self.generator(pairs.labelled, pairs.truth, partners)
                drawn, real = torch.cat([labelled, unlabelled]), _both(pairs)
                loss = (drawn - real).abs().mean()
            self._step(("generator",), loss)
        return float(loss.detach())

    @torch.no_grad()
    def redrawn(self, pairs: Pairs) -> tuple[NDArray[np.uint8], ...]:
        """(B, H, W, 3) BGR pictures to be looked at: F_LBL, F'_LBL, F_unLBL and F'_unLBL.

        Raises:
            TrainingError: when memory gives out.
        """
        with _memory_allowing():
            estimated = see(self.estimator.eval(), pairs.unlabelled).poses
            labelled, unlabelled = reconstruct(self.generator, pairs, estimated)
        shown = (pairs.labelled, labelled, pairs.unlabelled, unlabelled)
        return tuple(_pictures(images) for images in shown)

    def update(self, pairs: Pairs, *, transformer: bool) -> tuple[dict[str, float], Outcome | None]:
        """One step of all nets on a minibatch; the losses, and what was drawn.

        Without the transformer the labels alone teach.

        Raises:
            TrainingError: when memory gives out.
        """
        with _memory_allowing():
            return self._update(pairs, transformer=transformer)

    def _update(
        self, pairs: Pairs, *, transformer: bool
    ) -> tuple[dict[str, float], Outcome | None]:
        settings = self.settings
        self.estimator.train(settings.as_printed.batch_statistics)
        if not transformer:
            with self._precision():
                loss = truth_loss(see(self.estimator, pairs.labelled), pairs, settings.as_printed)
            self._step(("estimator",), loss)
            self._follow()
            return {"truth": float(loss.detach())}, None
        with self._precision():
            outcome = full_loss(
                self.estimator,
                self.generator,
                self.discriminator,
                pairs,
                settings.weights,
                settings.as_printed,
            )
        terms = dict(outcome.terms)
        telling = bool(settings.weights.adversarial)
        if outcome.total.requires_grad:
            self._step(("estimator", "generator"), outcome.total, again=telling)
        if telling:
            with self._precision():
                real = self.discriminator(outcome.real, outcome.poses.detach())
                told = telling_loss(real, outcome.logits)
            self._step(("discriminator",), told)
            terms["discriminator"] = float(told.detach())
        self._follow()
        return terms, outcome

    def _step(self, names: tuple[str, ...], loss: Tensor, *, again: bool = False) -> None:
        """Move these nets and no other; `again` where parts of the loss are another's, too."""
        optimisers = [self._optimisers[name] for name in names]
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        moved = [p for o in optimisers for group in o.param_groups for p in group["params"]]
        loss.backward(retain_graph=again, inputs=moved)
        for optimiser in optimisers:
            optimiser.step()

    def _follow(self) -> None:
        follow(self.average, self.estimator, self.settings.average)
        self.estimator.eval()

    def _nets(self) -> dict[str, nn.Module]:
        names = ("estimator", "average", "generator", "discriminator")
        return {f"{name}.": getattr(self, name) for name in names}

    def saved(self) -> dict[str, Tensor]:
        """All it needs to go on."""
        parts = {prefix: net.state_dict() for prefix, net in self._nets().items()}
        for name, optimiser in self._optimisers.items():
            parts[f"optimiser {name}."] = checkpoint.optimiser_tensors(optimiser)
        return {f"{p}{k}": v for p, part in parts.items() for k, v in part.items()}

    def restore(self, tensors: dict[str, Any]) -> None:
        """Take back what `saved` gave."""
        for prefix, net in self._nets().items():
            net.load_state_dict(checkpoint.group(tensors, prefix))
        for name, optimiser in self._optimisers.items():
            checkpoint.restore_optimiser(optimiser, checkpoint.group(tensors, f"optimiser {name}."))


@contextmanager
def _memory_allowing() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise TrainingError(
            "There is not enough memory to learn from pairs of frames. Choose a smaller input size "
            "or a smaller net, or close other programs."
        ) from error


def _both(pairs: Pairs) -> Tensor:
    return torch.cat([pairs.labelled, pairs.unlabelled])


def _pictures(images: Tensor) -> NDArray[np.uint8]:
    """(B, 3, H, W) in -1..1 as (B, H, W, 3) pictures."""
    scaled = (127.5 * (images.float() + 1)).round().clamp(0, 255)
    return scaled.permute(0, 2, 3, 1).cpu().numpy().astype(np.uint8)
