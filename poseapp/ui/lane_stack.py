"""The lanes of the timeline one below the other: which there are, where, and their drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap

from poseapp.ui import ruler, theme
from poseapp.ui.error_lane import ErrorLane
from poseapp.ui.lanes import CurveLane, Lane, MarksLane, TimeScale, TracksLane

LEFT = 112
"""px at the left for the names of the lanes."""
RIGHT = 16
_GAP = 4


class LaneStack:
    """Lanes below each other."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = tuple(lanes)

    @property
    def height(self) -> int:
        """Px with the ruler above and the space below."""
        return ruler.HEIGHT + sum(theme.height(lane.height_role) for lane in self._shown()) + _GAP

    @property
    def bottom(self) -> int:
        """Where the lowest lane ends, in px."""
        return self.height - _GAP

    def at(self, at: QPointF, width: float) -> Lane | None:
        """The lane at a position, the lanes being `width` px wide."""
        for lane, rect in self._places(width):
            if rect.contains(at):
                return lane
        return None

    def painted(self, size: QSize, ratio: float, scale: TimeScale) -> QPixmap:
        """Everything but the playhead, for a widget of this size."""
        made = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(theme.color("panel"))
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for lane, rect in self._places(scale.width):
            _paint_title(painter, lane, rect)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("window"))
            painter.drawRoundedRect(rect, 2, 2)
            if lane.is_empty():
                _paint_hint(painter, lane, rect)
            else:
                reach = rect.adjusted(-40, -2, RIGHT, 2)  # marks at the ends stand over them
                painter.setClipRect(reach)
                lane.paint(painter, rect, scale)
                painter.setClipping(False)
        painter.end()
        return made

    def _shown(self) -> Sequence[Lane]:
        return self._lanes

    def _places(self, width: float) -> Iterator[tuple[Lane, QRectF]]:
        """Each lane with its rectangle."""
        top = float(ruler.HEIGHT)
        for lane in self._shown():
            height = theme.height(lane.height_role)
            yield lane, QRectF(LEFT, top, width, height - _GAP)
            top += height


class LabelLanes(LaneStack):
    """Suggestions, labels, confidence and tracks; the first two share a lane where it is small."""

    def __init__(self) -> None:
        self.suggestions = MarksLane("Suggestions")
        self.labels = MarksLane("Labels", "your labels will show here")
        self.both = MarksLane("Frames", "your labels will show here")
        """Suggestions and labels, for small windows."""
        self.confidence = CurveLane("Confidence", "appears after the first training")
        self.tracks = TracksLane("Tracks")
        self.compact = False
        super().__init__((self.suggestions, self.labels, self.confidence, self.tracks))

    def _shown(self) -> Sequence[Lane]:
        return (self.both, self.confidence, self.tracks) if self.compact else self._lanes


class MeshLanes(LaneStack):
    """How far meshes are off, where bodies are fitted, and what there is to fit them to."""

    def __init__(self) -> None:
        self.error = ErrorLane("Reprojection", "appears once bodies are fitted")
        self.disagreeing = MarksLane("Disagree", "no frame on which mesh and points disagree")
        self.fitted = TracksLane("Fitted")
        self.tracks = TracksLane("Tracks")
        super().__init__((self.error, self.disagreeing, self.fitted, self.tracks))


def _paint_title(painter: QPainter, lane: Lane, rect: QRectF) -> None:
    painter.setFont(theme.font("small"))
    painter.setPen(theme.color("text2"))
    place = QRectF(theme.space(3), rect.top(), LEFT - theme.space(3), rect.height())
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, lane.title)


def _paint_hint(painter: QPainter, lane: Lane, rect: QRectF) -> None:
    painter.setFont(theme.font("caption"))
    painter.setPen(theme.color("text3"))
    place = rect.adjusted(theme.space(4), 0, 0, 0)
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, lane.hint)
