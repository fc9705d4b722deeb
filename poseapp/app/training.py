"""Training: from the labels to a net in use, and the record of how it came about."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from poseapp.app.changes import Changes
from poseapp.app.jobs import Job, JobRunner, Priority
from poseapp.app.runs import checkpoints, interrupted, mark_interrupted, new_run_id
from poseapp.app.session import Session
from poseapp.app.tasks import Train, TrainedNet
from poseapp.domain.errors import PoseAppError, ReadOnlyError, TrainingError
from poseapp.domain.ids import RunId
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.learn.remote.settings import too_few
from poseapp.media.reader import FrameReader
from poseapp.nets.card import Card

SUPERVISED, REMOTE = RECIPES = ("supervised", "remote")
USUAL_MINUTES = {SUPERVISED: 5.0, REMOTE: 20.0}
KEPT_ROWS = 600
"""Rows of a curve that are stored with a run; a screen shows no more."""

History = tuple[dict[str, float], ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may choose for a training; None leaves it to the recipe."""

    recipe: str = SUPERVISED
    minutes: float | None = 5.0
    steps: int | None = None
    start_from: RunId | None = None
    """An earlier run whose net this one goes on from."""
    net: str | None = None
    long_side: int | None = None
    """Of a whole frame's input, in pixels."""
    crop_side: int | None = None
    """Of the input that shows one body, in pixels."""
    batch: int | None = None
    seed: int = 0


@dataclass(slots=True)
class _Live:
    """A training under way."""

    run: Run
    job: Job
    rows: list[dict[str, float]] = field(default_factory=list)

    def keep(self, values: dict[str, float]) -> None:
        """Add a row; one that goes back in steps, as after a resume, replaces those behind it.

        Rows without a step stand beside the curve.
        """
        step = values.get("step")
        last = next((row["step"] for row in reversed(self.rows) if "step" in row), 0)
        if step is not None and step < last:
            self.rows = [row for row in self.rows if row.get("step", -1) < step]
        self.rows.append(values)

    def record(self) -> dict[str, Any]:
        """What is stored of how it went, as plain JSON."""
        return {
            "history": _thinned(self.rows, KEPT_ROWS),
            "working_s": round(self.job.working_s, 1),
            "device": self.job.device_used,
            "notes": list(self.job.notes),
        }


