"""Meshing: bodies recovered from keypoints, a frame of them fitted again, frames that disagree."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from poseapp.app.changes import Changes
from poseapp.app.commands import SetBodyPose
from poseapp.app.jobs import Job, JobRunner, Priority
from poseapp.app.mesh_options import MeshOptions
from poseapp.app.mesh_people import MeshPerson
from poseapp.app.mesh_tasks import Outcome, Recover, Recovered, Refit
from poseapp.app.runs import interrupted, new_run_id
from poseapp.app.session import Session
from poseapp.domain.errors import BodyError, PoseAppError
from poseapp.domain.human import LIMB_KEYPOINTS
from poseapp.domain.ids import VideoId
from poseapp.domain.mesh import BodyPose
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.suggestion import Suggestion
from poseapp.nets.body.naming import shared_keypoints
from poseapp.store.project import Project

RECIPE = "motion_hmr"
"""A net for meshes where one comes with the app, then a fit to the keypoints."""


@dataclass(slots=True)
class _Live:
    """A run under way."""

    run: Run
    job: Job | None = None
    failure: PoseAppError | None = None
    """Why what it found could not be stored."""


class Meshing:
    """Writes what jobs recover to the project as it comes."""

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
        self._refit: Job | None = None

    @property
    def job(self) -> Job | None:
        """The recovery that is under way."""
        return self._live.job if self._live else None

    def not_yet(self) -> str:
        """Why no mesh can be recovered now, as a sentence; empty when it can."""
        if self._project.read_only:
            return "The project is open for reading only."
        if sentence := not_human(self._project):
            return sentence
        if not self._project.videos.all():
            return "There is no video yet. Add one first."
        if not (self._project.labels.count() or self._project.predictions.count()):
            return "There are no keypoints yet. Predict the video, or label a few frames."
        if importlib.util.find_spec("torch") is None:
            return "torch is not installed, and fitting a body takes it. Run `poseapp doctor`."
        if self._live is not None:
            return "Meshes are being recovered. Stop that first, or wait until it ends."
        return ""

    def recover(
        self,
        videos: Iterable[VideoId],
        then: Callable[[Outcome], None] = lambda _: None,
        options: MeshOptions | None = None,
    ) -> Job:
        """Recover the meshes of everybody in these videos.

        Raises:
            BodyError: when `not_yet` says why not.
        """
        if sentence := self.not_yet():
            raise BodyError(sentence)
        chosen, told = tuple(videos), options or MeshOptions()
        live = self._live = _Live(self._new_run(chosen, told))
        live.job = self._jobs.start(
            "poseapp.app.mesh_tasks:recover",
            Recover(self._project.path, live.run.id, chosen, told),
            name="Fitting bodies",
            priority=Priority.ASKED,
            device="cpu",
            on_part=partial(self._keep, live),
            on_done=partial(self._done, live, then),
            on_stopped=partial(self._end, live, RunState.STOPPED),
            on_failed=partial(self._failed, live),
        )
        self._session.announce(Changes(runs=True))
        return live.job

    def get_ready(self, body: str) -> Job:
        """Have the worker load what a refit needs, and practise one."""
        return self._jobs.start(
            "poseapp.app.mesh_tasks:get_ready", body, name="Getting the body ready",
            priority=Priority.AT_ONCE, device="cpu", on_failed=lambda _: None,
        )  # fmt: skip

    def refit(
        self,
        person: MeshPerson,
        frame: int,
        points: NDArray[np.float64],
        scores: NDArray[np.float64],
        ended: Callable[[], None] = lambda: None,
        follows: int | None = None,
    ) -> Job:
        """Fit the mesh of a frame to these (K, 2) keypoints with (K,) scores: one edit.

        A newer request takes the place of this one. `ended` is called however it ends. Where it
        `follows` an edit of the keypoints, both are undone as one.

        Raises:
            BodyError: when the individual has no mesh in the frame.
        """
        if person.motion.place(frame) is None:
            raise BodyError(f"{person.track.name} has no mesh on frame {frame:,}.")
        if self._refit is not None:
            self._refit.stop()
        request = Refit(
            person.options.body,
            person.motion.neighbourhood(frame),
            frame,
            self._project.videos.get(person.track.video).pace,
            self._project.skeleton.names,
            points,
            scores,
        )
        self._refit = self._jobs.start(
            "poseapp.app.mesh_tasks:refit",
            request,
            name="Fitting this frame",
            priority=Priority.AT_ONCE,
            device="cpu",
            on_done=partial(self._refitted, person, frame, ended, follows),
            on_stopped=ended,
            on_failed=lambda _: ended(),
        )
        return self._refit

    def offer(self, suggestions: Iterable[Suggestion]) -> int:
        """Put frames into the queue as a round of their own; how many there were."""
        round_ = self._project.suggestions.last_round() + 1
        kept = tuple(replace(suggestion, round=round_) for suggestion in suggestions)
        if kept:
            self._project.suggestions.add(kept)
            self._session.announce(Changes(suggestions=True))
        return len(kept)

    def close(self) -> None:
        """After the workers were ended: what was running is marked as interrupted."""
        if self._live is not None:
            broken_off = interrupted(self._project, self._live.run)
            self._end(self._live, broken_off.state, broken_off.message)

    def _refitted(
        self,
        person: MeshPerson,
        frame: int,
        ended: Callable[[], None],
        follows: int | None,
        pose: BodyPose,
    ) -> None:
        ended()
        text = f"Fitted the mesh of frame {frame:,} again"
        edit = SetBodyPose(person.track.id, frame, pose, text)
        if follows is None:
            self._session.history.do(edit)
        else:
            self._session.history.follow(follows, edit)

    def _new_run(self, videos: tuple[VideoId, ...], options: MeshOptions) -> Run:
        """Its parent is the run whose predictions it starts from, where there are some."""
        started = self._now()
        predicted = [run for video in videos for run in self._project.predictions.runs_of(video)]
        run = Run(
            new_run_id(self._project.runs.all(), RunKind.MESH, started),
            RunKind.MESH,
            RECIPE,
            started,
            parent=predicted[0] if predicted else None,
            round=self._project.suggestions.last_round(),
            config={**options.config(), "videos": list(videos)},
        )
        self._project.runs.add(run)
        return run

    def _keep(self, live: _Live, part: Recovered) -> None:
        if live.failure is not None or live.job is None:
            return
        try:
            self._project.meshes.add(live.run.id, part.video, part.name, part.file)
            self._session.announce(Changes(meshes=frozenset({part.video})))
        except PoseAppError as why:
            live.failure = why
            live.job.stop()

    def _done(self, live: _Live, then: Callable[[Outcome], None], outcome: Outcome) -> None:
        if live.failure is not None:
            self._end(live, RunState.FAILED, str(live.failure))
            raise live.failure
        metrics = {
            "people": outcome.people,
            "frames": outcome.frames,
            "error_px": None if np.isnan(outcome.error_px) else round(outcome.error_px, 2),
            "seconds": round(outcome.seconds, 1),
        }
        live.run = replace(live.run, metrics=metrics)
        self._end(live, RunState.STOPPED if outcome.stopped else RunState.DONE)
        then(outcome)

    def _failed(self, live: _Live, why: PoseAppError) -> None:
        self._end(live, RunState.FAILED, str(why))

    def _end(self, live: _Live, state: RunState, message: str = "") -> None:
        self._live = None
        self._project.runs.update(replace(live.run, state=state, message=message))
        self._session.announce(Changes(runs=True))


def not_human(project: Project) -> str:
    """Why a body cannot be laid over the project's skeleton; empty when it can."""
    try:
        shared_keypoints(project.skeleton.names, LIMB_KEYPOINTS)
    except BodyError as why:
        return str(why)
    return ""
