"""Each cell as its own question: is a body's middle here?"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cell_entropy


def heatmap_binary(raw: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Binary cross entropy of every cell, summed over a map, mean over taught maps.

    Args:
        raw: (B, K, h, w) before the sigmoid.
        targets: (B, K, h, w) bells of height 1.
        weights: (B, K).
    """
    least = cell_entropy(targets.clamp(1e-6, 1 - 1e-6).logit(), targets, reduction="none")
    excess = (cell_entropy(raw, targets, reduction="none") - least).sum(dim=(2, 3))
    return (weights * excess).sum() / weights.sum().clamp(min=1.0)
