"""Which poses people take: a mixture of normal distributions over the axis angles of joints.

Learnt on captured motion: see `resources/models/pose_prior.md`. The root's rotation, which says how
a person stands to the camera, is not in it.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import as_file, files

import torch
from safetensors import safe_open
from torch import Tensor

_FILE = files("poseapp.resources") / "models" / "pose_prior.safetensors"


class PosePrior:
    """M normal distributions of D = 3 (J - 1) angles."""

    def __init__(self, weights: Tensor, means: Tensor, factors: Tensor) -> None:
        """Take the mixture.

        Args:
            weights: (M,) that sum to 1.
            means: (M, D) axis angles.
            factors: (M, D, D) upper triangular, with factor @ factor.T the inverse of a covariance.
        """
        self.means = means
        """(M, D) radians."""
        self._factors = factors
        self._weights = weights
        self._logs = weights.log() + factors.diagonal(dim1=1, dim2=2).log().sum(dim=1)

    def mean(self) -> Tensor:
        """(D,) axis angles of the mean pose."""
        return self._weights @ self.means

    def energy(self, angles: Tensor) -> Tensor:
        """(B,) of (B, D): minus the log likelihood, zero at the likeliest centre."""
        apart = angles[:, None] - self.means
        white = torch.einsum("bmd,mde->bme", apart, self._factors)
        logs = self._logs - 0.5 * (white**2).sum(dim=-1)
        return self._logs.max() - torch.logsumexp(logs, dim=-1)


@lru_cache(maxsize=1)
def shipped_prior() -> PosePrior:
    """For the shipped body, in the order of its joints."""
    with as_file(_FILE) as path, safe_open(path, framework="pt") as opened:
        return PosePrior(*(opened.get_tensor(name) for name in ("weights", "means", "factors")))
