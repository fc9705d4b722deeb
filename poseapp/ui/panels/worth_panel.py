"""The panel that answers "is this worth it?": curves, three figures and the stop sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QStackedWidget, QWidget

from poseapp.app.worth_words import Advice, Verdict, px
from poseapp.learn.oracle.worth import Estimate
from poseapp.ui.panels import pieces
from poseapp.ui.panels.curves import Curve, CurvePlot
from poseapp.ui.widgets.dock_header import DockHeader
from poseapp.ui.widgets.empty_state import Disc, EmptyState
from poseapp.ui.widgets.range_bar import RangeBar

_HOW = (
    "Your labels are learnt again from the first to the last, and in orders by chance, by a quick "
    "readout over a frozen trunk; a tenth at a time is held out to measure on. The bands hold 95 % "
    "of what other held-out frames would give. Chance draws among the frames that you labelled, "
    "so both curves end together; what was saved is read off half way. The readout is less exact "
    "than your nets: the next labels are taken to lower their error by the same share as its own."
)
_SIGNS = {
    Advice.GO_ON: ("pencil", "good"),
    Advice.UNSURE: ("info", "accent"),
    Advice.STOP: ("octagon", "warning"),
}


@dataclass(frozen=True, slots=True)
class WorthView:
    """All that is shown of an answer."""

    figures: Sequence[tuple[str, str, str]]
    """(name, value, what to add to it) of each."""
    curves: tuple[Curve, ...]
    sentence: str
    """What was saved."""
    verdict: Verdict
    gain: Estimate
    """In pixels, by the next batch."""
    least_px: float
    """The smallest change that could be measured."""
    batch: int
    notes: tuple[str, ...]
    stale: str
    """Why it should be measured again; empty while it holds."""


class WorthPanel(QWidget):
    """Draws an answer, or says what is missing for one."""

    shown = Signal()
    measure_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._empty = EmptyState()
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._make_page())
        layout = pieces.column(DockHeader("Is it worth it?"), self._pages)
        layout.setStretchFactor(self._pages, 1)
        self.setLayout(layout)

    def show_missing(self, title: str, detail: str, *, again: bool = False) -> None:
        """Say what is missing; `again` offers to try."""
        self._empty.set_content("chart-line", title, detail)
        tries = [("Measure", self.measure_wanted.emit, False)] if again else []
        self._empty.set_actions(tries)
        self._pages.setCurrentIndex(0)

    def show_working(self, text: str) -> None:
        """The first answer is being worked out."""
        self._empty.set_content("loader-circle", "Replaying your labels", text)
        self._empty.set_actions([("Stop", self.stop_wanted.emit, False)])
        self._pages.setCurrentIndex(0)

    def show_worth(self, worth: WorthView, *, busy: bool) -> None:
        """Show an answer; `busy` while a newer one is worked out."""
        for labels, values in zip(self._figures, worth.figures, strict=True):
            for label, words in zip(labels, values, strict=True):
                label.setText(words)
        self._plot.show_curves(worth.curves)
        self._sentence.setText(worth.sentence)
        icon, tone = _SIGNS[worth.verdict.advice]
        self._sign.show_icon(icon, tone)
        self._title.setText(worth.verdict.title)
        self._detail.setText(worth.verdict.detail)
        self._bar.set_range(worth.gain.value, worth.gain.low, worth.gain.high, worth.least_px)
        self._bar.setAccessibleName(worth.verdict.detail)
        self._least.setText(f"stop below {px(worth.least_px)}")
        self._next.setText(f"expected gain, next {worth.batch}")
        self._notes.setText("\n".join(worth.notes))
        self._notes.setVisible(bool(worth.notes))
        self._stale.setText("Replaying your labels" if busy else worth.stale)
        self._stale.setVisible(bool(self._stale.text()))
        self._again.setVisible(bool(worth.stale) and not busy)
        self._pages.setCurrentIndex(1)

    def showEvent(self, event: QShowEvent) -> None:
        self.shown.emit()

    def _make_page(self) -> QScrollArea:
        self._figures = [
            (
                pieces.text("", "small", "text2", wrap=True),
                pieces.text("", "title"),
                pieces.text("", "caption", "text3", wrap=True),
            )
            for _ in range(3)
        ]
        self._plot = CurvePlot("Held-out error", "px", along="labelled frames", narrow=True)
        self._sentence = pieces.text("", "body", "text2", wrap=True)
        self._notes = pieces.text("", "small", "warning", wrap=True)
        self._stale = pieces.text("", "small", "text2", wrap=True)
        self._again = pieces.button("Measure again", self.measure_wanted.emit)
        page = QFrame()
        page.setLayout(
            pieces.column(
                self._three(),
                self._plot,
                self._sentence,
                self._notes,
                self._make_sign(),
                self._stale,
                pieces.row(self._again, None),
                pieces.text("Estimated how", "strong"),
                pieces.text(_HOW, "small", "text2", wrap=True),
                None,
                spacing=12,
                margins=(16, 4, 16, 16),
            )
        )
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        return area

    def _three(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        for place, labels in enumerate(self._figures):
            grid.setColumnStretch(place, 1)
            for line, label in enumerate(labels):
                grid.addWidget(label, line, place, Qt.AlignmentFlag.AlignTop)
        return grid

    def _make_sign(self) -> QFrame:
        self._sign = Disc()
        self._title = pieces.text("", "head", wrap=True)
        self._detail = pieces.text("", "body", "text2", wrap=True)
        self._bar = RangeBar()
        self._least = pieces.text("", "caption", "text2")
        self._next = pieces.text("", "caption", "text2")
        words = pieces.column(self._title, self._detail, spacing=4)
        head = pieces.row(self._sign, spacing=12)
        head.addLayout(words, 1)
        ends = pieces.row(self._least, None, self._next)
        return pieces.surface(
            "card",
            pieces.column(head, 8, self._bar, ends, spacing=4, margins=(12, 12, 12, 12)),
        )
