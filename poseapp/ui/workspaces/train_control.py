"""Trainings as they run and as they ended, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QDialog

from poseapp.app.changes import Changes
from poseapp.app.jobs import Job, JobState
from poseapp.app.services import Services
from poseapp.app.session import Session
from poseapp.app.training import REMOTE, SUPERVISED, USUAL_MINUTES, Choices
from poseapp.domain.ids import RunId
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.video import Video
from poseapp.nets import catalogue
from poseapp.ui.actions import Actions
from poseapp.ui.bridge import Background
from poseapp.ui.dialogs.train_settings import SIZES, TrainSettings, Usual
from poseapp.ui.panels.job_strip import device_title
from poseapp.ui.workspaces.queue_control import Thumbnails
from poseapp.ui.workspaces.train import RunView, TrainWorkspace
from poseapp.ui.workspaces.train_pairs import TrainPairs
from poseapp.ui.workspaces.train_partners import TrainPartners
from poseapp.ui.workspaces.train_words import (
    Live,
    curves,
    figures,
    net_of,
    progress_text,
    run_detail,
    run_row,
    run_title,
)

_REDRAW_MS = 250
_LOOK_AGAIN_MS = 3000
"""Between looks at the partners that a training picks."""
_MINUTES = {SUPERVISED: "train_minutes", REMOTE: "train_minutes_remote"}
"""Keys of the settings under which the last choice is kept."""
_PICTURE = (960, 540)
"""Of a frame in the strip before it is cut out, in pixels."""


class TrainControl(QObject):
    """Shows the run that is looked at; the newest one unless a person chose another."""

    said = Signal(str)
    failed = Signal(str)
    frame_wanted = Signal(object)
    """The frame that a person wants to see."""

    def __init__(
        self,
        session: Session,
        services: Services,
        background: Background,
        view: TrainWorkspace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._training = services.training
        self._inference = services.inference
        self.view = view
        thumbnails = Thumbnails(services.frames.thumbnails, self, _PICTURE)
        self._pairs = TrainPairs(session.project, background, thumbnails, view)
        self._partners = TrainPartners(session.project, background, view)
        self._looked = QTimer(self)
        self._looked.setSingleShot(True)
        self._looked.setInterval(_LOOK_AGAIN_MS)
        self._looked.timeout.connect(self._show_partners)
        self._chosen: RunId | None = None
        self._redraw = QTimer(self)
        self._redraw.setSingleShot(True)
        self._redraw.setInterval(_REDRAW_MS)
        self._redraw.timeout.connect(self._show_live)
        view.run_chosen.connect(self._choose)
        view.frame_chosen.connect(self.frame_wanted)
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
        self._list(runs)
        if self._chosen is not None:
            self._show_run()
            self._pairs.show(self._chosen)
            self._partners.show(self._chosen)
        else:
            self.view.show_empty(self._training.not_yet())

    # -- verbs -------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask how long and where, and start."""
        settings = self._session.settings
        active = self._session.project.runs.active()
        minutes = {
            recipe: float(settings.get(_MINUTES[recipe], usual))
            for recipe, usual in USUAL_MINUTES.items()
        }
        dialog = TrainSettings(
            usual=Usual(
                settings.get("device"),
                settings.get("train_recipe", REMOTE),
                minutes,
                settings.get("train_net", catalogue.DEFAULT),
                settings.get("train_size", "usual"),
            ),
            remote_not_yet=self._training.remote_not_yet(),
            labels=self._session.project.labels.frame_count(),
            start_from=None if active is None else run_title(active),
            parent=self.view.window(),
        )
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return
        settings.set("device", dialog.device)
        if dialog.recipe_chosen:
            settings.set("train_recipe", dialog.recipe)
        settings.set(_MINUTES[dialog.recipe], dialog.minutes)
        settings.set("train_net", dialog.net)
        settings.set("train_size", dialog.size_name)
        parent = active if active is not None and dialog.goes_on else None
        long_side, crop_side = SIZES[dialog.size_name].sides
        self.start(
            Choices(
                recipe=dialog.recipe,
                minutes=dialog.minutes,
                net=net_of(parent) if parent else dialog.net,
                long_side=long_side,
                crop_side=crop_side,
                start_from=parent.id if parent else None,
            )
        )

    def start(self, choices: Choices) -> None:
        """Train in the background."""
        self._training.start(choices)
        self.said.emit("Training began; you can keep labelling")

    def _choose(self, run: RunId) -> None:
        self._chosen = run
        self._show_run()
        self._pairs.show(run)
        self._partners.show(run)

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

    def _list(self, runs: list[Run]) -> None:
        active = self._session.project.runs.active()
        rows = [run_row(run, active is not None and run.id == active.id, self._live(run))
                for run in runs]  # fmt: skip
        self.view.show_runs(rows, self._chosen)

    def _live(self, run: Run) -> Live | None:
        """How far the run is, if it is the one that is trained."""
        current, job = self._training.current, self._training.job
        if current is None or job is None or current.id != run.id:
            return None
        return Live(job, self._training.history(run.id))

    def _show_live(self) -> None:
        self._list(self._runs())
        self._show_run()
        if not self._looked.isActive():
            self._looked.start()

    def _show_partners(self) -> None:
        if self._chosen is not None:
            self._partners.show(self._chosen)

    def _show_run(self) -> None:
        run = next((run for run in self._runs() if run.id == self._chosen), None)
        if run is None:
            return
        active = self._session.project.runs.active()
        live = self._live(run)
        job = live.job if live else None
        history = self._training.history(run.id)
        before = self._before(run)
        losses, errors = curves(history, before)
        in_use = active is not None and active.id == run.id
        failed = run.state is RunState.FAILED
        usable = run.state in (RunState.DONE, RunState.STOPPED) and bool(run.metrics)
        notes = tuple(job.notes if job is not None else run.metrics.get("notes", ()))
        if run.message and not failed:
            notes = (*notes, run.message)
        self.view.show_run(
            RunView(
                run_title(run),
                run_detail(run),
                device_title(job.device_used if job is not None else run.metrics.get("device", "")),
                job.progress if job is not None else None,
                progress_text(job) if job is not None else "",
                job is not None and job.state is JobState.PAUSED,
                figures(run, history, before),
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
