"""The lanes of the timeline. Each keeps its data sorted and draws only what is in view.

Frames are binned to pixel columns before they are drawn, so that a lane costs the same for an
hour of video as for a minute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from poseapp.domain.suggestion import Answer
from poseapp.ui import theme

_DIAMOND = 5.5
_TICK = 2.0
_ROUNDED_FROM = 8.0
"""px from which a track's bar has round ends."""
_SNAP = 6.0
"""px within which a click means the mark and not the frame under it."""


@dataclass(frozen=True, slots=True)
class TimeScale:
    """Which frames are in view, and where."""

    first: float
    span: float
    """Frames between the left and the right end."""
    left: float
    width: float
    """px"""

    def x(self, frames: ArrayLike) -> NDArray[np.float64]:
        """Where frames stand, in px."""
        return self.left + (np.asarray(frames, float) - self.first) * (self.width / self.span)

    def frame(self, x: float) -> float:
        """What stands at a position in px; with a fraction."""
        return self.first + (x - self.left) * self.span / self.width

    def visible(self, frames: NDArray[np.int64], margin: float = 8.0) -> slice:
        """The part of sorted frames that is in view or within `margin` px of it."""
        beyond = margin * self.span / self.width
        low, high = np.searchsorted(
            frames, [self.first - beyond, self.first + self.span + beyond], side="left"
        )
        return slice(int(low), int(high))


def columns(scale: TimeScale, frames: NDArray[np.int64], step: float = 1.0) -> list[float]:
    """The px positions of sorted frames in view, at most one for each `step` px."""
    x = scale.x(frames[scale.visible(frames)])
    return (np.unique(np.round(x / step)) * step).tolist()


def _sorted(frames: ArrayLike) -> NDArray[np.int64]:
    return np.sort(np.asarray(frames, dtype=np.int64))


def _nearest(scale: TimeScale, frames: NDArray[np.int64], x: float) -> int | None:
    """The frame whose mark stands within reach of a position."""
    seen = frames[scale.visible(frames)]
    if not len(seen):
        return None
    apart = np.abs(scale.x(seen) - x)
    best = int(apart.argmin())
    return int(seen[best]) if apart[best] <= _SNAP else None


class MarksLane:
    """Suggestions as diamonds (filled while open) and labels as ticks; either may be left out."""

    def __init__(self, title: str, hint: str = "") -> None:
        self.title = title
        self.hint = hint
        """Shown while the lane is empty."""
        self.height_role = "lane"
        self._labels = _sorted([])
        self._open = _sorted([])
        self._answered = _sorted([])

    def set_labels(self, frames: ArrayLike) -> None:
        """Frames that hold labels."""
        self._labels = _sorted(frames)

    def set_suggestions(self, frames: ArrayLike, answers: Sequence[Answer]) -> None:
        """Picked frames and what was answered; skipped ones are still open."""
        waiting = np.array([a in (Answer.OPEN, Answer.SKIPPED) for a in answers], dtype=bool)
        frames = np.asarray(frames, dtype=np.int64)
        self._open, self._answered = _sorted(frames[waiting]), _sorted(frames[~waiting])

    def is_empty(self) -> bool:
        return not (len(self._labels) or len(self._open) or len(self._answered))

    def snap(self, scale: TimeScale, x: float) -> int | None:
        """The frame of the mark at a position, open suggestions before the others."""
        for frames in (self._open, self._answered, self._labels):
            frame = _nearest(scale, frames, x)
            if frame is not None:
                return frame
        return None

    def describe(self, scale: TimeScale, x: float) -> str:
        """What a tool tip says about the mark at a position."""
        for frames, what in (
            (self._open, "suggestion, open"),
            (self._answered, "suggestion, answered"),
            (self._labels, "labelled"),
        ):
            frame = _nearest(scale, frames, x)
            if frame is not None:
                return f"Frame {frame:,}: {what}"
        return ""

    def paint(self, painter: QPainter, rect: QRectF, scale: TimeScale) -> None:
        self._paint_ticks(painter, rect, scale)
        middle = rect.center().y()
        for frames, filled in ((self._answered, False), (self._open, True)):
            ratio = painter.device().devicePixelRatio()
            accent = theme.color("accent").rgb()
            diamond = _diamond(accent, theme.color("window").rgb(), filled=filled, ratio=ratio)
            half = diamond.width() / ratio / 2
            for x in columns(scale, frames, step=2.0):
                painter.drawPixmap(QPointF(x - half, middle - half), diamond)

    def _paint_ticks(self, painter: QPainter, rect: QRectF, scale: TimeScale) -> None:
        top, height = rect.top() + 3, rect.height() - 6
        ticks = [QRectF(x - _TICK / 2, top, _TICK, height) for x in columns(scale, self._labels)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("text"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.drawRects(ticks)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)


@lru_cache(maxsize=16)
def _diamond(rgb: int, ground: int, *, filled: bool, ratio: float) -> QPixmap:
    """A suggestion's mark, painted once: hollow ones are answered."""
    side = 2 * round((_DIAMOND + 1) * ratio) + 1  # odd, so that the centre is a pixel
    made = QPixmap(side, side)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(side / ratio / 2, side / ratio / 2)
    painter.rotate(45)
    reach = (_DIAMOND if filled else _DIAMOND - 0.75) / math.sqrt(2)
    painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor.fromRgb(rgb), 1.5))
    painter.setBrush(QColor.fromRgb(rgb if filled else ground))
    painter.drawRect(QRectF(-reach, -reach, 2 * reach, 2 * reach))
    painter.end()
    return made


