"""Which part of a video the timeline shows: zooming and panning, without a pixel."""

from __future__ import annotations

from poseapp.ui.lanes import TimeScale

STEP = 1.25
"""One step of zooming."""
_FEWEST_FRAMES = 20


class TimeView:
    """The frames in view, never beyond the ends of the video."""

    def __init__(self) -> None:
        self._longest = 1.0
        self.first, self.span = 0.0, 1.0
        """The frame at the left end, and how many lie between there and the right end."""

    def set_length(self, frame_count: int) -> None:
        """Look at a whole video of this many frames."""
        self._longest = float(max(1, frame_count - 1))
        self.fit()

    def fit(self) -> None:
        """Look at the whole video."""
        self._look_at(0, self._longest)

    def pan(self, frames: float) -> None:
        """Look this many frames further on."""
        self._look_at(self.first + frames, self.span)

    def zoom(self, frame: float, factor: float) -> None:
        """Show `factor` times as many frames; `frame` keeps its place."""
        before = self.span
        wanted = min(max(before * factor, _FEWEST_FRAMES), self._longest)
        self._look_at(frame - (frame - self.first) * wanted / before, wanted)

    def bring(self, frame: int) -> bool:
        """Have a frame in view, in the middle if it was not; whether that moved the view."""
        if self.first <= frame <= self.last:
            return False
        self._look_at(frame - self.span / 2, self.span)
        return True

    @property
    def last(self) -> float:
        """The frame at the right end."""
        return self.first + self.span

    @property
    def zoomed(self) -> bool:
        """Whether less than the whole video is in view."""
        return self.span < self._longest

    def scale(self, left: float, width: float) -> TimeScale:
        """Where the frames in view stand between `left` and `left + width` px."""
        return TimeScale(self.first, self.span, left, width)

    def _look_at(self, first: float, span: float) -> None:
        self.span = min(max(span, min(_FEWEST_FRAMES, self._longest)), self._longest)
        self.first = min(max(first, 0.0), self._longest - self.span)
