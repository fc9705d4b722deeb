"""Motions without their quick parts: the smoother of Whittaker (1923), by Fourier transform."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class LowPass:
    """Takes the share 1/√(1 + (ωτ)⁴) of each frequency ω; applied twice, it is the smoother.

    That is what minimises (smooth - given)² + τ⁴ · acceleration². Frames are even within runs;
    nothing goes from one run to the next.
    """

    def __init__(self, frames: NDArray[np.int64], fps: float, tau_s: float) -> None:
        """`frames` are (T,) ascending numbers; `tau_s` is τ."""
        steps = np.diff(frames)
        step = int(steps.min()) if len(steps) else 1
        ends = [0, *(np.flatnonzero(steps > step) + 1).tolist(), len(frames)]
        self._runs = [
            (slice(first, last), _shares(last - first, tau_s * fps / step))
            for first, last in pairwise(ends)
        ]

    def __call__(self, values: Tensor) -> Tensor:
        """(T, …) of (T, …)."""
        return torch.cat([_passed(values[run], shares) for run, shares in self._runs])


def _shares(frames: int, tau: float) -> Tensor:
    """(frames + 1,) of the frequencies of a run that is mirrored at its end."""
    turns = torch.linspace(0, math.pi, frames + 1)
    return (1 + (turns * tau) ** 4) ** -0.5


def _passed(values: Tensor, shares: Tensor) -> Tensor:
    mirrored = torch.cat([values, values.flip(0)])
    waves = torch.fft.rfft(mirrored, dim=0) * shares.view(-1, *[1] * (values.dim() - 1))
    return torch.fft.irfft(waves, n=len(mirrored), dim=0)[: len(values)]
