"""What a game shows while it is played; read without loading torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef


@dataclass(frozen=True, slots=True)
class Picked:
    """One pick and what it earned."""

    labelled: FrameRef
    partner: FrameRef
    reward: float
    """Equation 1, in per cent."""

    @property
    def offset(self) -> int:
        """Frames from the label to its partner; negative before it."""
        return self.partner.frame - self.labelled.frame


@dataclass(frozen=True, slots=True, eq=False)
class Reconstructions:
    """A pair and what the Motion Transformer makes of each frame from the other one."""

    number: int
    """Of the pick, counted from 0."""
    picked: Picked
    labelled: NDArray[np.uint8]
    """(h, w, 3) BGR, as are the others."""
    labelled_again: NDArray[np.uint8]
    partner: NDArray[np.uint8]
    partner_again: NDArray[np.uint8]
