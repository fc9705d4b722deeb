"""Which body the people of a video get, what it is fitted by, and how smoothly it moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from poseapp.app.mesh_options import ROUGHEST, SMOOTHEST, MeshOptions
from poseapp.nets.body.arrays import ANNY
from poseapp.nets.motion_hmr.choice import FLOW_NET, KEYPOINTS_NET, NO_NET
from poseapp.ui.panels import pieces

_STEPS = 2
"""Of the slider, from one smoothing to its double."""
_NAME_PX, _VALUE_PX = 72, 40
_TIP = (
    "How wide a stretch of time is smoothed, against the usual one. Less follows every keypoint, "
    "more lets shaking and quick moves go."
)
_NET_TIP = "What is tried beside a fit from nothing, and what it looks at."
_TITLES = {
    KEYPOINTS_NET: "Keypoints",
    FLOW_NET: "Keypoints and motion",
    NO_NET: "None, fit alone",
}


class MeshFitPanel(QWidget):
    """Draws what was chosen; what it means is decided outside."""

    body_chosen = Signal(str)
    body_file_wanted = Signal()
    net_chosen = Signal(str)
    net_file_wanted = Signal()
    smoothing_changed = Signal(float)
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.body = pieces.choice_button("Which body is fitted")
        """It stands elsewhere, in the header."""
        self._net = pieces.choice_button("Which net begins the fit", _NET_TIP)
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setRange(_place(ROUGHEST), _place(SMOOTHEST))
        self._smoothing.setPageStep(_STEPS)
        self._smoothing.setToolTip(_TIP)
        self._times = pieces.text("", "small")
        self._later = pieces.text(
            "Takes effect when all is fitted again.", "small", "text2", wrap=True
        )
        self._again = pieces.button("Fit all again", self.again_wanted.emit, icon="refresh-cw")
        net = pieces.row(_line_name("Net"), self._net, None, spacing=8)
        slider = labelled_slider("Smoothing", self._smoothing, self._times)
        again = pieces.row(self._again, None)
        self.setLayout(pieces.column(net, slider, self._later, again, spacing=8))
        self._shown = MeshOptions()
        self.show_options(self._shown, None)
        self.show_bodies(())
        self.show_nets((), ())
        self._smoothing.valueChanged.connect(self._slid)

    def show_options(self, options: MeshOptions, fitted: MeshOptions | None) -> None:
        """What is chosen, beside what the meshes were `fitted` with, if there are some."""
        self._shown = options
        self.body.setText(_title(options.body))
        self.body.setToolTip("" if options.body == ANNY else options.body)
        self._net.setText(_title(options.net))
        self._smoothing.setValue(_place(options.smoothing))
        self._times.setText(f"{options.smoothing:.2g} ×")
        self._later.setVisible(fitted is not None and fitted != options)
        self._again.setVisible(fitted is not None)

    def show_bodies(self, files: Sequence[str]) -> None:
        """Offer the body that comes with the app, the user's own files, and to choose another."""
        offered = {body: _title(body) for body in (ANNY, *files)}
        _offer(self.body, offered, self.body_chosen, "SMPL or SMPL-X file …", self.body_file_wanted)

    def show_nets(self, names: Sequence[str], files: Sequence[str]) -> None:
        """Offer the nets of these names, the user's own files, none, and to choose another."""
        offered = {net: _title(net) for net in (*names, *files, NO_NET)}
        _offer(self._net, offered, self.net_chosen, "Net from a file …", self.net_file_wanted)

    def _slid(self, place: int) -> None:
        if place != _place(self._shown.smoothing):
            self.smoothing_changed.emit(2.0 ** (place / _STEPS))


def _offer(
    button: QToolButton,
    offered: dict[str, str],
    chosen: SignalInstance,
    ask: str,
    asked: SignalInstance,
) -> None:
    """A menu of what may be chosen with its title, and last of a file."""
    menu = QMenu(button)
    for one, title in offered.items():
        action = menu.addAction(title)
        action.setToolTip(one)
        action.triggered.connect(lambda _checked=False, one=one: chosen.emit(one))
    menu.addSeparator()
    menu.addAction(ask).triggered.connect(asked.emit)
    menu.setToolTipsVisible(True)
    button.setMenu(menu)


def labelled_slider(name: str, slider: QSlider, value: QLabel) -> QHBoxLayout:
    """What it is, the slider, its value in words; such lines below each other are aligned."""
    slider.setAccessibleName(name)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    value.setFixedWidth(_VALUE_PX)
    value.setAlignment(Qt.AlignmentFlag.AlignRight)
    line = pieces.row(_line_name(name), spacing=8)
    line.addWidget(slider, 1)
    line.addWidget(value)
    return line


def _line_name(name: str) -> QLabel:
    words = pieces.text(name, "small", "text2")
    words.setFixedWidth(_NAME_PX)
    return words


def _place(smoothing: float) -> int:
    """On the slider, whose steps are factors."""
    return round(_STEPS * math.log2(smoothing))


def _title(one: str) -> str:
    """Of a body or a net; of the user's, its file's name."""
    return _TITLES.get(one) or Path(one).stem