class CurveLane:
    """The confidence of the predictions; of the frames under one px the least sure is drawn."""

    def __init__(self, title: str, hint: str = "") -> None:
        self.title = title
        self.hint = hint
        self.height_role = "laneCurve"
        self.threshold = 0.3
        self._worst = np.minimum
        self._frames = _sorted([])
        self._scores = np.empty(0)
        self._usual_step = 1.0

    def set_scores(self, frames: ArrayLike, scores: ArrayLike) -> None:
        """One score in 0..1 for each of these frames."""
        frames, scores = np.asarray(frames, dtype=np.int64), np.asarray(scores, dtype=np.float64)
        order = np.argsort(frames, kind="stable")
        self._frames, self._scores = frames[order], np.clip(scores[order], 0, 1)
        steps = np.diff(self._frames)
        self._usual_step = float(np.median(steps)) if len(steps) else 1.0

    def is_empty(self) -> bool:
        return not len(self._frames)

    def snap(self, scale: TimeScale, x: float) -> int | None:
        """Nothing: every frame is as good as the next."""
        return None

    def describe(self, scale: TimeScale, x: float) -> str:
        """The score of the frame at a position."""
        if self.is_empty():
            return ""
        at = min(int(np.searchsorted(self._frames, scale.frame(x))), len(self._frames) - 1)
        return f"Frame {int(self._frames[at]):,}: confidence {self._scores[at]:.2f}"

    def points(self, scale: TimeScale) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Positions in px and the worst score that falls on each; NaN scores are gaps."""
        seen = scale.visible(self._frames)
        frames, scores = self._frames[seen], self._scores[seen]
        if not len(frames):
            return np.empty(0), np.empty(0)
        x = np.round(scale.x(frames)) if len(frames) > scale.width else scale.x(frames)
        starts = np.flatnonzero(np.diff(x, prepend=-np.inf) > 0)
        worst = self._worst.reduceat(scores, starts)
        jumps = np.flatnonzero(np.diff(frames[starts]) > self._widest_step(scale)) + 1
        return np.insert(x[starts], jumps, x[starts][jumps]), np.insert(worst, jumps, np.nan)

    def _widest_step(self, scale: TimeScale) -> float:
        """Frames between neighbours above which the curve is broken."""
        return 1.5 * self._usual_step + 2 * scale.span / scale.width

    def paint(self, painter: QPainter, rect: QRectF, scale: TimeScale) -> None:
        inner = rect.adjusted(0, 3, 0, -3)
        self._paint_threshold(painter, rect, inner)
        x, scores = self.points(scale)
        y = inner.bottom() - scores * inner.height()
        ends = list(zip(x.tolist(), y.tolist(), strict=True))
        gaps = np.isnan(y).tolist()
        lines = [
            QLineF(*ends[n], *ends[n + 1])
            for n in range(len(ends) - 1)
            if not (gaps[n] or gaps[n + 1])
        ]
        painter.setPen(QPen(theme.color("curve"), 1.5))
        painter.drawLines(lines)

    def _threshold_text(self) -> str:
        return f"{self.threshold:.2f}".lstrip("0")

    def _paint_threshold(self, painter: QPainter, rect: QRectF, inner: QRectF) -> None:
        y = inner.bottom() - self.threshold * inner.height()
        pen = QPen(theme.color("text3"), 1)
        pen.setDashPattern([2, 4])
        painter.setPen(pen)
        painter.drawLine(QLineF(rect.left(), y, rect.right(), y))
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("text3"))
        text = self._threshold_text()
        place = QRectF(rect.left() - 40, y - 8, 34, 16)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


class TracksLane:
    """Individuals as bars, in as many rows as there are at once."""

    def __init__(self, title: str, hint: str = "") -> None:
        self.title = title
        self.hint = hint
        self.height_role = "lane"
        self._names: list[str] = []
        self._bars = np.empty((0, 3), np.int64)

    def set_tracks(self, tracks: Sequence[tuple[str, int, int]]) -> None:
        """(name, first frame, last frame) of every uninterrupted stretch."""
        ordered = sorted(tracks, key=lambda track: track[1])
        self._names = [name for name, _start, _end in ordered]
        row_of: dict[str, int] = {}
        ends: list[int] = []
        bars: list[tuple[int, int, int]] = []
        for name, start, end in ordered:
            row = row_of.get(name)
            if row is None or ends[row] >= start:
                row = next((r for r, last in enumerate(ends) if last < start), len(ends))
            if row == len(ends):
                ends.append(end)
            ends[row], row_of[name] = end, row
            bars.append((start, end, row))
        self._bars = np.array(bars, np.int64).reshape(-1, 3)

    def is_empty(self) -> bool:
        return not len(self._bars)

    @property
    def rows(self) -> int:
        return int(self._bars[:, 2].max()) + 1 if len(self._bars) else 1

    def snap(self, scale: TimeScale, x: float) -> int | None:
        """Nothing: a bar is no single frame."""
        return None

    def describe(self, scale: TimeScale, x: float) -> str:
        """The individuals at a position."""
        frame = scale.frame(x)
        here = (self._bars[:, 0] <= frame) & (self._bars[:, 1] >= frame)
        return ", ".join(self._names[n] for n in np.flatnonzero(here)[:8].tolist())

    def paint(self, painter: QPainter, rect: QRectF, scale: TimeScale) -> None:
        pitch = rect.height() / self.rows
        thick = max(1.0, pitch - 2) if self.rows > 1 else rect.height()
        bars = self._bars
        bars = bars[(bars[:, 1] >= scale.first) & (bars[:, 0] <= scale.first + scale.span)]
        painter.setPen(Qt.PenStyle.NoPen)
        for row in range(self.rows):
            own = bars[bars[:, 2] == row]
            top = rect.top() + row * pitch
            painter.setBrush(self._colour(row))
            short: list[QRectF] = []
            for left, right in self._stretches(scale, own, rect):
                bar = QRectF(left, top, right - left, thick)
                if bar.width() > _ROUNDED_FROM:
                    painter.drawRoundedRect(bar, 2, min(2, thick / 2))
                else:
                    short.append(bar)
            painter.drawRects(short)

    def _stretches(
        self, scale: TimeScale, bars: NDArray[np.int64], rect: QRectF
    ) -> list[tuple[float, float]]:
        """Left and right of the bars, at most one for each px."""
        left = np.clip(scale.x(bars[:, 0]), rect.left(), rect.right())
        right = np.clip(np.maximum(scale.x(bars[:, 1]), left + 1), rect.left(), rect.right())
        kept = np.diff(np.round(left), prepend=-np.inf) > 0
        return list(zip(left[kept].tolist(), right[kept].tolist(), strict=True))

    def _colour(self, row: int) -> QColor:
        return theme.color("control" if row % 2 == 0 else "line2")


Lane = MarksLane | CurveLane | TracksLane
