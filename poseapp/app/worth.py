"""Weighing: whether the labels so far were worth it, and whether more of them are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from math import isfinite

from poseapp.app.jobs import Job, JobRunner, Priority
from poseapp.app.replaying import Weigh
from poseapp.app.session import Session
from poseapp.domain.errors import PoseAppError, SelectionError
from poseapp.domain.run import RunKind
from poseapp.learn.oracle.worth import FEWEST_FRAMES, Worth
from poseapp.store.project import Project


@dataclass(frozen=True, slots=True)
class MeasuredNet:
    """A net, by what it was trained on and how far it is off on held-out frames."""

    labels: int
    """Labelled frames."""
    error_px: float
    """Median."""
    in_use: bool


def measured_nets(project: Project) -> tuple[MeasuredNet, ...]:
    """Those of all trainings that held frames out, in their order."""
    active = project.runs.active()
    found = []
    for run in project.runs.all(RunKind.TRAINING):
        error = run.metrics.get("held_out_px")
        if isinstance(error, int | float) and isfinite(error) and run.labelled_frames:
            in_use = active is not None and active.id == run.id
            found.append(MeasuredNet(run.labelled_frames, float(error), in_use))
    return tuple(found)


class Weighing:
    """Has the labels replayed in spare time; the newest answer stays until there is another."""

    def __init__(self, session: Session, jobs: JobRunner) -> None:
        self._session = session
        self._project = session.project
        self._jobs = jobs
        self._job: Job | None = None
        self.newest: Worth | None = None
        """The last answer; it may be of fewer labels than there are now."""
        self.problem = ""
        """Why the last replay came to no answer, as a sentence."""

    @property
    def job(self) -> Job | None:
        """The replay under way."""
        return self._job if self._job is not None and not self._job.ended else None

    @property
    def labels(self) -> int:
        """Labelled frames there are now."""
        return self._project.labels.frame_count()

    @property
    def nets(self) -> tuple[MeasuredNet, ...]:
        """What nets really reached."""
        return measured_nets(self._project)

    def not_yet(self) -> str:
        """Why nothing can be told now, as a sentence; empty when it can."""
        if (labels := self.labels) < FEWEST_FRAMES:
            missing = FEWEST_FRAMES - labels
            return (
                f"{missing} more labelled frame{'' if missing == 1 else 's'}, and it can be told "
                "what your labels saved against picking by chance, and what more of them promise."
            )
        if find_spec("torch") is None:
            return "Replays need torch. `poseapp doctor` says how to add it."
        return ""

    def measure(self, more: int, then: Callable[[], None] = lambda: None) -> Job:
        """Replay the labels, and say what `more` of them promise; a newer request replaces this.

        `then` is called when it ended, with an answer or a problem.

        Raises:
            SelectionError: when `not_yet` says why not.
        """
        if sentence := self.not_yet():
            raise SelectionError(sentence)
        self.stop()
        self.problem = ""
        self._job = self._jobs.start(
            "poseapp.app.replaying:weigh",
            Weigh(self._project.path, self._project.cache_folder, more),
            name="Replaying your labels",
            priority=Priority.SPARE,
            device="cpu",
            on_done=partial(self._done, then),
            on_stopped=then,
            on_failed=partial(self._failed, then),
        )
        return self._job

    def stop(self) -> None:
        """End the replay under way; the answer before it stays."""
        if job := self.job:
            job.stop()

    def _done(self, then: Callable[[], None], found: Worth) -> None:
        self.newest = found
        then()

    def _failed(self, then: Callable[[], None], why: PoseAppError) -> None:
        self.problem = str(why)
        then()
