"""The Train workspace: all trainings, one of them in curves and figures, and what labels buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QProgressBar,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
)

from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.panels.curves import Curve, CurvePlot
from poseapp.ui.panels.partners_box import PartnersBox
from poseapp.ui.panels.worth_panel import WorthPanel
from poseapp.ui.tables.pair_strip import PairStrip
from poseapp.ui.tables.rows import Row
from poseapp.ui.tables.run_list import RunList
from poseapp.ui.widgets.chip import Chip
from poseapp.ui.widgets.dock_header import DockHeader
from poseapp.ui.widgets.empty_state import EmptyState


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a run: what it is, its value, and what to compare it with."""

    name: str
    value: str
    detail: str = ""
    tone: str = "text3"


@dataclass(frozen=True, slots=True)
class RunView:
    """What the middle says of a run."""

    title: str
    detail: str
    device: str
    progress: float | None
    """0..1 while it runs, None afterwards."""
    progress_text: str
    paused: bool
    figures: tuple[Figure, ...]
    losses: tuple[Curve, ...]
    errors: tuple[Curve, ...]
    notes: tuple[str, ...] = ()
    failure: str = ""
    usable: bool = False
    """Whether its net may be made the one in use."""
    resumable: bool = False
    """Whether it broke off and can be gone on with."""


