"""Which body the people of a video get, and how smoothly it moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QWidget

from poseapp.app.mesh_options import ROUGHEST, SMOOTHEST, MeshOptions
from poseapp.nets.body.arrays import ANNY
from poseapp.ui.panels import pieces

_STEPS = 2
"""Of the slider, from one smoothing to its double."""
_NAME_PX, _VALUE_PX = 72, 40
_TIP = (
    "How wide a stretch of time is smoothed, against the usual one. Less follows every keypoint, "
    "more lets shaking and quick moves go."
)


class MeshFitPanel(QWidget):
    """Draws what was chosen; what it means is decided outside."""

    body_chosen = Signal(str)
    file_wanted = Signal()
    smoothing_changed = Signal(float)
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.body = pieces.choice_button("Which body is fitted")
        """It stands elsewhere, in the header."""
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setRange(_place(ROUGHEST), _place(SMOOTHEST))
        self._smoothing.setPageStep(_STEPS)
        self._smoothing.setToolTip(_TIP)
        self._times = pieces.text("", "small")
        self._later = pieces.text(
            "Takes effect when all is fitted again.", "small", "text2", wrap=True
        )
        self._again = pieces.button("Fit all again", self.again_wanted.emit, icon="refresh-cw")
        slider = labelled_slider("Smoothing", self._smoothing, self._times)
        again = pieces.row(self._again, None)
        self.setLayout(pieces.column(slider, self._later, again, spacing=8))
        self._shown = MeshOptions()
        self.show_options(self._shown, None)
        self.show_bodies(())
        self._smoothing.valueChanged.connect(self._slid)

    def show_options(self, options: MeshOptions, fitted: MeshOptions | None) -> None:
        """What is chosen, beside what the meshes were `fitted` with, if there are some."""
        self._shown = options
        self.body.setText(_name(options.body))
        self.body.setToolTip("" if options.body == ANNY else options.body)
        self._smoothing.setValue(_place(options.smoothing))
        self._times.setText(f"{options.smoothing:.2g} ×")
        self._later.setVisible(fitted is not None and fitted != options)
        self._again.setVisible(fitted is not None)

    def show_bodies(self, files: Sequence[str]) -> None:
        """Offer the body that comes with the app, the user's own files, and to choose another."""
        menu = QMenu(self.body)
        for body in (ANNY, *files):
            action = menu.addAction(_name(body))
            action.setToolTip(body)
            action.triggered.connect(
                lambda _checked=False, chosen=body: self.body_chosen.emit(chosen)
            )
        menu.addSeparator()
        menu.addAction("SMPL or SMPL-X file …").triggered.connect(self.file_wanted.emit)
        menu.setToolTipsVisible(True)
        self.body.setMenu(menu)

    def _slid(self, place: int) -> None:
        if place != _place(self._shown.smoothing):
            self.smoothing_changed.emit(2.0 ** (place / _STEPS))


def labelled_slider(name: str, slider: QSlider, value: QLabel) -> QHBoxLayout:
    """What it is, the slider, its value in words; such lines below each other are aligned."""
    slider.setAccessibleName(name)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    words = pieces.text(name, "small", "text2")
    words.setFixedWidth(_NAME_PX)
    value.setFixedWidth(_VALUE_PX)
    value.setAlignment(Qt.AlignmentFlag.AlignRight)
    line = pieces.row(words, spacing=8)
    line.addWidget(slider, 1)
    line.addWidget(value)
    return line


def _place(smoothing: float) -> int:
    """On the slider, whose steps are factors."""
    return round(_STEPS * math.log2(smoothing))


def _name(body: str) -> str:
    return body if body == ANNY else Path(body).stem
