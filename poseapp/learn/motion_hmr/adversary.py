"""RGB + DANN: features that do not tell made-up pictures from real ones.

Ganin and others, "Domain-adversarial training of neural networks": a classifier learns which clips
are real, and its gradient is turned round where it enters the encoder. As in the paper it has two
layers of 1,024 units and stands between encoder and LSTM.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

HIDDEN = 1024
WEIGHT = 1.0
"""Of the adversary's gradient; the paper tries 0.2 to 5."""


class Adversary(nn.Module):
    """(B, T - 1, width) features → (B, T - 1) logits that they come from real pictures."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._layers = nn.Sequential(
            nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(),
            nn.Linear(HIDDEN, 1),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        return self._layers(features)[..., 0]


class _Reversed(torch.autograd.Function):
    """The identity, whose gradient is multiplied by minus a weight."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradients[0], None


def domain_loss(
    adversary: Adversary, made_up: Tensor, real: Tensor, weight: float = WEIGHT
) -> Tensor:
    """() cross entropy; the adversary comes to tell them apart, the encoder to make it fail."""
    features = torch.cat([made_up, real])
    truth = torch.cat([torch.zeros(made_up.shape[:2]), torch.ones(real.shape[:2])])
    said = adversary(_Reversed.apply(features, weight))
    return binary_cross_entropy_with_logits(said, truth.to(said.device))
