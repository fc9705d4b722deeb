"""Trainings as they run and as they ended, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QDialog

from poseapp.app.changes import Changes
from poseapp.app.jobs import Job, JobState
from poseapp.app.services import Services
from poseapp.app.session import Session
from poseapp.app.training import Choices
from poseapp.domain.ids import RunId
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.skeleton import titled
from poseapp.domain.video import Video
from poseapp.ui.actions import Actions
from poseapp.ui.dialogs.train_settings import TrainSettings
from poseapp.ui.panels import pieces
from poseapp.ui.panels.curves import Curve
from poseapp.ui.panels.job_strip import device_title, time_left
from poseapp.ui.tables.rows import Row
from poseapp.ui.workspaces.train import Figure, RunView, TrainWorkspace

_REDRAW_MS = 250
_STATES = {
    RunState.RUNNING: "training",
    RunState.DONE: "kept",
    RunState.STOPPED: "stopped by you",
    RunState.FAILED: "failed",
}


class TrainControl(QObject):
    """Shows the run that is looked at; the newest one unless a person chose another."""

    said = Signal(str)
    failed = Signal(str)

    def __init__(
        self, session: Session, services: Services, view: TrainWorkspace, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._training = services.training
        self._inference = services.inference
        self.view = view
        self._chosen: RunId | None = None
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_REDRAW_MS)
        self._redraw.timeout.connect(self._show_run)
        view.run_chosen.connect(self._choose)
        view.pause_wanted.connect(self._pause)
        view.stop_wanted.connect(self._training.stop)
        view.use_wanted.connect(self._use)
        view.resume_wanted.connect(self._resume)
        services.jobs.subscribe(self._job_changed)

    def connect_commands(self, actions: Actions, video: Callable[[], Video | None]) -> None:
        """Connect the commands of the Train menu; `video` says which one is open."""
        actions.connect_to("train", self.ask, self._training.not_yet)
        inference = self._inference

        def predict_video() -> None:
            if (open_video := video()) is not None:
                inference.predict_video(open_video.id)

        def predict_all() -> None:
            inference.predict_all()

        actions.connect_to("predict_video", predict_video, inference.not_yet)
        actions.connect_to("predict_all", predict_all, inference.not_yet)

    def changed(self, changes: Changes) -> None:
        if changes.runs:
            self.refresh()
        elif changes.frames and not self._runs():
            self.view.show_empty(self._training.not_yet())

    def refresh(self) -> None:
        """List the runs again, and show one of them."""
        runs = self._runs()
        if self._training.current is not None:
            self._chosen = self._training.current.id
        elif self._chosen not in [run.id for run in runs]:
            self._chosen = runs[0].id if runs else None
        active = self._session.project.runs.active()
        rows = [_row(run, active is not None and run.id == active.id) for run in runs]
        self.view.show_runs(rows, self._chosen)
        if runs:
            self._show_run()
        else:
            self.view.show_empty(self._training.not_yet())

    # -- verbs -------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask how long and where, and start."""
        settings = self._session.settings
        active = self._session.project.runs.active()
        dialog = TrainSettings(
            device=settings.get("device"),
            minutes=float(settings.get("train_minutes", 5.0)),
            labels=self._session.project.labels.frame_count(),
            start_from=None if active is None else _title(active),
            parent=self.view.window(),
        )
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        settings.set("device", dialog.device)
        settings.set("train_minutes", dialog.minutes)
        parent = active.id if active is not None and dialog.goes_on else None
        self.start(Choices(minutes=dialog.minutes, start_from=parent))

    def start(self, choices: Choices) -> None:
        """Train in the background."""
        self._training.start(choices)
        self.said.emit("Training began; you can keep labelling")

    def _choose(self, run: RunId) -> None:
        self._chosen = run
        self._show_run()

    def _pause(self) -> None:
        if job := self._training.job:
            job.resume() if job.state is JobState.PAUSED else job.pause()

    def _use(self) -> None:
        if self._chosen is not None:
            self._training.use(self._chosen)
            self.said.emit("Predictions come from this net from now on")

    def _resume(self) -> None:
        if self._chosen is not None:
            self._training.resume(self._chosen)
            self.said.emit("Training goes on where it broke off")

    # -- drawing -----------------------------------------------------------------------------

    def _job_changed(self, job: Job) -> None:
        """Draw again soon; more often than a few times a second says no more."""
        if job is self._training.job and self.view.isVisible() and not self._redraw.isActive():
            self._redraw.start()

    def _runs(self) -> list[Run]:
        runs = self._session.project.runs.all(RunKind.TRAINING)
        return sorted(runs, key=lambda run: run.started, reverse=True)

    def _show_run(self) -> None:
        run = next((run for run in self._runs() if run.id == self._chosen), None)
        if run is None:
            return
        active = self._session.project.runs.active()
        live = self._training.current is not None and self._training.current.id == run.id
        job = self._training.job if live else None
        history = self._training.history(run.id)
        losses, errors = curves(history)
        in_use = active is not None and active.id == run.id
        failed = run.state is RunState.FAILED
        usable = run.state in (RunState.DONE, RunState.STOPPED) and bool(run.metrics)
        notes = tuple(job.notes if job is not None else run.metrics.get("notes", ()))
        self.view.show_run(
            RunView(
                _title(run),
                f"{pieces.count(run.labelled_frames, 'labelled frame')}",
                device_title(job.device_used if job is not None else run.metrics.get("device", "")),
                job.progress if job is not None else None,
                _progress_text(job) if job is not None else "",
                job is not None and job.state is JobState.PAUSED,
                figures(run, history, self._before(run)),
                losses,
                errors,
                notes,
                run.message if failed else "",
                usable and not in_use and not self._session.project.read_only,
                failed and not self._training.not_yet() and self._training.can_resume(run),
            )
        )

    def _before(self, run: Run) -> Run | None:
        """The last finished training before this one, to compare with."""
        older = [r for r in self._runs() if r.started < run.started and "held_out_px" in r.metrics]
        return older[0] if older else None


