"""Asks for replays when somebody looks, and shows what they say."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from poseapp.app.changes import Changes
from poseapp.app.jobs import Job
from poseapp.app.selection import FRAMES_A_ROUND
from poseapp.app.session import Session
from poseapp.app.worth import MeasuredNet, Weighing
from poseapp.app.worth_words import (
    Advice,
    figures,
    gain_px,
    in_short,
    noticed_px,
    saving_sentence,
    verdict,
)
from poseapp.learn.oracle.worth import Worth, WorthCurve
from poseapp.ui.panels import pieces
from poseapp.ui.panels.curves import Curve
from poseapp.ui.panels.queue_panel import QueuePanel
from poseapp.ui.panels.worth_panel import WorthPanel, WorthView

_ANSWERS = {
    Advice.GO_ON: ("Yes", "good"),
    Advice.UNSURE: ("Cannot tell", "text2"),
    Advice.STOP: ("Hardly", "warning"),
}
_FIGURES = ("Error now", "Labels saved", "Next batch")


class WorthControl(QObject):
    """Labels are replayed once for each number of them, and only for a panel that is seen."""

    def __init__(
        self,
        session: Session,
        weighing: Weighing,
        subscribe: Callable[[Callable[[Job], None]], object],
        panel: WorthPanel,
        queue: QueuePanel,
    ) -> None:
        super().__init__(panel)
        self._session = session
        self._weighing = weighing
        self._panel = panel
        self._queue = queue
        self._tried = 0
        """Labelled frames when a replay was last asked for."""
        panel.shown.connect(self.look)
        panel.measure_wanted.connect(self.measure)
        panel.stop_wanted.connect(weighing.stop)
        subscribe(self._job_changed)

    def changed(self, changes: Changes) -> None:
        if self._panel.isVisible() and (changes.frames or changes.runs):
            self.look()

    def look(self) -> None:
        """Show what is known, and have the labels replayed unless these were."""
        labels = self._weighing.labels
        if labels != self._tried and not self._weighing.not_yet():
            self.measure()
        else:
            self.refresh()

    def measure(self) -> None:
        """Replay the labels as they are now."""
        if not self._weighing.not_yet():
            self._tried = self._weighing.labels
            batch = int(self._session.settings.get("suggest_count", FRAMES_A_ROUND))
            self._weighing.measure(batch, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the newest answer, or what is missing for one."""
        weighing, panel = self._weighing, self._panel
        busy = weighing.job is not None
        if weighing.newest is not None:
            labels, nets = weighing.labels, weighing.nets
            view = worth_view(weighing.newest, nets, labels)
            panel.show_worth(view, busy=busy)
            words = in_short(weighing.newest, nets)
            self._queue.show_worth(*_ANSWERS[view.verdict.advice], words)
        elif busy:
            panel.show_working("In spare time; training and predictions go first.")
        elif missing := weighing.not_yet():
            panel.show_missing("Too early to tell", missing)
        elif weighing.problem:
            panel.show_missing("It cannot be told", weighing.problem, again=True)
        else:
            panel.show_missing("Not measured yet", "The replay was stopped.", again=True)

    def _job_changed(self, job: Job) -> None:
        if job is self._weighing.job and self._weighing.newest is None and job.text:
            self._panel.show_working(f"{job.text}, {job.progress:.0%}")


def worth_view(worth: Worth, nets: tuple[MeasuredNet, ...], labels: int) -> WorthView:
    """What the panel shows when there are so many labelled frames."""
    told = figures(worth, nets)
    newer = labels - worth.labels
    stale = f"Measured at {pieces.count(worth.labels, 'labelled frame')}; now there are {labels:,}."
    return WorthView(
        [
            (name, *figure)
            for name, figure in zip(_FIGURES, (told.error, told.saved, told.gain), strict=True)
        ],
        curves(worth, nets),
        saving_sentence(worth.saving),
        verdict(worth, nets),
        gain_px(worth, nets),
        noticed_px(worth, nets),
        worth.gain.labels,
        worth.notes,
        stale if newer else "",
    )


def curves(worth: Worth, nets: tuple[MeasuredNet, ...]) -> tuple[Curve, ...]:
    """Chance below, the own order above it, and what nets really reached."""
    drawn = [_curve("by chance", "text3", worth.random, dashed=True)]
    if worth.yours is not None:
        drawn.append(_curve("your order", "accent", worth.yours))
    if nets:
        x, y = [net.labels for net in nets], [net.error_px for net in nets]
        drawn.append(Curve("your nets", "curve", x, y, marks=True))
    return tuple(drawn)


def _curve(name: str, role: str, line: WorthCurve, *, dashed: bool = False) -> Curve:
    band = line.low_px, line.high_px
    return Curve(name, role, line.labels, line.error_px, dashed, band)
