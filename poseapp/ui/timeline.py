"""The timeline: lanes over all frames of a video, a ruler, and the playhead.

The lanes are painted once into a pixmap; while the video plays only the playhead is drawn on it.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from poseapp.ui import playhead, ruler, theme
from poseapp.ui.lane_stack import LEFT, RIGHT, LabelLanes, LaneStack, MeshLanes
from poseapp.ui.lanes import Lane, TimeScale
from poseapp.ui.time_view import STEP, TimeView

_DRAG_STARTS = 3


class _Hold(Enum):
    """What a press holds."""

    PLAYHEAD = "playhead"
    TIME = "time"
    RANGE = "range"


class LaneView(QWidget):
    """Lanes over the frames of a video; a person goes to a frame by a click."""

    seek_requested = Signal(int)
    scrubbing = Signal(int)
    scrub_finished = Signal(int)
    range_selected = Signal(int, int)
    """First and last frame."""

    def __init__(self, lanes: LaneStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame_count = 0
        self._fps = 0.0
        self._position = 0
        self._view = TimeView()
        self._stack = lanes
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
        """Show another video from its start, whole."""
        self._frame_count, self._fps = frame_count, fps
        self._position, self._range = 0, None
        self._view.set_length(frame_count)
        self._speak()

    def set_position(self, frame: int) -> None:
        """Put the playhead on a frame and bring it into view."""
        self._position = frame
        if self._view.bring(frame):
            self._static = None
        self.update()
        self._speak()

    # -- view --------------------------------------------------------------------------------

    def zoom_in(self) -> None:
        """One step nearer, around the playhead."""
        self._zoom(self._position, 1 / STEP)

    def zoom_out(self) -> None:
        """One step farther, around the playhead."""
        self._zoom(self._position, STEP)

    def zoom_fit(self) -> None:
        """Show the whole video."""
        self._view.fit()
        self._renew()

    @property
    def visible_frames(self) -> tuple[float, float]:
        """The frames at the left and right end."""
        return self._view.first, self._view.last

    def sizeHint(self) -> QSize:
        return QSize(720, self._stack.height)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, self._stack.height)

    def _lane_width(self) -> float:
        return max(1.0, self.width() - LEFT - RIGHT)

    def _scale(self) -> TimeScale:
        return self._view.scale(LEFT, self._lane_width())

    def _pan(self, frames: float) -> None:
        self._view.pan(frames)
        self._renew()

    def _zoom(self, frame: float, factor: float) -> None:
        self._view.zoom(frame, factor)
        self._renew()

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
        self._hover = at.x() if LEFT <= at.x() <= self.width() - RIGHT else None
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
            self._pan(-sideways / 120 * self._view.span / 10)
        elif turned.y():
            frame = self._scale().frame(event.position().x())
            self._zoom(frame, STEP ** (-turned.y() / 120))
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
        if at.y() < ruler.HEIGHT and self._view.zoomed and not self._bubble().contains(at):
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
            self._pan((start.x() - at.x()) * self._view.span / self._lane_width())
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
        return self._stack.at(at, self._lane_width())

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
            self._static = self._stack.painted(self.size(), ratio, self._scale())
        painter.drawPixmap(0, 0, self._static)
        if not self._frame_count:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale, bottom = self._scale(), self._stack.bottom
        if self._range is not None:
            playhead.paint_range(painter, scale, self._range, bottom)
        covered = [self._bubble()]
        if self._hover is not None and not self._press:
            frame = self._frame_at(self._hover)
            covered.append(ruler.bubble(frame, self._hover, "small", self.width()))
            playhead.paint_hover(painter, frame, self._hover, covered[-1], bottom)
        ruler.paint_ruler(painter, scale, self.width(), covered)
        playhead.paint_playhead(painter, scale, self._position, covered[0], bottom)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _bubble(self) -> QRectF:
        """The playhead's number in the ruler."""
        x = float(self._scale().x(self._position))
        return ruler.bubble(self._position, x, "strong", self.width())

    def _speak(self) -> None:
        """Tell screen readers which frame is shown."""
        text = f"frame {self._position:,} of {self._frame_count:,}"
        if self._fps > 0:
            text += f", {self._position / self._fps:.2f} seconds"
        self.setAccessibleDescription(text)
        QAccessible.updateAccessibility(
            QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
        )


class Timeline(LaneView):
    """Shows where labels, suggestions, doubts and tracks are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._lanes = LabelLanes()
        super().__init__(self._lanes, parent)

    def set_video(self, frame_count: int, fps: float) -> None:
        """Show another video from its start, whole, with empty lanes."""
        super().set_video(frame_count, fps)
        self.set_labels([])
        self.set_suggestions([], [])
        self.set_confidence([], [])
        self.set_tracks([])

    def set_labels(self, frames: ArrayLike) -> None:
        """Frames that hold labels."""
        self._lanes.labels.set_labels(frames)
        self._lanes.both.set_labels(frames)
        self._renew()

    def set_suggestions(self, frames: ArrayLike, answers: Sequence[Answer]) -> None:
        """Picked frames, and what was answered."""
        self._lanes.suggestions.set_suggestions(frames, answers)
        self._lanes.both.set_suggestions(frames, answers)
        self._renew()

    def set_confidence(self, frames: ArrayLike, scores: ArrayLike) -> None:
        """How sure the net is of each of these frames, in 0..1."""
        self._lanes.confidence.set_scores(frames, scores)
        self._renew()

    def set_tracks(self, tracks: Sequence[tuple[str, int, int]]) -> None:
        """(name, first frame, last frame) of every uninterrupted stretch of a track."""
        self._lanes.tracks.set_tracks(tracks)
        self._renew()

    def set_threshold(self, low_confidence: float) -> None:
        """Draw the line of low confidence here."""
        self._lanes.confidence.threshold = low_confidence
        self._renew()

    def set_compact(self, compact: bool) -> None:
        """Let suggestions and labels share one lane, for small windows."""
        if compact != self._lanes.compact:
            self._lanes.compact = compact
            self.updateGeometry()
            self._renew()


class MeshTimeline(LaneView):
    """Shows how far the mesh of a person is off, and where there is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._lanes = MeshLanes()
        super().__init__(self._lanes, parent)

    def set_video(self, frame_count: int, fps: float) -> None:
        """Show another video from its start, whole, with empty lanes."""
        super().set_video(frame_count, fps)
        self.set_errors([], [], 1.0, [])
        self.set_stretches([], [])

    def set_errors(
        self, frames: ArrayLike, errors_px: ArrayLike, limit_px: float, over: ArrayLike
    ) -> None:
        """The errors of frames, the limit, and the frames to look at because they are over it."""
        self._lanes.error.set_errors(frames, errors_px, limit_px)
        waiting = np.asarray(over, np.int64)
        self._lanes.disagreeing.set_suggestions(waiting, [Answer.OPEN] * len(waiting))
        self._renew()

    def set_stretches(
        self, fitted: Sequence[tuple[str, int, int]], tracks: Sequence[tuple[str, int, int]]
    ) -> None:
        """(name, first, last frame) of where bodies are fitted, and of the tracks."""
        self._lanes.fitted.set_tracks(fitted)
        self._lanes.tracks.set_tracks(tracks)
        self._renew()
