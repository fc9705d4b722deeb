"""Loss nets: small nets that foretell how wrong a pose net is on a frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poseapp.domain.report import Report

PairLoss = Callable[[Tensor, Tensor], Tensor]
"""(2 B,) foretold and true losses → what is to be small."""


class LevelsNet(nn.Module):
    """Learning loss: each level's mean through a layer of its own, then one for all.

    Yoo and Kweon, "Learning loss for active learning", 2019.
    """

    def __init__(self, levels: int, channels: int, width: int = 128) -> None:
        super().__init__()
        self.levels = nn.ModuleList(nn.Linear(channels, width) for _ in range(levels))
        self.last = nn.Linear(levels * width, 1)

    def forward(self, means: Tensor) -> Tensor:
        """(B, levels, channels) → (B,) foretold losses."""
        seen = [torch.relu(layer(means[:, n])) for n, layer in enumerate(self.levels)]
        return self.last(torch.cat(seen, dim=1))[:, 0]


class MapNet(nn.Module):
    """Learning loss++: convolutions of the last features, then layers of 128-64-32-16-8-1.

    Shukla and Ahmed, "A mathematical analysis of learning loss for active learning in regression",
    2021.
    """

    WIDTHS = (128, 64, 32, 16, 8)

    def __init__(self, channels: int) -> None:
        super().__init__()
        first = self.WIDTHS[0]
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, first, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(first, first, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        layers: list[nn.Module] = []
        for before, after in zip(self.WIDTHS, self.WIDTHS[1:], strict=False):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(self.WIDTHS[-1], 1))

    def forward(self, maps: Tensor) -> Tensor:
        """(B, channels, 8, 8) → (B,) foretold losses."""
        return self.layers(self.convolutions(maps).mean(dim=(2, 3)))[:, 0]


def margin_ranking(foretold: Tensor, true: Tensor, margin: float = 1.0) -> Tensor:
    """Mean over pairs (i, 2 B - 1 - i) of how far the worse frame fails to be foretold as such.

    Yoo and Kweon 2019, equation 2: max(0, margin - sign(l_i - l_j) (p_i - p_j)). Equal losses give
    the margin and no gradient.

    Args:
        foretold: (2 B,)
        true: (2 B,)
        margin: by which the worse one should lead.
    """
    sign = _pairs(true).diff(dim=1).sign()
    return (margin - sign * _pairs(foretold).diff(dim=1)).clamp(min=0).mean()


def pair_divergence(foretold: Tensor, true: Tensor) -> Tensor:
    """Mean over pairs (i, 2 B - 1 - i) of KL(their true losses' shares ‖ softmax of the foretold).

    Shukla and Ahmed 2021.

    Args:
        foretold: (2 B,)
        true: (2 B,) none below 0.
    """
    losses = _pairs(true) + 1e-12
    shares = losses / losses.sum(dim=1, keepdim=True)
    divergence = shares * (shares.log() - _pairs(foretold).log_softmax(dim=1))
    return divergence.sum(dim=1).mean()


def _pairs(values: Tensor) -> Tensor:
    """(B, 2): the first with the last, the second with the last but one, and so on."""
    half = len(values) // 2
    return torch.stack([values[:half], values.flip(0)[:half]], dim=1)


_BATCH = 20
"""Frames a step, two a pair."""
_LR = 1e-3


def foretold(
    make: Callable[[], nn.Module],
    pair_loss: PairLoss,
    known: tuple[NDArray[np.floating], NDArray[np.floating]],
    asked: NDArray[np.floating],
    steps: int,
    seed: int,
    report: Report,
) -> NDArray[np.float64]:
    """(N,) what a loss net, trained here, says of the frames that are asked.

    Args:
        make: a new net.
        pair_loss: what it learns by.
        known: inputs of labelled frames, and their losses.
        asked: inputs of other frames.
        steps: of its training.
        seed: the same one gives the same answer.
        report: of the training.

    Raises:
        JobCancelled: when a person stopped it.
    """
    inputs, losses = (torch.from_numpy(np.asarray(v, np.float32)) for v in known)
    spread, middle = torch.std_mean(inputs, dim=0)
    spread = torch.where(spread > 0, spread, 1.0)
    pairs = max(1, min(_BATCH, len(inputs)) // 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = make()
        optimiser = torch.optim.Adam(net.parameters(), lr=_LR)
        for step in range(steps):
            report.progress(step / steps, "Learning where the net errs")
            drawn = torch.randperm(len(inputs))[: 2 * pairs]
            optimiser.zero_grad()
            pair_loss(net((inputs[drawn] - middle) / spread), losses[drawn]).backward()
            optimiser.step()
    net.eval()
    with torch.inference_mode():
        parts = [
            net((torch.from_numpy(np.asarray(part, np.float32)) - middle) / spread)
            for part in np.array_split(asked, 1 + len(asked) // 512)
            if len(part)
        ]
    return torch.cat(parts).double().numpy() if parts else np.empty(0)
