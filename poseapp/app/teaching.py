"""Teaching: MATAL's agents learn on the person's labels which frames to ask for, in spare time."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from poseapp.app.changes import Changes
from poseapp.app.jobs import Job, JobRunner, Priority
from poseapp.app.rehearsing import Rehearse, Taught
from poseapp.app.runs import checkpoints, interrupted, mark_damaged_teams, new_run_id, newest_team
from poseapp.app.session import Session
from poseapp.domain.errors import PoseAppError, SelectionError, TrainingError
from poseapp.domain.labels import LabelSet
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.learn.matal.anatomy import Anatomy
from poseapp.learn.matal.settings import FEWEST_LABELS, Settings, due
from poseapp.learn.oracle.settings import Sight
from poseapp.learn.select.matal import Matal
from poseapp.media.reader import FrameReader

log = logging.getLogger(__name__)

MOST_REHEARSED = 300
"""Labelled frames that are played with at the most, drawn by chance.

What the trunk sees of a frame takes 1.2 MB of disk, and an episode the longer the more there are;
a partition of more frames measures a reward hardly any better.
"""


class TeamState(StrEnum):
    """What can be said of the agents."""

    NOT_YET = "not yet"
    """There are none, and none learn."""
    LEARNING = "learning"
    """Until they have learnt, those there were before pick."""
    READY = "ready"


class Teaching:
    """One team learns at a time; every one is a run, and the newest that is done picks."""

    def __init__(
        self,
        session: Session,
        jobs: JobRunner,
        store: Path | None = None,
        *,
        settings: Settings | None = None,
        sight: Sight | None = None,
        by_itself: bool = False,
    ) -> None:
        """`by_itself`: learn whenever it is `due`, unless a person stopped that."""
        self._session = session
        self._project = session.project
        self._jobs = jobs
        self._store = store or user_cache_path("poseapp")
        self._settings = settings or Settings()
        self._sight = sight or Sight()
        self._can_train = find_spec("torch") is not None
        self._live: tuple[Run, Job] | None = None
        self._failed_at = self._refused_at = 0
        """Labelled frames when learning last failed, or could not begin, in this session."""
        if not self._project.read_only:
            mark_damaged_teams(self._project)
        self._unsubscribe = session.subscribe(self._changed) if by_itself else lambda: None
        if by_itself:
            self._start_by_itself()

    @property
    def state(self) -> TeamState:
        if self._live:
            return TeamState.LEARNING
        return TeamState.READY if self.team is not None else TeamState.NOT_YET

    @property
    def sentence(self) -> str:
        """The state for a person."""
        if self._live:
            return f"The agents are learning on {self._live[0].labelled_frames} labelled frames."
        if (team := self.team) is not None:
            known = f"The agents learnt on {team.labelled_frames} labelled frames"
            if due(self._labels, team.labelled_frames):
                return f"{known}; now there are {self._labels}, and they can learn again."
            return f"{known}, and learn again at {2 * team.labelled_frames}."
        if why := self.not_yet():
            return why
        runs = self._project.runs.all(RunKind.AGENTS)
        return (runs[-1].message if runs else "") or "The agents can learn now."

    @property
    def team(self) -> Run | None:
        """The run whose agents pick."""
        return newest_team(self._project)

    @property
    def trained_on(self) -> int | None:
        """Labelled frames that `team` learnt on."""
        return team.labelled_frames if (team := self.team) is not None else None

    @property
    def job(self) -> Job | None:
        """Under way: its progress and time left; it can be paused."""
        return self._live[1] if self._live else None

    @property
    def due(self) -> bool:
        """Whether there are labels enough for a first team or a better one."""
        return due(self._labels, self.trained_on) and not self.not_yet()

    def not_yet(self) -> str:
        """Why no agents can learn now, as a sentence; empty when they can."""
        if self._project.read_only:
            return "The project is open for reading only."
        if self._live:
            return "The agents are learning already."
        if self._labels < FEWEST_LABELS:
            return (
                f"The agents learn from {FEWEST_LABELS} labelled frames on; "
                f"there are {self._labels}."
            )
        if self._project.runs.active() is None:
            return "The agents learn once there is a net. Train one first."
        if not self._can_train:
            return "The agents cannot learn without torch. `poseapp doctor` says how to add it."
        try:
            Anatomy.of(self._project.skeleton)
        except SelectionError as why:
            return str(why)
        return ""

    def start(self) -> Run:
        """Learn on the labels as they are now; what a stopped training learnt is gone on from.

        Raises:
            TrainingError: when `not_yet` says why not, or too few labels can be learnt from.
        """
        if why := self.not_yet():
            raise TrainingError(why)
        labels, known = self._playable()
        run = replace(self._next_run(), labels_digest=labels.digest(), labelled_frames=known)
        self._project.runs.update(run)
        device = self._session.settings.get("device")
        request = Rehearse(
            labels,
            FrameReader(labels.videos, self._project.cache_folder),
            self._settings,
            self._sight,
            known,
            device,
            self._jobs.threads,
            self._project.cache_folder,
            self._store,
            self._folder(run),
        )
        job = self._jobs.start(
            "poseapp.app.rehearsing:teach",
            request,
            name="Teaching the agents",
            priority=Priority.SPARE,
            device=device,
            on_done=self._done,
            on_stopped=self._stopped,
            on_failed=self._failed,
        )
        self._live = run, job
        self._session.announce(Changes(runs=True))
        return run

    def stop(self) -> None:
        """Rest, and keep what was learnt; it begins by itself no more before labels doubled."""
        if self._live:
            self._live[1].stop()

    def close(self) -> None:
        """After the workers were ended: what was running is gone on with the next time."""
        self._unsubscribe()
        if self._live:
            self._end(interrupted(self._project, self._live[0]))

    # -- inside ------------------------------------------------------------------------------

    @property
    def _labels(self) -> int:
        return self._project.labels.frame_count()

    def _changed(self, changes: Changes) -> None:
        if changes.frames or changes.runs or changes.skeleton or changes.videos:
            self._start_by_itself()

    def _start_by_itself(self) -> None:
        """Unless a person stopped it or it failed, and labels have not doubled since."""
        runs = self._project.runs.all(RunKind.AGENTS)
        stopped = (run.labelled_frames for run in runs if run.state is RunState.STOPPED)
        tried = max(self._failed_at, *stopped, 0)
        if self._labels == self._refused_at or not due(self._labels, tried or None):
            return
        if self.due:
            try:
                self.start()
            except TrainingError as why:
                log.info("the agents do not learn yet: %s", why)
                self._refused_at = self._labels

    def _next_run(self) -> Run:
        """A new run, or the last one where it did not come to its end."""
        runs = self._project.runs.all(RunKind.AGENTS)
        names = list(self._project.skeleton.names)
        last = runs[-1] if runs and runs[-1].state is not RunState.DONE else None
        if last and last.config["keypoints"] == names and checkpoints(self._project, last):
            return replace(last, state=RunState.RUNNING, message="")
        started = datetime.now(UTC)
        run = Run(
            new_run_id(self._project.runs.all(), RunKind.AGENTS, started),
            RunKind.AGENTS,
            Matal.name,
            started,
            round=self._project.suggestions.last_round(),
            config={"keypoints": names},
        )
        self._project.runs.add(run)
        return run

    def _playable(self) -> tuple[LabelSet, int]:
        """The labels to learn on, and the labelled frames that they stand for.

        Raises:
            TrainingError: when too few frames have a keypoint and a video.
        """
        labels = self._project.labels.snapshot()
        there = {video.id for video in labels.videos if video.path.exists()}
        frames = [
            ref
            for ref in labels.frames
            if ref.video in there and any(body.present.any() for body in labels.at(ref))
        ]
        if len(frames) < FEWEST_LABELS:
            raise TrainingError(
                f"Only {len(frames)} labelled frames have a keypoint and a video that is there; "
                f"the agents need {FEWEST_LABELS}."
            )
        drawn = np.random.default_rng(0).permutation(len(frames))[:MOST_REHEARSED]
        return labels.only([frames[n] for n in drawn]), len(labels.frames)

    def _done(self, taught: Taught) -> None:
        if self._live:
            run, job = self._live
            metrics = asdict(taught) | {"working_s": round(job.working_s, 1)}
            self._end(replace(run, state=RunState.DONE, metrics=metrics))
            for checkpoint in checkpoints(self._project, run):
                checkpoint.unlink(missing_ok=True)

    def _stopped(self) -> None:
        if self._live:
            message = "The agents were stopped. What they have learnt is kept; let them go on."
            self._end(replace(self._live[0], state=RunState.STOPPED, message=message))

    def _failed(self, why: PoseAppError) -> None:
        if self._live:
            self._failed_at = self._labels
            self._end(replace(self._live[0], state=RunState.FAILED, message=str(why)))

    def _end(self, run: Run) -> None:
        self._live = None
        self._project.runs.update(run)
        self._session.announce(Changes(runs=True))

    def _folder(self, run: Run) -> Path:
        return self._project.runs_folder / run.id