class Training:
    """One training at a time."""

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._project = session.project
        self._jobs = jobs
        self._now = now
        self._live: _Live | None = None
        self.when_usable: Callable[[Run], None] | None = None
        """Called with each run whose net has just been put to use."""
        if not self._project.read_only:
            mark_interrupted(self._project)

    @property
    def current(self) -> Run | None:
        """The run that is being trained."""
        return self._live.run if self._live else None

    @property
    def job(self) -> Job | None:
        """The job of `current`: its progress, time left and device; it can be paused."""
        return self._live.job if self._live else None

    def not_yet(self) -> str:
        """Why no training can start now, as a sentence; empty when one can."""
        if self._project.read_only:
            return "The project is open for reading only."
        if self._live:
            return "A training is running. Stop it first, or wait until it ends."
        if not self._project.labels.count():
            return "There is nothing to train on yet. Label a few frames first."
        return ""

    def remote_not_yet(self) -> str:
        """Why there is nothing yet for REMOTE to learn beyond the labels; empty when there is."""
        if why := too_few(self._project.labels.frame_count()):
            return f"{why} Until then training is supervised."
        return ""

    def start(self, choices: Choices | None = None) -> Run:
        """Train on the labels as they are now.

        Raises:
            TrainingError: when `not_yet` says why not, or the recipe is not known.
        """
        self._refuse()
        choices = choices or Choices()
        if choices.recipe not in RECIPES:
            raise TrainingError(
                f"There is no recipe {choices.recipe!r}. Choose one of {', '.join(RECIPES)}."
            )
        started = self._now()
        run = Run(
            new_run_id(self._project.runs.all(), RunKind.TRAINING, started),
            RunKind.TRAINING,
            choices.recipe,
            started,
            parent=choices.start_from,
            round=self._project.suggestions.last_round(),
            config={"options": _options(choices)},
        )
        self._project.runs.add(run)
        return self._launch(run)

    def resume(self, run: RunId) -> Run:
        """Go on with a training that broke off, on the labels as they are now.

        Raises:
            TrainingError: when it left nothing to go on from, or `not_yet` says why not.
        """
        self._refuse()
        found = self._project.runs.get(run)
        if not self.can_resume(found):
            raise TrainingError(f"The training {run} cannot be gone on with. Start a new one.")
        return self._launch(replace(found, state=RunState.RUNNING, message=""))

    def resume_last(self) -> Run:
        """Go on with the last training that broke off.

        Raises:
            TrainingError: when none left anything to go on from, or `not_yet` says why not.
        """
        broken_off = [r for r in self._project.runs.all(RunKind.TRAINING) if self.can_resume(r)]
        if not broken_off:
            raise TrainingError("No training broke off that could go on. Start a new one.")
        return self.resume(broken_off[-1].id)

    def can_resume(self, run: Run) -> bool:
        """Whether the run broke off and left its state behind."""
        return run.state is RunState.FAILED and bool(checkpoints(self._project, run))

    def stop(self) -> None:
        """End now and keep the best net so far."""
        if self._live:
            self._live.job.stop()

    def history(self, run: RunId) -> History:
        """The metrics of a run in the order they came: live, or as stored when it ended."""
        if self._live and self._live.run.id == run:
            return tuple(self._live.rows)
        return tuple(self._project.runs.get(run).metrics.get("history", ()))

    def use(self, run: RunId) -> None:
        """Predict with the net of this run from now on."""
        Card.read(self._folder(run))
        self._project.runs.set_active(run)
        self._session.announce(Changes(runs=True))

    def close(self) -> None:
        """After the workers were ended: what was running is marked as interrupted."""
        if live := self._live:
            self._end(replace(interrupted(self._project, live.run), metrics=live.record()))

    def _refuse(self) -> None:
        if self._project.read_only:
            raise ReadOnlyError(f"{self.not_yet()} Close it elsewhere and open it again to train.")
        if sentence := self.not_yet():
            raise TrainingError(sentence)

    def _launch(self, run: Run) -> Run:
        labels = self._project.labels.snapshot()
        uids = [keypoint.uid for keypoint in labels.skeleton.keypoints]
        run = replace(
            run,
            labels_digest=labels.digest(),
            labelled_frames=len(labels.frames),
            config=run.config | {"keypoints": uids},
        )
        self._project.runs.update(run)
        device = self._session.settings.get("device")
        options = run.config["options"] | {"device": device, "threads": self._jobs.threads}
        if run.parent is not None:
            options["start_from"] = self._folder(run.parent)
        frames = FrameReader(labels.videos, self._project.cache_folder)
        request = Train(labels, frames, run.recipe, options, self._folder(run.id))
        job = self._jobs.start(
            "poseapp.app.tasks:train",
            request,
            name="Training",
            priority=Priority.BACKGROUND,
            device=device,
            on_metrics=self._keep,
            on_done=self._done,
            on_stopped=self._stopped,
            on_failed=self._failed,
        )
        self._live = _Live(run, job, list(run.metrics.get("history", ())))
        self._session.announce(Changes(runs=True))
        return run

    def _keep(self, values: dict[str, float]) -> None:
        if self._live:
            self._live.keep(values)

    def _done(self, trained: TrainedNet) -> None:
        if live := self._live:
            state = RunState.STOPPED if trained.stopped else RunState.DONE
            run = replace(live.run, state=state, metrics=trained.metrics | live.record())
            use = not trained.stopped or self._as_good_as_the_net_in_use(run)
            if not use:
                run = replace(run, message="It was stopped early; the net in use is better.")
            self._end(run, use=use)
            for checkpoint in checkpoints(self._project, run):
                checkpoint.unlink(missing_ok=True)
            if use and self.when_usable is not None:
                self.when_usable(run)

    def _as_good_as_the_net_in_use(self, run: Run) -> bool:
        """By the error on held-out frames; also where one of them has none."""
        in_use = self._project.runs.active()
        before = in_use.metrics.get("held_out_px") if in_use is not None else None
        now = run.metrics.get("held_out_px")
        return before is None or now is None or now <= before

    def _stopped(self) -> None:
        if live := self._live:
            message = "It was stopped before there was a net."
            self._end(replace(live.run, state=RunState.STOPPED, message=message, metrics={}))
            shutil.rmtree(self._folder(live.run.id), ignore_errors=True)

    def _failed(self, why: PoseAppError) -> None:
        if live := self._live:
            run = replace(live.run, state=RunState.FAILED, message=str(why))
            self._end(replace(run, metrics=live.record()))

    def _end(self, run: Run, *, use: bool = False) -> None:
        self._live = None
        with self._project.atomic():
            self._project.runs.update(run)
            if use:
                self._project.runs.set_active(run.id)
        self._session.announce(Changes(runs=True))

    def _folder(self, run: RunId) -> Path:
        return self._project.runs_folder / run


def _options(choices: Choices) -> dict[str, Any]:
    """What the recipe is told, as plain JSON; the net to start from is the run's parent."""
    chosen = {name: value for name, value in asdict(choices).items() if value is not None}
    return {k: v for k, v in chosen.items() if k not in ("recipe", "start_from")} | {
        "minutes": choices.minutes  # None is a choice here: steps end the run
    }


def _thinned(rows: Sequence[dict[str, float]], most: int) -> list[dict[str, float]]:
    """All rows about held-out frames, and as many of the others as there is room for."""
    step = -(-len(rows) // most) if rows else 1
    return [row for n, row in enumerate(rows) if n % step == 0 or "held_out_px" in row]
