"""A graph net that tells labelled frames from unlabelled ones by what they are near to.

Caramalau, Bhattarai and Kim, "Sequential graph convolutional network for active learning", 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from poseapp.domain.report import Report


class Affinity:
    """Cosines between N rows: without self, columns scaled to sum to one, plus the identity.

    The N × N matrix is never made: a product with it is two thin ones.
    """

    def __init__(self, rows: Tensor) -> None:
        unit = functional.normalize(rows, dim=1)
        self._unit = unit
        self._own = unit.square().sum(dim=1, keepdim=True)
        columns = unit @ unit.sum(dim=0)[:, None] - self._own
        self._scale = 1 / columns.clamp(min=_LEAST)

    def __matmul__(self, values: Tensor) -> Tensor:
        """The (N, N) matrix times (N, D) values."""
        scaled = values * self._scale
        return self._unit @ (self._unit.T @ scaled) - self._own * scaled + values


_LEAST = 1e-2
"""Of a column's sum: a frame that is like no other would else outshout all."""


class GraphNet(nn.Module):
    """Two graph convolutions: rows → hidden → how likely each is labelled, before the sigmoid."""

    def __init__(self, width: int, hidden: int = 128, dropout: float = 0.3) -> None:
        super().__init__()
        self.first = nn.Linear(width, hidden)
        self.dropout = nn.Dropout(dropout)
        self.second = nn.Linear(hidden, 1)

    def hidden(self, spread: Tensor) -> Tensor:
        """(N, H) from the affinity times the rows."""
        return torch.relu(self.first(spread))

    def forward(self, spread: Tensor, affinity: Affinity) -> Tensor:
        """(N,) of the affinity times the rows."""
        seen = self.dropout(self.hidden(spread))
        return (affinity @ (seen @ self.second.weight.T) + self.second.bias)[:, 0]


def labelled_or_not(raw: Tensor, labelled: int, weight: float) -> Tensor:
    """-mean log p of the first rows, which are labelled, - weight · mean log (1 - p) of the rest.

    Args:
        raw: (N,) before the sigmoid.
        labelled: how many of the rows are.
        weight: λ of the paper.
    """
    known = functional.logsigmoid(raw[:labelled]).mean()
    unknown = functional.logsigmoid(-raw[labelled:]).mean()
    return -known - weight * unknown


_LR, _WEIGHT_DECAY, _UNLABELLED_WEIGHT = 1e-3, 5e-4, 1.2
"""As in the paper."""


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """What a trained graph net says of frames, the labelled ones first."""

    hidden: NDArray[np.float32]
    """(N, 128)"""
    labelled: NDArray[np.float32]
    """(N,) how likely each is labelled."""


def trained(
    labelled: NDArray[np.floating],
    candidates: NDArray[np.floating],
    steps: int,
    seed: int,
    report: Report,
) -> Nodes:
    """Train a graph net on rows of features; the same seed gives the same net.

    Raises:
        JobCancelled: when a person stopped it.
    """
    rows = torch.from_numpy(np.concatenate([labelled, candidates]).astype(np.float32))
    affinity = Affinity(rows)
    spread = affinity @ functional.normalize(rows, dim=1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = GraphNet(rows.shape[1])
        optimiser = torch.optim.Adam(net.parameters(), lr=_LR, weight_decay=_WEIGHT_DECAY)
        for step in range(steps):
            report.progress(step / steps, "Learning what is labelled")
            optimiser.zero_grad()
            raw = net(spread, affinity)
            labelled_or_not(raw, len(labelled), _UNLABELLED_WEIGHT).backward()
            optimiser.step()
    net.eval()
    with torch.inference_mode():
        return Nodes(net.hidden(spread).numpy(), net(spread, affinity).sigmoid().numpy())
