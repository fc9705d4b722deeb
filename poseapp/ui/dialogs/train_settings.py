"""How long to train, what, on what, and from where to start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDoubleSpinBox, QGridLayout, QWidget

from poseapp.app.training import REMOTE, SUPERVISED
from poseapp.nets.catalogue import NETS
from poseapp.ui.panels import pieces

_DEVICES = (
    ("auto", "The fastest there is"),
    ("cpu", "CPU"),
    ("cuda", "Graphics card (CUDA)"),
)


@dataclass(frozen=True, slots=True)
class InputSize:
    """How finely a net looks."""

    title: str
    sides: tuple[int | None, int | None]
    """Of a whole frame's and of a crop's input in pixels; None leaves it to the recipe."""


SIZES = {
    "small": InputSize("Small, quicker", (192, 128)),
    "usual": InputSize("Usual", (None, None)),
    "large": InputSize("Large, slower", (384, 224)),
    "largest": InputSize("Largest, for small details", (512, 320)),
}
RECIPES = {
    SUPERVISED: "Supervised",
    REMOTE: "REMOTE (also learns from unlabelled frames)",
}
_FROM_NOTHING = "No pretrained weights come with this net: it needs many more labels and minutes."


@dataclass(frozen=True, slots=True)
class Usual:
    """What is chosen unless a person chooses otherwise."""

    device: str
    recipe: str
    minutes: Mapping[str, float]
    """By recipe."""
    net: str
    size: str
    """A key of `SIZES`."""


class TrainSettings(QDialog):
    """`recipe`, `minutes`, `net`, `size_name`, `device` and `goes_on` are what was chosen."""

    def __init__(
        self,
        *,
        usual: Usual,
        labels: int,
        start_from: str | None,
        remote_not_yet: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train")
        self._minutes = QDoubleSpinBox()
        self._minutes.setRange(0.1, 24 * 60)
        self._minutes.setDecimals(1)
        self._minutes.setSuffix(" min")
        self._minutes.setAccessibleName("Minutes")
        self._usual = usual
        self.recipe_chosen = not remote_not_yet
        """Whether a person could choose the recipe."""
        self._recipe = _list("Recipe", RECIPES, SUPERVISED if remote_not_yet else usual.recipe)
        self._recipe.setEnabled(not remote_not_yet)
        self._recipe.currentIndexChanged.connect(self._show_minutes)
        self._recipe_words = pieces.text(remote_not_yet, "small", "text2", wrap=True)
        self._show_minutes()
        self._net = _list("Net", {entry.name: entry.title for entry in NETS}, usual.net)
        self._size = _list("Input size", {key: s.title for key, s in SIZES.items()}, usual.size)
        self._device = _list("Device", dict(_DEVICES), usual.device)
        self._goes_on = QCheckBox("Go on from the net in use" if start_from else "")
        self._goes_on.setVisible(start_from is not None)
        self._goes_on.setToolTip(f"Starts with what {start_from} has learned")
        self._warning = pieces.text("", "small", "warning", wrap=True)
        self._net.currentIndexChanged.connect(self._judge)
        self._goes_on.toggled.connect(self._judge)
        start = pieces.button("Start training", self.accept, kind="primary", large=True)
        start.setDefault(True)
        about = pieces.text(
            f"Learns from {pieces.count(labels, 'labelled frame')}; a tenth of them is kept aside "
            "to measure the error. You can keep labelling meanwhile.",
            "small",
            "text2",
            wrap=True,
        )
        buttons = pieces.row(None, pieces.button("Cancel", self.reject, large=True), start)
        self.setLayout(
            pieces.column(
                pieces.text("Train on the labels", "head"),
                about,
                self._form(),
                self._warning,
                buttons,
                spacing=16,
                margins=(24, 20, 24, 20),
            )
        )
        self._judge()
        self.resize(440, self.sizeHint().height())

    @property
    def recipe(self) -> str:
        """A key of `RECIPES`."""
        return str(self._recipe.currentData())

    @property
    def minutes(self) -> float:
        return self._minutes.value()

    @property
    def net(self) -> str:
        return str(self._net.currentData())

    @property
    def size_name(self) -> str:
        """A key of `SIZES`."""
        return str(self._size.currentData())

    @property
    def device(self) -> str:
        return str(self._device.currentData())

    @property
    def goes_on(self) -> bool:
        """Whether to start from the net in use, which stays the same net then."""
        return self._goes_on.isChecked()

    def _form(self) -> QGridLayout:
        form = QGridLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.setColumnStretch(1, 1)
        fields = (
            ("How", self._recipe),
            *([("", self._recipe_words)] if self._recipe_words.text() else []),
            ("For", self._minutes),
            ("Net", self._net),
            ("Input size", self._size),
            ("On", self._device),
            ("", self._goes_on),
        )
        for line, (words, widget) in enumerate(fields):
            form.addWidget(pieces.text(words, "body", "text2"), line, 0)
            form.addWidget(widget, line, 1)
        return form

    def _show_minutes(self) -> None:
        self._minutes.setValue(self._usual.minutes[self.recipe])

    def _judge(self) -> None:
        """Say what the choice of the net means."""
        self._net.setEnabled(not self.goes_on)
        self._net.setToolTip("Going on keeps the net in use" if self.goes_on else "")
        chosen = next(entry for entry in NETS if entry.name == self.net)
        self._warning.setText("" if chosen.pretrained or self.goes_on else _FROM_NOTHING)
        self._warning.setVisible(bool(self._warning.text()))


def _list(name: str, entries: dict[str, str], chosen: str) -> QComboBox:
    made = QComboBox()
    made.setAccessibleName(name)
    for key, words in entries.items():
        made.addItem(words, key)
    made.setCurrentIndex(max(made.findData(chosen), 0))
    return made