def curves(history: tuple[dict[str, float], ...]) -> tuple[tuple[Curve, ...], tuple[Curve, ...]]:
    """(losses, held-out errors) of the rows that a training reported."""
    losses = (
        _curve("training", "accent", history, "loss"),
        _curve("held out", "curve", history, "held_out_loss"),
    )
    errors = (
        _curve("median", "curve", history, "held_out_px"),
        _curve("95 % of points", "text3", history, "held_out_p95_px", dashed=True),
    )
    return losses, errors


def figures(
    run: Run, history: tuple[dict[str, float], ...], before: Run | None
) -> tuple[Figure, ...]:
    """The numbers a person judges a net by; those of the last rows while it still learns."""
    now: dict[str, Any] = {}
    for row in history:
        now |= row
    if run.state is not RunState.RUNNING:
        now |= {k: v for k, v in run.metrics.items() if v is not None}
    old = before.metrics if before is not None else {}
    shown = [
        Figure("Held-out error", _px(now.get("held_out_px")), *_compared(now, old, "held_out_px")),
        Figure("95 % of points within", _px(now.get("held_out_p95_px")), _was(old)),
    ]
    if now.get("pck") is not None:
        shown.append(Figure("PCK at 0.1 body", f"{now['pck']:.2f}"))
    worst = max((now.get("px_by_keypoint") or {}).items(), key=lambda item: item[1], default=None)
    if worst is not None:
        shown.append(Figure("Worst keypoint", titled(worst[0]), f"{worst[1]:.1f} px", "warning"))
    if now.get("images_per_s"):
        shown.append(Figure("Speed", f"{now['images_per_s']:.0f} /s", "pictures trained on"))
    return tuple(shown)


def _curve(
    name: str, role: str, history: tuple[dict[str, float], ...], key: str, *, dashed: bool = False
) -> Curve:
    rows = [row for row in history if row.get(key) is not None and "step" in row]
    return Curve(name, role, [row["step"] for row in rows], [row[key] for row in rows], dashed)


def _px(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} px"


def _compared(now: dict[str, Any], old: dict[str, Any], key: str) -> tuple[str, str]:
    """How much better than the training before, with the colour role to say it in."""
    if now.get(key) is None or old.get(key) is None:
        return "", "text3"
    better = old[key] - now[key]
    word = "less" if better >= 0 else "more"
    return f"{abs(better):.1f} {word} than before", "good" if better >= 0 else "warning"


def _was(old: dict[str, Any]) -> str:
    value = old.get("held_out_p95_px")
    return "" if value is None else f"was {value:.1f}"


def _title(run: Run) -> str:
    return f"Round {run.round}" if run.round else f"Training of {run.started.astimezone():%H:%M}"


def _row(run: Run, in_use: bool) -> Row:
    error = run.metrics.get("held_out_px")
    state = "in use" if in_use else _STATES[run.state]
    marks = {RunState.RUNNING: "running", RunState.FAILED: "failed"}
    tones = {RunState.RUNNING: "accent", RunState.FAILED: "danger"}
    return Row(
        run.id,
        _title(run),
        f"{run.labelled_frames:,} frames · {run.started.astimezone():%d %b %H:%M}",
        right="–" if error is None else f"{error:.1f}",
        right_detail=state,
        mark="used" if in_use else marks.get(run.state, "kept"),
        right_tone="good" if in_use else tones.get(run.state, "text3"),
        tip=run.message,
    )


def _progress_text(job: Job) -> str:
    parts = [job.text, time_left(job.eta_s), "you can keep labelling"]
    if job.state is JobState.PAUSED:
        parts = ["paused"]
    return " · ".join(part for part in parts if part)
