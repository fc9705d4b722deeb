"""Curves that grow while a net learns; pyqtgraph is loaded when the first one is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
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


_HEIGHT = 260


class _LegendLine(QWidget):
    """A short line in the colour of a curve."""

    def __init__(self, role: str, dashed: bool) -> None:
        super().__init__()
        self._role, self._dashed = role, dashed
        self.setFixedSize(18, 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        style = Qt.PenStyle.DashLine if self._dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(theme.color(self._role), 2, style))
        painter.drawLine(1, 6, 17, 6)


class CurvePlot(QWidget):
    """A plot with title, legend and the unit of its height."""

    def __init__(self, title: str, unit: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = unit
        self._curves: tuple[Curve, ...] = ()
        self._plot: Any = None  # pyqtgraph is not imported at module level
        self._items: list[Any] = []
        self._legend = pieces.row(spacing=6)
        self._legend_of: tuple[tuple[str, str], ...] = ()
        self._room = QVBoxLayout()
        self._nothing = pieces.text("Nothing measured yet", "small", "text3")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._room.addWidget(self._nothing)
        self.setFixedHeight(_HEIGHT)
        self.setAccessibleName(title)
        head = pieces.row(pieces.text(title, "strong"), None, self._legend)
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
                self._legend.addWidget(_LegendLine(curve.role, curve.dashed))
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
        plot.setLabel("bottom", "step", color=theme.color("text3").name())
        if self._unit:
            plot.setLabel("left", self._unit, color=theme.color("text3").name())
            plot.getAxis("left").setWidth(64)
        self._plot = plot
        self._room.addWidget(plot)

    def _draw(self) -> None:
        import pyqtgraph

        while len(self._items) < len(self._curves):
            self._items.append(self._plot.plot())
        measured = any(len(curve.x) for curve in self._curves)
        self._plot.setVisible(measured)
        self._nothing.setVisible(not measured)
        for item in self._items[len(self._curves) :]:
            item.setData([], [])
        for item, curve in zip(self._items, self._curves, strict=False):
            style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
            pen = pyqtgraph.mkPen(theme.color(curve.role), width=2, style=style)
            item.setData(list(curve.x), list(curve.y), pen=pen)

    def _renew(self) -> None:
        """Draw anew in the colours of the other theme."""
        if self._plot is not None:
            self._room.removeWidget(self._plot)
            self._plot.deleteLater()
            self._plot, self._items = None, []
            self._make_plot()
            self._draw()
