"""The timeline: lanes over all frames of a video, a ruler, and the playhead.

The lanes are painted once into a pixmap; while the video plays only the playhead is drawn on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from poseapp.domain.suggestion import Answer
from poseapp.ui import ruler, theme
from poseapp.ui.lanes import CurveLane, Lane, MarksLane, TimeScale, TracksLane

_TITLES = 112
"""px at the left for the names of the lanes."""
_RIGHT = 16
_GAP = 4
_FEWEST_FRAMES = 20
_STEP = 1.25
_DRAG_STARTS = 3


class _Hold(Enum):
    """What a press holds."""

    PLAYHEAD = "playhead"
    TIME = "time"
    RANGE = "range"


class Timeline(QWidget):
    """Shows where labels, suggestions, doubts and tracks are, and lets a person go there."""

    seek_requested = Signal(int)
    scrubbing = Signal(int)
    scrub_finished = Signal(int)
    range_selected = Signal(int, int)
    """First and last frame."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame_count = 0
        self._fps = 0.0
        self._position = 0
        self._first, self._span = 0.0, 1.0
        self._compact = False
        self._suggestions = MarksLane("Suggestions")
        self._labels = MarksLane("Labels", "your labels will show here")
        self._frames = MarksLane("Frames", "your labels will show here")
        self._confidence = CurveLane("Confidence", "appears after the first training")
        self._tracks = TracksLane("Tracks")
        self._static: QPixmap | None = None
        self._press: tuple[_Hold, QPointF] | None = None
        self._moving = False
        self._hover: float | None = None
        self._range: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Timeline")
        theme.notifier.changed.connect(self._renew)

    # -- data --------------------------------------------------------------------------------

    def set_video(self, frame_count: int, fps: float) -> None:
        """Show another video from its start, whole, with empty lanes."""
        self._frame_count, self._fps = frame_count, fps
        self._position, self._range = 0, None
        self.set_labels([])
        self.set_suggestions([], [])
        self.set_confidence([], [])
        self.set_tracks([])
        self.zoom_fit()
        self._speak()

    def set_position(self, frame: int) -> None:
        """Put the playhead on a frame and bring it into view."""
        self._position = frame
        if not self._first <= frame <= self._first + self._span:
            self._look_at(frame - self._span / 2, self._span)
        self.update()
        self._speak()

    def set_labels(self, frames: ArrayLike) -> None:
        """Frames that hold labels."""
        self._labels.set_labels(frames)
        self._frames.set_labels(frames)
        self._renew()

    def set_suggestions(self, frames: ArrayLike, answers: Sequence[Answer]) -> None:
        """Picked frames, and what was answered."""
        self._suggestions.set_suggestions(frames, answers)
        self._frames.set_suggestions(frames, answers)
        self._renew()

    def set_confidence(self, frames: ArrayLike, scores: ArrayLike) -> None:
        """How sure the net is of each of these frames, in 0..1."""
        self._confidence.set_scores(frames, scores)
        self._renew()

    def set_tracks(self, tracks: Sequence[tuple[str, int, int]]) -> None:
        """(name, first frame, last frame) of every uninterrupted stretch of a track."""
        self._tracks.set_tracks(tracks)
        self._renew()

    def set_threshold(self, low_confidence: float) -> None:
        """Draw the line of low confidence here."""
        self._confidence.threshold = low_confidence
        self._renew()

    def set_compact(self, compact: bool) -> None:
        """Let suggestions and labels share one lane, for small windows."""
        if compact != self._compact:
            self._compact = compact
            self.updateGeometry()
            self._renew()

    # -- view --------------------------------------------------------------------------------

    def zoom_in(self) -> None:
        """One step nearer, around the playhead."""
        self._zoom_at(self._position, 1 / _STEP)

    def zoom_out(self) -> None:
        """One step farther, around the playhead."""
        self._zoom_at(self._position, _STEP)

    def zoom_fit(self) -> None:
        """Show the whole video."""
        self._look_at(0, self._longest())

    @property
    def visible_frames(self) -> tuple[float, float]:
        """The frames at the left and right end."""
        return self._first, self._first + self._span

    def sizeHint(self) -> QSize:
        return QSize(720, self._wanted_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(320, self._wanted_height())

    def _wanted_height(self) -> int:
        return ruler.HEIGHT + sum(theme.height(lane.height_role) for lane in self._lanes()) + _GAP

    def _bottom(self) -> int:
        """Where the lowest lane ends, in px."""
        return self._wanted_height() - _GAP

    def _lanes(self) -> Sequence[Lane]:
        if self._compact:
            return (self._frames, self._confidence, self._tracks)
        return (self._suggestions, self._labels, self._confidence, self._tracks)

    def _places(self) -> Iterator[tuple[Lane, QRectF]]:
        """Each lane with its rectangle."""
        top = float(ruler.HEIGHT)
        for lane in self._lanes():
            height = theme.height(lane.height_role)
            yield lane, QRectF(_TITLES, top, self._lane_width(), height - _GAP)
            top += height

    def _lane_width(self) -> float:
        return max(1.0, self.width() - _TITLES - _RIGHT)

    def _scale(self) -> TimeScale:
        return TimeScale(self._first, self._span, _TITLES, self._lane_width())

    def _longest(self) -> float:
        return float(max(1, self._frame_count - 1))

    def _look_at(self, first: float, span: float) -> None:
        longest = self._longest()
        self._span = min(max(span, min(_FEWEST_FRAMES, longest)), longest)
        self._first = min(max(first, 0.0), longest - self._span)
        self._renew()

    def _zoom_at(self, frame: float, factor: float) -> None:
        before = self._span
        wanted = min(max(before * factor, _FEWEST_FRAMES), self._longest())
        self._look_at(frame - (frame - self._first) * wanted / before, wanted)

    def _renew(self) -> None:
        self._static = None
        self.update()

    # -- mouse -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if not self._frame_count or self._press:
            return
        self._moving = False
        if event.button() == Qt.MouseButton.MiddleButton:
            self._press = _Hold.TIME, at
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press = self._held(at, event.modifiers()), at
            if self._press[0] is _Hold.PLAYHEAD and not self._bubble().contains(at):
                self.seek_requested.emit(self._clicked_frame(at))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._hover = at.x() if _TITLES <= at.x() <= self.width() - _RIGHT else None
        if self._press:
            self._drag(at)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        press, self._press = self._press, None
        if press is None or not self._moving:
            return
        frame = self._frame_at(event.position().x())
        if press[0] is _Hold.PLAYHEAD:
            self.scrub_finished.emit(frame)
        elif press[0] is _Hold.RANGE and self._range:
            self.range_selected.emit(*self._range)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.position().y() < ruler.HEIGHT:
            self.zoom_fit()
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        sideways = turned.x() or (turned.y() if self._wants_pan(event) else 0)
        if sideways:
            self._look_at(self._first - sideways / 120 * self._span / 10, self._span)
        elif turned.y():
            frame = self._scale().frame(event.position().x())
            self._zoom_at(frame, _STEP ** (-turned.y() / 120))
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover = None
        self.update()

    def _wants_pan(self, event: QWheelEvent) -> bool:
        return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)

    def _held(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> _Hold:
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            return _Hold.RANGE
        zoomed = self._span < self._longest()
        if at.y() < ruler.HEIGHT and zoomed and not self._bubble().contains(at):
            return _Hold.TIME
        return _Hold.PLAYHEAD

    def _drag(self, at: QPointF) -> None:
        if self._press is None:
            return
        hold, start = self._press
        self._moving = self._moving or abs(at.x() - start.x()) >= _DRAG_STARTS
        if not self._moving:
            return
        if hold is _Hold.TIME:
            per_px = self._span / self._lane_width()
            self._look_at(self._first - (at.x() - start.x()) * per_px, self._span)
            self._press = hold, at
        elif hold is _Hold.RANGE:
            ends = sorted((self._frame_at(start.x()), self._frame_at(at.x())))
            self._range = ends[0], ends[1]
        elif self._frame_at(at.x()) != self._position:
            self._position = self._frame_at(at.x())
            self.scrubbing.emit(self._position)

    def _frame_at(self, x: float) -> int:
        return int(np.clip(round(self._scale().frame(x)), 0, max(0, self._frame_count - 1)))

    def _clicked_frame(self, at: QPointF) -> int:
        """The frame of the mark that was clicked, or the one under the cursor."""
        lane = self._lane_at(at)
        snapped = lane.snap(self._scale(), at.x()) if lane else None
        return self._frame_at(at.x()) if snapped is None else snapped

    def _lane_at(self, at: QPointF) -> Lane | None:
        for lane, rect in self._places():
            if rect.contains(at):
                return lane
        return None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            lane = self._lane_at(QPointF(event.pos()))
            text = lane.describe(self._scale(), event.pos().x()) if lane else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    # -- painting ----------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._static = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        if self._static is None or self._static.devicePixelRatio() != ratio:
            self._static = self._paint_static(ratio)
        painter.drawPixmap(0, 0, self._static)
        if not self._frame_count:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_range(painter)
        covered = [self._bubble()]
        if self._hover is not None and not self._press:
            covered.append(
                ruler.bubble(self._frame_at(self._hover), self._hover, "small", self.width())
            )
            self._paint_hover(painter, self._hover, covered[-1])
        ruler.paint_ruler(painter, self._scale(), self.width(), covered)
        self._paint_playhead(painter)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _paint_static(self, ratio: float) -> QPixmap:
        made = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(theme.color("panel"))
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = self._scale()
        for lane, rect in self._places():
            self._paint_title(painter, lane, rect)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("window"))
            painter.drawRoundedRect(rect, 2, 2)
            if lane.is_empty():
                self._paint_hint(painter, lane, rect)
            else:
                reach = rect.adjusted(-40, -2, _RIGHT, 2)  # marks at the ends stand over them
                painter.setClipRect(reach)
                lane.paint(painter, rect, scale)
                painter.setClipping(False)
        painter.end()
        return made

    def _paint_title(self, painter: QPainter, lane: Lane, rect: QRectF) -> None:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text2"))
        place = QRectF(theme.space(3), rect.top(), _TITLES - theme.space(3), rect.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, lane.title)

    def _paint_hint(self, painter: QPainter, lane: Lane, rect: QRectF) -> None:
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("text3"))
        place = rect.adjusted(theme.space(4), 0, 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, lane.hint)

    def _bubble(self) -> QRectF:
        """The playhead's number in the ruler."""
        x = float(self._scale().x(self._position))
        return ruler.bubble(self._position, x, "strong", self.width())

    def _paint_playhead(self, painter: QPainter) -> None:
        x = float(self._scale().x(self._position))
        if not _TITLES - 1 <= x <= self.width() - _RIGHT + 1:
            return
        painter.fillRect(
            QRectF(x - 1, ruler.HEIGHT - 6, 2, self._bottom() - ruler.HEIGHT + 6),
            theme.color("text"),
        )
        ruler.paint_bubble(painter, self._bubble(), self._position, "strong", "text", "panel")

    def _paint_hover(self, painter: QPainter, x: float, bubble: QRectF) -> None:
        painter.setPen(QPen(theme.color("text3"), 1))
        painter.drawLine(QPointF(x, ruler.HEIGHT - 4), QPointF(x, self._bottom()))
        ruler.paint_bubble(painter, bubble, self._frame_at(x), "small", "hover", "text")

    def _paint_range(self, painter: QPainter) -> None:
        if self._range is None:
            return
        first, last = (float(x) for x in self._scale().x(self._range))
        shade = theme.color("accent")
        shade.setAlphaF(0.2)
        painter.fillRect(
            QRectF(first, ruler.HEIGHT, last - first, self._bottom() - ruler.HEIGHT), shade
        )

    def _speak(self) -> None:
        """Tell screen readers which frame is shown."""
        text = f"frame {self._position:,} of {self._frame_count:,}"
        if self._fps > 0:
            text += f", {self._position / self._fps:.2f} seconds"
        self.setAccessibleDescription(text)
        QAccessible.updateAccessibility(
            QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
        )
