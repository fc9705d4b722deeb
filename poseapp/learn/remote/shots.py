"""Shots: between which frames the camera was cut, and whether anything moves at all."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 32
CUT = 0.06
"""Mean difference in brightness, as a share of white, below which nothing is a cut."""
_SUDDEN = 4.0
"""A cut differs so many times more than the frames around it do; a fast pan does not."""
_AROUND = 4
STILL = 0.002
"""Mean difference below which a frame repeats the one before."""


def small_copy(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(32, 32) brightness in 0..1."""
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32) / np.float32(255)


def changes(copies: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N - 1,) mean differences between neighbours of (N, 32, 32)."""
    return np.abs(np.diff(copies, axis=0)).mean(axis=(1, 2)).astype(np.float64)


def shots(copies: NDArray[np.float32], *, film: bool = True) -> NDArray[np.intp]:
    """(N,) the number of each frame's shot, counted from 0.

    Pictures in a folder are a film only while neighbours look alike: each other one is a shot.
    """
    change = changes(copies)
    cuts = change > CUT
    for n in np.flatnonzero(cuts) if film else ():
        around = np.delete(change[max(0, n - _AROUND) : n + _AROUND + 1], min(n, _AROUND))
        cuts[n] = not len(around) or change[n] > _SUDDEN * np.median(around)
    return np.concatenate([[0], np.cumsum(cuts)]).astype(np.intp)
