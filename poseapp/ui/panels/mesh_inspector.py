"""The panel beside the meshes: whose it is, how it looks, how far it is off, what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QMenu,
    QScrollArea,
    QSlider,
    QWidget,
)

from poseapp.ui import theme
from poseapp.ui.panels import pieces
from poseapp.ui.panels.mesh_exports import MeshExports
from poseapp.ui.panels.mesh_fit_panel import MeshFitPanel, labelled_slider

_FIGURES = ("Reprojection error", "Worst point", "Height, from video", "Distance", "Source")


@dataclass(frozen=True, slots=True)
class MeshFigures:
    """What is said of the mesh on a frame; an empty text is not known."""

    error: str = ""
    worst: str = ""
    worst_is_off: bool = False
    height: str = ""
    distance: str = ""
    source: str = ""


class MeshInspector(QWidget):
    """Draws values; what they mean is decided outside."""

    person_chosen = Signal(int)
    opacity_changed = Signal(float)
    refit_wanted = Signal()
    queue_wanted = Signal()
    ask_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(284)
        self._person = pieces.choice_button("Whose mesh")
        self.fit = MeshFitPanel()
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(10, 100)
        self._share = pieces.text("", "small")
        self._values = {name: pieces.text("–", "small") for name in _FIGURES}
        self._refit = pieces.button("Refit this frame", self.refit_wanted.emit, kind="primary")
        self._queue = pieces.button("Add to queue", self.queue_wanted.emit)
        self.exports = MeshExports()
        self._asked = pieces.text("", "strong")
        self._why = pieces.text("", "small", "text2", wrap=True)
        self._ask = pieces.button("Ask about them", self.ask_wanted.emit, icon="list-plus")
        self._card = pieces.surface(
            "card",
            pieces.column(
                self._asked, self._why, 4, pieces.row(self._ask, None), spacing=4,
                margins=(12, 12, 12, 12),
            ),
        )  # fmt: skip
        self._opacity.valueChanged.connect(self._slid)
        self._build()
        self.set_opacity(0.75)
        self.show_people([], 0)
        self.show_figures(MeshFigures(), "There is no mesh yet.")
        self.show_disagreeing(0, 0.0)

    # -- values ------------------------------------------------------------------------------

    def show_people(self, names: Sequence[str], current: int) -> None:
        """Offer the people of the video, one of them current."""
        self._person.setText(names[current] if names else "nobody")
        self._person.setEnabled(len(names) > 1)
        menu = QMenu(self._person)
        for n, name in enumerate(names):
            action = menu.addAction(name)
            action.triggered.connect(
                lambda _checked=False, chosen=n: self.person_chosen.emit(chosen)
            )
        self._person.setMenu(menu)

    def show_figures(self, figures: MeshFigures, missing: str) -> None:
        """What is known of this frame; `missing` is why it cannot be fitted again."""
        texts = (figures.error, figures.worst, figures.height, figures.distance, figures.source)
        for name, text in zip(_FIGURES, texts, strict=True):
            self._values[name].setText(text or "–")
        pieces.set_role(self._values["Worst point"], "warning" if figures.worst_is_off else "text")
        for button in (self._refit, self._queue):
            button.setEnabled(not missing)
            button.setToolTip(missing)

    def show_disagreeing(self, count: int, limit_px: float) -> None:
        """How many frames are to be looked at."""
        self._asked.setText(
            f"{pieces.count(count, 'frame')} disagree" + ("s" if count == 1 else "")
        )
        self._why.setText(f"Mesh and 2D points are more than {limit_px:.0f} px apart.")
        self._card.setVisible(count > 0)

    def show_refitting(self, refitting: bool) -> None:
        """Whether this frame is being fitted."""
        self._refit.setText("Fitting …" if refitting else "Refit this frame")

    @property
    def opacity(self) -> float:
        return self._opacity.value() / 100

    def set_opacity(self, share: float) -> None:
        self._opacity.setValue(round(share * 100))
        self._share.setText(f"{100 * share:.0f} %")

    def _slid(self, percent: int) -> None:
        self._share.setText(f"{percent} %")
        self.opacity_changed.emit(percent / 100)

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        header = QWidget()
        header.setFixedHeight(theme.height("dockHeader"))
        header.setLayout(
            pieces.row(
                pieces.text("Body", "strong"), self._person, None, self.fit.body,
                margins=(16, 0, 16, 0),
            )
        )  # fmt: skip
        figures = QGridLayout()
        figures.setVerticalSpacing(6)
        for line, (name, value) in enumerate(self._values.items()):
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            figures.addWidget(pieces.text(name, "small", "text2"), line, 0)
            figures.addWidget(value, line, 1)
        opacity = labelled_slider("Opacity", self._opacity, self._share)
        inner = QWidget()
        inner.setLayout(
            pieces.column(
                opacity, 8, self.fit, 20,
                _head("This frame"), 8, figures, 12, pieces.row(self._refit, self._queue, None), 24,
                _head("Export"), 10, self.exports, None,
                self._card,
                margins=(16, 8, 16, 16),
            )
        )  # fmt: skip
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = pieces.column(header)
        layout.addWidget(area, 1)
        self.setLayout(layout)


def _head(words: str) -> QLabel:
    return pieces.text(words, "strong")
