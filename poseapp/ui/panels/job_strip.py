"""The left end of the status bar: the job that runs, with its time left, pause and stop."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from poseapp.ui.panels import pieces
from poseapp.ui.widgets.chip import Chip


@dataclass(frozen=True, slots=True)
class JobView:
    """What the strip says of a job."""

    name: str
    progress: float
    eta_s: float | None
    device: str
    paused: bool
    can_pause: bool = True


class JobStrip(QWidget):
    """Shows the first job, and how many more there are."""

    pause_wanted = Signal()
    """Pause, or go on when it is paused."""
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = pieces.text("No jobs running", "small", "text2")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(120)
        self._bar.setAccessibleName("Progress of the job")
        self._left = pieces.text("", "small", "text2")
        self._device = Chip("", "neutral", icon="cpu")
        self._pause = pieces.icon_button("pause", "Pause the job", self.pause_wanted.emit)
        self._stop = pieces.icon_button("square", "Stop the job", self.stop_wanted.emit)
        self._more = pieces.text("", "small", "text3")
        for button in (self._pause, self._stop):
            button.setFixedSize(24, 24)
        self._running = (self._bar, self._left, self._device, self._pause, self._stop, self._more)
        self.setLayout(pieces.row(self._name, *self._running, None, margins=(12, 0, 0, 0)))
        self.show_jobs(())

    def show_jobs(self, jobs: tuple[JobView, ...]) -> None:
        """Show what runs now; an empty tuple says that nothing does."""
        for widget in self._running:
            widget.setVisible(bool(jobs))
        if not jobs:
            self._name.setText("No jobs running")
            return
        job = jobs[0]
        self._name.setText(job.name)
        self._bar.setValue(round(job.progress * 1000))
        self._left.setText("paused" if job.paused else time_left(job.eta_s))
        self._device.set_text(device_title(job.device) or "starting")
        word = "Go on with the job" if job.paused else "Pause the job"
        pieces.icons.attach(self._pause, "play" if job.paused else "pause")
        self._pause.setToolTip(word)
        self._pause.setAccessibleName(word)
        self._pause.setVisible(job.can_pause)
        self._more.setText(f"+{len(jobs) - 1}" if len(jobs) > 1 else "")


def device_title(device: str) -> str:
    """A device as it is shown: `cpu, 1 threads` becomes `CPU, 1 thread`."""
    words = device.replace("cpu", "CPU")
    return words.removesuffix("s") if words.endswith(" 1 threads") else words


def time_left(seconds: float | None) -> str:
    """`3 min left`; nothing while it cannot be said."""
    if seconds is None:
        return ""
    if seconds < 55:
        return f"{max(int(seconds / 5) * 5, 5)} s left"
    if seconds < 3600:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left"