class TrainWorkspace(QSplitter):
    """Draws runs; which one is looked at comes from outside."""

    run_chosen = Signal(object)
    frame_chosen = Signal(object)
    pause_wanted = Signal()
    stop_wanted = Signal()
    use_wanted = Signal()
    resume_wanted = Signal()

    def __init__(self, actions: Actions) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._actions = actions
        self._header = DockHeader("Runs")
        self._runs = RunList()
        self._runs.chosen.connect(self.run_chosen)
        self._empty = EmptyState()
        self._middle = QStackedWidget()
        self.worth = WorthPanel()
        self._build()
        self.show_empty("")

    def show_runs(self, rows: Sequence[Row], current: object) -> None:
        """Rows keyed by RunId, newest first."""
        self._header.set_count(len(rows) or None)
        self._runs.set_rows(rows, current)

    def show_empty(self, missing: str) -> None:
        """No net was trained yet; `missing` says what is needed first."""
        self._empty.set_content(
            "chart-line",
            "No net yet",
            missing or "A first net takes a few minutes. You can keep labelling meanwhile.",
        )
        start = self._actions["train"]
        self._empty.set_actions(
            [("Train on the labels", start.trigger, True)] if not missing else []
        )
        self._middle.setCurrentWidget(self._empty)

    def show_run(self, run: RunView) -> None:
        """Show one run, live or finished."""
        self._title.setText(run.title)
        self._detail.setText(run.detail)
        self._device.set_text(run.device)
        self._device.setVisible(bool(run.device))
        live = run.progress is not None
        for widget in (self._pause, self._stop, self._bar, self._progress):
            widget.setVisible(live)
        self._use.setVisible(run.usable)
        self._resume.setVisible(run.resumable)
        pieces.icons.attach(self._pause, "play" if run.paused else "pause")
        self._pause.setText("Go on" if run.paused else "Pause")
        self._bar.setValue(round((run.progress or 0.0) * 1000))
        self._progress.setText(run.progress_text)
        self._failure.setText(run.failure)
        self._failure_box.setVisible(bool(run.failure))
        self._notes.setText("\n".join(run.notes))
        self._notes.setVisible(bool(run.notes))
        self._show_figures(run.figures)
        self._losses.show_curves(run.losses)
        self._errors.show_curves(run.errors)
        self._middle.setCurrentIndex(1)

    def show_pairs(self, rows: Sequence[Row], words: str | None = None) -> None:
        """Rows keyed by FrameRef with both pictures; `words` says what they are, or are to be."""
        if words is not None:
            self._pairs_words.setText(words)
        self._pairs.setVisible(bool(rows))
        self._pairs.set_rows(rows)

    def _show_figures(self, figures: tuple[Figure, ...]) -> None:
        names = [figure.name for figure in figures]
        if names != list(self._shown_figures):
            pieces.clear(self._figures)
            self._shown_figures = {}
            for place, figure in enumerate(figures):
                labels = (
                    pieces.text(figure.name, "small", "text2"),
                    pieces.text("", "title"),
                    pieces.text("", "small", "text3"),
                )
                for line, label in enumerate(labels):
                    self._figures.addWidget(label, line, place)
                self._shown_figures[figure.name] = labels[1:]
        for figure in figures:
            value, detail = self._shown_figures[figure.name]
            value.setText(figure.value)
            detail.setText(figure.detail)
            pieces.set_role(detail, figure.tone)

    def _build(self) -> None:
        start = pieces.CommandButton(self._actions["train"], "Train")
        pieces.icons.attach(start, "plus")
        left = pieces.column(self._header, self._runs)
        left.setStretchFactor(self._runs, 1)
        left.addLayout(pieces.row(start, margins=(16, 8, 16, 16)))
        side = pieces.surface("panel", left)
        side.setMinimumWidth(240)
        side.setMaximumWidth(400)
        self._middle.addWidget(self._empty)
        self._middle.addWidget(self._make_run_page())
        middle = pieces.surface("panel", pieces.column(self._middle))
        right = pieces.surface("panel", pieces.column(self.worth))
        right.setMinimumWidth(280)
        right.setMaximumWidth(400)
        for part in (side, middle, right):
            self.addWidget(part)
        self.setStretchFactor(1, 1)
        self.setSizes([248, 1000, 312])
        self.setChildrenCollapsible(False)

    def _make_run_page(self) -> QScrollArea:
        self._title = pieces.text("", "head")
        self._detail = pieces.text("", "small", "text2")
        self._device = Chip("", "neutral", icon="cpu")
        self._pause = pieces.button("Pause", self.pause_wanted.emit, icon="pause")
        self._stop = pieces.button(
            "Stop and keep best", self.stop_wanted.emit, icon="square",
            tip="End now; the best net so far is kept and used",
        )  # fmt: skip
        self._use = pieces.button("Use this net", self.use_wanted.emit, kind="primary")
        self._resume = pieces.button("Go on with it", self.resume_wanted.emit, kind="primary")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName("Progress of the training")
        self._progress = pieces.text("", "small", "text2")
        self._failure = pieces.text("", "body", "danger", wrap=True)
        self._failure_box = pieces.surface(
            "card", pieces.column(self._failure, margins=(16, 12, 16, 12))
        )
        self._figures = QGridLayout()
        self._figures.setHorizontalSpacing(24)
        self._figures.setVerticalSpacing(0)
        self._shown_figures: dict[str, tuple] = {}
        self._losses = CurvePlot("Loss")
        self._errors = CurvePlot("Held-out error", "px")
        self._pairs = PairStrip("Before and after")
        self._pairs.chosen.connect(self.frame_chosen)
        self._pairs_words = pieces.text("", "small", "text2")
        self.partners = PartnersBox()
        self.partners.chosen.connect(self.frame_chosen)
        self._notes = pieces.text("", "small", "text2", wrap=True)
        page = QFrame()
        page.setLayout(self._arranged())
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        return area

    def _arranged(self) -> QVBoxLayout:
        head = pieces.row(
            pieces.column(self._title, self._detail), None,
            self._device, self._use, self._resume, self._pause, self._stop,
        )  # fmt: skip
        figures = pieces.row(spacing=0)
        figures.addLayout(self._figures)
        figures.addStretch(1)
        plots = pieces.row(spacing=24)
        plots.addWidget(self._losses, 1)
        plots.addWidget(self._errors, 1)
        layout = pieces.column(
            head,
            pieces.row(self._bar, self._progress, spacing=12),
            self._failure_box,
            figures,
            plots,
            pieces.column(
                pieces.row(pieces.text("Before and after", "strong"), self._pairs_words, None),
                self._pairs,
                spacing=8,
            ),
            self.partners,
            self._notes,
            None,
            spacing=16,
            margins=(24, 16, 24, 16),
        )
        layout.setStretchFactor(plots, 0)
        return layout
