"""How long to train, on what, and from where to start."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDoubleSpinBox, QGridLayout, QWidget

from poseapp.ui.panels import pieces

_DEVICES = (
    ("auto", "The fastest there is"),
    ("cpu", "CPU"),
    ("cuda", "Graphics card (CUDA)"),
)


class TrainSettings(QDialog):
    """`minutes`, `device` and `goes_on` are what was chosen when it was accepted."""

    def __init__(
        self,
        *,
        device: str,
        minutes: float,
        labels: int,
        start_from: str | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Train")
        self._minutes = QDoubleSpinBox()
        self._minutes.setRange(0.1, 24 * 60)
        self._minutes.setDecimals(1)
        self._minutes.setSuffix(" min")
        self._minutes.setValue(minutes)
        self._minutes.setAccessibleName("Minutes")
        self._device = QComboBox()
        self._device.setAccessibleName("Device")
        for key, words in _DEVICES:
            self._device.addItem(words, key)
        self._device.setCurrentIndex(max(self._device.findData(device), 0))
        self._goes_on = QCheckBox("Go on from the net in use" if start_from else "")
        self._goes_on.setVisible(start_from is not None)
        self._goes_on.setToolTip(f"Starts with what {start_from} has learned")
        form = QGridLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(12)
        form.setColumnStretch(1, 1)
        for line, (words, widget) in enumerate(
            (("For", self._minutes), ("On", self._device), ("", self._goes_on))
        ):
            form.addWidget(pieces.text(words, "body", "text2"), line, 0)
            form.addWidget(widget, line, 1)
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
                form,
                buttons,
                spacing=16,
                margins=(24, 20, 24, 20),
            )
        )
        self.resize(420, self.sizeHint().height())

    @property
    def minutes(self) -> float:
        return self._minutes.value()

    @property
    def device(self) -> str:
        return str(self._device.currentData())

    @property
    def goes_on(self) -> bool:
        """Whether to start from the net in use instead of from the beginning."""
        return self._goes_on.isChecked()
