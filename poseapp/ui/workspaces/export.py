"""The Export workspace: what to write, in which format, and what will come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from poseapp.ui import icons
from poseapp.ui.panels import pieces
from poseapp.ui.panels.mesh_exports import MeshExports
from poseapp.ui.widgets.banner import Banner
from poseapp.ui.widgets.dock_header import DockHeader

_ICONS = {"good": "circle-check", "warning": "triangle-alert", "text2": "info"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button: what it stands for, its words, and a line under them."""

    key: str
    words: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checks: good, warning or text2 (for notes)."""

    tone: str
    words: str
    detail: str = ""


class ExportWorkspace(QWidget):
    """Draws the choices and the summary; what they mean is decided outside."""

    changed = Signal()
    """Something was chosen otherwise."""
    place_edited = Signal()
    browse_wanted = Signal()
    export_wanted = Signal()
    stop_wanted = Signal()
    copy_wanted = Signal()
    show_folder_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._which = QButtonGroup(self)
        self._formats = QButtonGroup(self)
        self._which_box = QVBoxLayout()
        self._format_box = QVBoxLayout()
        self._place = QLineEdit()
        self._place.setAccessibleName("Where the export goes")
        self._place.textEdited.connect(self.place_edited)
        self._pictures = QCheckBox("With the pictures, where the format has them")
        self._pictures.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._pictures.setChecked(True)
        self._figures = QGridLayout()
        self._checks = QVBoxLayout()
        self._progress = QProgressBar()
        self._progress.setRange(0, 100)
        self._progress.setAccessibleName("How far the export is")
        self._doing = pieces.text("", "small", "text2")
        self._running = QWidget()
        self._failure = QVBoxLayout()
        self._export = pieces.button("Export", self.export_wanted.emit, kind="primary", large=True)
        self._copy = pieces.button(
            "Copy as command", self.copy_wanted.emit, kind="quiet", icon="terminal"
        )
        self._open = pieces.button(
            "Show the folder", self.show_folder_wanted.emit, kind="quiet", icon="folder-open"
        )
        self._open.hide()
        self.meshes = MeshExports()
        self._build()

    # -- choices -----------------------------------------------------------------------------

    def set_choices(self, which: Sequence[Choice], formats: Sequence[Choice]) -> None:
        """Offer these; the first of each is chosen, or what was chosen before."""
        self._fill(self._which, self._which_box, which)
        self._fill(self._formats, self._format_box, formats)

    @property
    def which(self) -> str:
        return _chosen(self._which)

    @property
    def format(self) -> str:
        return _chosen(self._formats)

    @property
    def with_pictures(self) -> bool:
        return self._pictures.isChecked()

    @property
    def place(self) -> str:
        return self._place.text().strip()

    def set_place(self, path: str) -> None:
        self._place.setText(path)

    # -- summary -----------------------------------------------------------------------------

    def show_summary(self, figures: Sequence[tuple[str, str]], checks: Sequence[Check]) -> None:
        """What will be written, and what to know about it."""
        pieces.clear(self._figures)
        for line, (name, value) in enumerate(figures):
            self._figures.addWidget(pieces.text(name, "body", "text2"), line, 0)
            right = pieces.text(value, "body", wrap=True)
            right.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._figures.addWidget(right, line, 1)
        pieces.clear(self._checks)
        for check in checks:
            self._checks.addWidget(_check_line(check))

    def show_button(self, words: str, missing: str) -> None:
        """What the button says; `missing` is why it is off."""
        self._export.setText(words)
        self._export.setEnabled(not missing)
        self._export.setToolTip(missing)
        self._copy.setEnabled(not missing)
        self._copy.setToolTip(missing or "The same export on the command line")

    def show_progress(self, done: float | None, doing: str) -> None:
        """How much of an export is written, in 0..1; None when there is none."""
        self._running.setVisible(done is not None)
        if done is not None:
            self._progress.setValue(round(done * 100))
            self._doing.setText(f"{done:.0%} · {doing}")

    def show_failure(self, sentence: str) -> None:
        """Why the last export was not written; empty takes that back."""
        pieces.clear(self._failure)
        if sentence:
            title, _, detail = sentence.partition(". ")
            banner = Banner("danger", title, detail)
            banner.add_action("Choose another place", self.browse_wanted.emit)
            banner.closed.connect(lambda: self.show_failure(""))
            self._failure.addWidget(banner)

    def show_done(self, done: bool) -> None:
        """Whether there is a finished export to look at."""
        self._open.setVisible(done)

    # -- building ----------------------------------------------------------------------------

    def _fill(self, group: QButtonGroup, box: QVBoxLayout, choices: Sequence[Choice]) -> None:
        before = _chosen(group)
        for button in group.buttons():
            group.removeButton(button)
        pieces.clear(box)
        keys = [choice.key for choice in choices]
        for choice in choices:
            button = QRadioButton(choice.words)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("key", choice.key)
            button.setChecked(choice.key == (before if before in keys else keys[0]))
            button.clicked.connect(self.changed)
            group.addButton(button)
            box.addWidget(button)
            if choice.detail:
                detail = pieces.text(choice.detail, "small", "text2", wrap=True)
                detail.setContentsMargins(24, 0, 0, 8)
                box.addWidget(detail)

    def _build(self) -> None:
        place = pieces.row(
            self._place, pieces.button("Browse", self.browse_wanted.emit, icon="folder-open")
        )
        form = pieces.column(
            pieces.text("Which labels?", "head"), self._which_box, 16,
            pieces.text("In which format?", "head"), self._format_box, 16,
            pieces.text("Where to?", "head"), place, 8, self._pictures, None,
            spacing=8, margins=(40, 24, 40, 24),
        )  # fmt: skip
        page = pieces.surface("panel", form)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        inner = pieces.column(
            self._figures, 24, pieces.text("Checks", "strong"), 8, self._checks, None,
            self._running, self._export, self._copy, self._open,
            24, pieces.text("Meshes of the open video", "strong"), 4, self.meshes,
            spacing=8, margins=(16, 4, 16, 16),
        )  # fmt: skip
        stop = pieces.icon_button("square", "Stop the export", self.stop_wanted.emit)
        told = pieces.column(self._progress, self._doing, spacing=4)
        told.addStretch(0)
        running = pieces.row(spacing=8)
        running.addLayout(told, 1)
        running.addWidget(stop)
        self._running.setLayout(running)
        self._running.hide()
        self._figures.setVerticalSpacing(8)
        self._figures.setColumnStretch(1, 1)
        self._checks.setSpacing(12)
        side = pieces.surface("panel", pieces.column(DockHeader("What will be written"), inner))
        side.setFixedWidth(360)
        both = pieces.row(spacing=1)
        both.addWidget(area, 1)
        both.addWidget(side)
        layout = pieces.column(self._failure, both)
        layout.setStretchFactor(both, 1)
        self.setLayout(layout)


def _chosen(group: QButtonGroup) -> str:
    button = group.checkedButton()
    return str(button.property("key")) if button is not None else ""  # pyright: ignore[reportUnnecessaryComparison] - None before the first choice


def _check_line(check: Check) -> QWidget:
    sign = QLabel()
    sign.setPixmap(icons.pixmap(_ICONS[check.tone], 16, check.tone))
    sign.setAlignment(Qt.AlignmentFlag.AlignTop)
    words = pieces.column(pieces.text(check.words, "body", wrap=True), spacing=2)
    if check.detail:
        words.addWidget(pieces.text(check.detail, "small", "text2", wrap=True))
    box = QWidget()
    layout = pieces.row(sign, spacing=12)
    layout.addLayout(words, 1)
    box.setLayout(layout)
    return box
