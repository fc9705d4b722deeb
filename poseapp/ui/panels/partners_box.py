"""What REMOTE's agent chose: the offsets it prefers, and each label's partner with both redrawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QWidget

from poseapp.ui.panels import pieces
from poseapp.ui.panels.curves import Curve, CurvePlot
from poseapp.ui.tables.pair_strip import PairStrip
from poseapp.ui.tables.rows import Row

QUARTET = QSize(220, 220)
"""Of the four pictures of a pair together, in px."""
_PLOT_WIDTH = 300


class PartnersBox(QWidget):
    """Hidden where no partners were picked."""

    chosen = Signal(object)
    """The frame a person clicked: the partner of a label."""

    def __init__(self) -> None:
        super().__init__()
        self._words = pieces.text("", "small", "text2")
        self._offsets = CurvePlot("Offsets it picked", along="frames from the label")
        self._offsets.setFixedWidth(_PLOT_WIDTH)
        self._strip = PairStrip("Labels and their partners", QUARTET)
        self._strip.scroll_along()
        self._strip.chosen.connect(self.chosen)
        head = pieces.row(pieces.text("What the agent chose", "strong"), self._words, None)
        body = pieces.row(self._offsets, self._strip, spacing=24)
        body.setStretchFactor(self._strip, 1)
        self.setLayout(pieces.column(head, body, spacing=8))
        self.hide()

    def show_offsets(self, window: int, offsets: Counter[int], words: str) -> None:
        """How often each offset in frames was picked; the window is the farthest there may be."""
        along = list(range(-window, window + 1))
        picked = Curve("picks", "accent", along, [offsets[n] for n in along], bars=True)
        self._offsets.show_curves([picked])
        self._words.setText(words)
        self.setVisible(bool(offsets))

    def show_pairs(self, rows: Sequence[Row]) -> None:
        """Rows keyed by the partner's FrameRef, each with four pictures of size `QUARTET`."""
        self._strip.setVisible(bool(rows))
        self._strip.set_rows(rows)
