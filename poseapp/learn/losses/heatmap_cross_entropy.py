"""Each map as a probability over places: how far it is from the bell around the true one."""

from __future__ import annotations

from torch import Tensor


def heatmap_cross_entropy(raw: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Mean over taught keypoints of KL(target ‖ softmax(raw)); an empty target means "nowhere".

    Args:
        raw: (B, K, h, w) before the softmax.
        targets: (B, K, h, w) bells; they are scaled to sum to one, an empty one to be even.
        weights: (B, K).
    """
    p = targets.flatten(2) + 1e-9
    p = p / p.sum(dim=2, keepdim=True)
    divergence = (p * (p.log() - raw.flatten(2).log_softmax(dim=2))).sum(dim=2)
    return (weights * divergence).sum() / weights.sum().clamp(min=1.0)
