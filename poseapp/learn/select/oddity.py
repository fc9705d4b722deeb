"""How odd a pose is: what an auto-encoder that knows the labelled poses cannot give back.

Taketsugu and Ukita, "Active transfer learning for efficient video-specific human pose estimation",
2024: whole-body pose unnaturalness. Theirs starts from a net that knows a large set of people; ours
knows the labels alone, whatever the animal.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poseapp.domain.report import Report
from poseapp.domain.skeleton import Skeleton

WIDTHS = (24, 12, 7, 2)
"""Of the encoder's layers; the decoder mirrors them."""
_LR = 1e-2


def hybrid_features(points: NDArray[np.floating], skeleton: Skeleton) -> NDArray[np.float32]:
    """(N, 2 K + A) places and angles of poses, whatever their place and size; NaN where absent.

    Places are x, then y, from the mean of the present keypoints in units of the longer side of
    their box; angles, in units of half a turn, are those between bones that share a keypoint.
    """
    points = points.astype(np.float64)
    present = np.isfinite(points[..., 0])
    known = np.where(present[..., None], points, 0.0)
    middle = known.sum(axis=1) / present.sum(axis=1).clip(1)[:, None]
    away = np.where(present[..., None], points - middle[:, None], np.nan)
    side = (_reach(away, 1) + _reach(away, -1)).max(axis=1)
    placed = away / np.where(side > 0, side, 1.0)[:, None, None]
    angles = [_angle(points, joint, a, b) for joint, a, b in _joints(skeleton)]
    return np.column_stack([placed[..., 0], placed[..., 1], *angles]).astype(np.float32)


def _reach(away: NDArray[np.float64], direction: int) -> NDArray[np.float64]:
    """(N, 2) how far the keypoints reach from the middle, up or down each axis."""
    return np.where(np.isnan(away), 0.0, direction * away).max(axis=1)


def _joints(skeleton: Skeleton) -> list[tuple[int, int, int]]:
    """(shared keypoint, end of one bone, end of the other) of every two bones that meet."""
    found = []
    for one, other in combinations(skeleton.bones, 2):
        shared = set(one) & set(other)
        if len(shared) == 1:
            (joint,) = shared
            found.append((joint, sum(one) - joint, sum(other) - joint))
    return found


def _angle(points: NDArray[np.float64], joint: int, a: int, b: int) -> NDArray[np.float64]:
    """(N,) 0 for bones that lie on each other to 1 for a straight line."""
    one, other = points[:, a] - points[:, joint], points[:, b] - points[:, joint]
    across = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    return np.abs(np.arctan2(across, (one * other).sum(axis=1))) / np.pi


class AutoEncoder(nn.Module):
    """Features through two numbers and back."""

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = (width, *WIDTHS, *WIDTHS[-2::-1], width)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.Tanh()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, features: Tensor) -> Tensor:
        """(N, D) features as they come back."""
        return self.layers(features)


def oddity(
    labelled: NDArray[np.floating],
    candidates: NDArray[np.floating],
    steps: int,
    seed: int,
    report: Report,
) -> NDArray[np.float64]:
    """(N,) mean squared error of giving the candidates' features back; NaN where none is present.

    Absent features stand at the mean and count for nothing.

    Args:
        labelled: (L, D) features that the auto-encoder learns.
        candidates: (N, D)
        steps: of its training.
        seed: the same one gives the same answer.
        report: of the training.

    Raises:
        JobCancelled: when a person stopped it.
    """
    known = np.isfinite(labelled)
    count = known.sum(axis=0).clip(1)
    middle = np.where(known, labelled, 0.0).sum(axis=0) / count
    deviation = np.sqrt(np.where(known, (labelled - middle) ** 2, 0.0).sum(axis=0) / count)
    scale = np.maximum(deviation, _LEAST)

    def standard(features: NDArray[np.floating]) -> tuple[Tensor, Tensor]:
        present = np.isfinite(features)
        rows = np.where(present, (features - middle) / scale, 0.0).astype(np.float32)
        return torch.from_numpy(rows), torch.from_numpy(present)

    rows, present = standard(labelled)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = AutoEncoder(rows.shape[1])
        optimiser = torch.optim.Adam(net.parameters(), lr=_LR)
        for step in range(steps):
            report.progress(step / steps, "Learning how bodies stand")
            optimiser.zero_grad()
            _error(net(rows), rows, present).mean().backward()
            optimiser.step()
    asked, present = standard(candidates)
    with torch.inference_mode():
        found = _error(net(asked), asked, present).double().numpy()
    return np.where(present.numpy().any(axis=1), found, np.nan)


_LEAST = 0.02
"""Of a feature's deviation: what never moves among the labels is no reason for alarm."""


def _error(given: Tensor, wanted: Tensor, present: Tensor) -> Tensor:
    """(N,) mean squared error of what is present."""
    squares = torch.where(present, (given - wanted).square(), 0.0)
    return squares.sum(dim=1) / present.sum(dim=1).clamp(min=1)
