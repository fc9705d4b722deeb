"""Curves that grow while a net learns; pyqtgraph is loaded when the first one is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from poseapp.ui import theme
from poseapp.ui.panels import pieces


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: its name in the legend, a colour role and its points."""

    name: str
    role: str
    x: Sequence[float]
    y: Sequence[float]
    dashed: bool = False
    band: tuple[Sequence[float], Sequence[float]] | None = None
    """Lower and upper ends of its uncertainty at each point."""
    marks: bool = False
    """Diamonds in place of a line, for single measurements."""
    bars: bool = False
    """A bar for each point in place of a line, for counts."""


_HEIGHT = 260
_BAND_ALPHA = 48
_MARK = 9
_BAR = 0.7
_COUNT_TICKS = 4


class _LegendLine(QWidget):
    """A short line in the colour of a curve, or its mark."""

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._curve = curve
        self.setFixedSize(18, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colour = theme.color(self._curve.role)
        if self._curve.bars:
            painter.fillRect(6, 1, 6, 10, colour)
            return
        if self._curve.marks:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawPolygon([QPoint(9, 1), QPoint(14, 6), QPoint(9, 11), QPoint(4, 6)])
            return
        style = Qt.PenStyle.DashLine if self._curve.dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, 2, style))
        painter.drawLine(1, 6, 17, 6)


class CurvePlot(QWidget):
    """A plot with title, legend and the units of its axes.

    `narrow` puts the legend on a line of its own.
    """

    def __init__(
        self,
        title: str,
        unit: str = "",
        *,
        along: str = "step",
        narrow: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._unit, self._along = unit, along
        self._curves: tuple[Curve, ...] = ()
        self._plot: Any = None  # pyqtgraph is not imported at module level
        self._items: list[_Drawn] = []
        self._legend = pieces.row(spacing=6)
        self._legend_of: tuple[tuple[str, str], ...] = ()
        self._room = QVBoxLayout()
        self._nothing = pieces.text("Nothing measured yet", "small", "text3")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._room.addWidget(self._nothing)
        self.setFixedHeight(_HEIGHT)
        self.setAccessibleName(title)
        heading = pieces.text(title, "strong")
        if narrow:
            legend = pieces.row(self._legend, None)
            self.setLayout(pieces.column(heading, legend, self._room, spacing=8))
        else:
            head = pieces.row(heading, None, self._legend)
            self.setLayout(pieces.column(head, self._room, spacing=8))
        theme.notifier.changed.connect(self._renew)

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Draw these curves in place of the ones before."""
        self._curves = tuple(curves)
        legend = tuple((curve.name, curve.role) for curve in self._curves)
        if legend != self._legend_of:
            self._legend_of = legend
            pieces.clear(self._legend)
            for curve in self._curves:
                self._legend.addWidget(_LegendLine(curve))
                self._legend.addWidget(pieces.text(curve.name, "caption", "text2"))
        if self._plot is not None:
            self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        if self._plot is None:
            self._make_plot()
            self._draw()

    def _make_plot(self) -> None:
        import pyqtgraph

        pyqtgraph.setConfigOptions(antialias=True)
        plot = pyqtgraph.PlotWidget(background=theme.color("panel").name())
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=False, y=False)
        plot.hideButtons()
        plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(pyqtgraph.mkPen(None))
            axis.setTextPen(theme.color("text3"))
            axis.setTickFont(theme.font("caption"))
        plot.showGrid(y=True, alpha=0.12)
        plot.getAxis("left").setWidth(48)
        plot.setLabel("bottom", self._along, color=theme.color("text3").name())
        if self._unit:
            plot.setLabel("left", self._unit, color=theme.color("text3").name())
            plot.getAxis("left").setWidth(64)
        self._plot = plot
        self._room.addWidget(plot)

    def _draw(self) -> None:
        while len(self._items) < len(self._curves):
            self._items.append(_Drawn(self._plot))
        measured = any(len(curve.x) for curve in self._curves)
        self._plot.setVisible(measured)
        self._nothing.setVisible(not measured)
        for item in self._items[len(self._curves) :]:
            item.clear()
        for item, curve in zip(self._items, self._curves, strict=False):
            item.draw(curve)
        self._mark_whole_counts()

    def _mark_whole_counts(self) -> None:
        """Bars are counts, of which there are no tenths."""
        counts = [value for curve in self._curves if curve.bars for value in curve.y]
        every = max(1, math.ceil(max(counts) / _COUNT_TICKS)) if counts else None
        self._plot.getAxis("left").setTickSpacing(levels=[(every, 0)] if every else None)

    def _renew(self) -> None:
        """Draw anew in the colours of the other theme."""
        if self._plot is not None:
            self._room.removeWidget(self._plot)
            self._plot.deleteLater()
            self._plot, self._items = None, []
            self._make_plot()
            self._draw()


class _Drawn:
    """The items of one curve on a plot: its band, and above it the line or the marks."""

    def __init__(self, plot: Any) -> None:
        import pyqtgraph

        self._ends = [pyqtgraph.PlotCurveItem(pen=None), pyqtgraph.PlotCurveItem(pen=None)]
        self._band = pyqtgraph.FillBetweenItem(curve1=self._ends[0], curve2=self._ends[1])
        plot.addItem(self._band)
        self._line = plot.plot()
        self._bars = pyqtgraph.BarGraphItem(x=[], height=[], width=_BAR, pen=None)
        plot.addItem(self._bars)

    def clear(self) -> None:
        for item in (self._line, *self._ends):
            item.setData([], [])
        self._bars.setOpts(x=[], height=[])

    def draw(self, curve: Curve) -> None:
        import pyqtgraph

        colour = theme.color(curve.role)
        style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
        bars = (list(curve.x), list(curve.y)) if curve.bars else ([], [])
        self._bars.setOpts(x=bars[0], height=bars[1], brush=colour)
        self._line.setData(
            [] if curve.bars else list(curve.x),
            [] if curve.bars else list(curve.y),
            pen=None if curve.marks else pyqtgraph.mkPen(colour, width=2, style=style),
            symbol="d" if curve.marks else None,
            symbolSize=_MARK,
            symbolBrush=colour,
            symbolPen=None,
        )
        for end, values in zip(self._ends, curve.band or ([], []), strict=True):
            end.setData(list(curve.x) if curve.band else [], list(values))
        ground = QColor(colour)
        ground.setAlpha(_BAND_ALPHA)
        self._band.setBrush(ground)
        self._band.setVisible(curve.band is not None)
