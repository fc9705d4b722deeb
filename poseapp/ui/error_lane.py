"""The lane of a curve in pixels, whose largest values matter."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from poseapp.ui.lanes import CurveLane, TimeScale

_OVER_LIMIT = 2.0
"""How high the lane is at least, as a multiple of the limit."""


class ErrorLane(CurveLane):
    """Reprojection errors; of the frames under one px the largest is drawn."""

    def __init__(self, title: str, hint: str = "") -> None:
        super().__init__(title, hint)
        self._worst = np.maximum
        self._limit = self._top = 1.0

    def set_errors(self, frames: ArrayLike, errors_px: ArrayLike, limit_px: float) -> None:
        """An error in pixels for each of these frames; the line is drawn at the limit."""
        errors = np.asarray(errors_px, float)
        known = np.isfinite(errors)
        largest = float(errors[known].max()) if known.any() else 0.0
        self._limit, self._top = limit_px, max(largest, _OVER_LIMIT * limit_px, 1e-6)
        self.threshold = limit_px / self._top
        self.set_scores(np.asarray(frames)[known], errors[known] / self._top)

    def describe(self, scale: TimeScale, x: float) -> str:
        """The error of the frame at a position."""
        if self.is_empty():
            return ""
        at = min(int(np.searchsorted(self._frames, scale.frame(x))), len(self._frames) - 1)
        return f"Frame {int(self._frames[at]):,}: {self._scores[at] * self._top:.1f} px off"

    def _threshold_text(self) -> str:
        return f"{self._limit:.0f}"
