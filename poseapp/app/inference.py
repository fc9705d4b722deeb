"""Inference: the net in use looks at a frame, a video, or all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseapp.app import people
from poseapp.app.changes import Changes
from poseapp.app.jobs import Job, JobRunner, Priority
from poseapp.app.runs import interrupted, new_run_id, skeleton_of_net
from poseapp.app.session import Session
from poseapp.app.tasks import Net, PredictFrame, PredictVideos
from poseapp.domain.errors import InferenceError, PoseAppError
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.video import Video
from poseapp.infer.outcome import Outcome, VideoDone
from poseapp.infer.reading import Wanted
from poseapp.media.reader import FrameReader

Picture = NDArray[np.uint8] | bytes
"""A picture, whole or packed."""


@dataclass(slots=True)
class _Live:
    """A run over videos under way."""

    run: Run
    skeleton: Skeleton
    """Of the net."""
    job: Job | None = None
    failure: PoseAppError | None = None
    """Why its predictions could not be stored."""


class Inference:
    """Writes what jobs predict to the project as it comes."""

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
        self._live: dict[RunId, _Live] = {}
        self._on_screen: Job | None = None
        self._heat: Job | None = None

    def not_yet(self) -> str:
        """Why nothing can be predicted now, as a sentence; empty when it can."""
        if self._project.read_only:
            return "The project is open for reading only."
        if self._project.runs.active() is None:
            return people.not_yet(self._project.skeleton)
        return ""

    def predict_frame(self, frame: FrameRef, picture: Picture | None = None) -> Job:
        """Predict the frame on screen before everything else; a newer request takes its place.

        `picture` spares the worker the decoding, where the window has it.

        Raises:
            InferenceError: when `not_yet` says why not.
        """
        net = self._net_in_use()
        if self._on_screen is not None:
            self._on_screen.stop()
        skeleton = skeleton_of_net(net, self._folder(net))
        run = self._run_for_frames(net).id
        self._on_screen = self._look(
            "predict_frame", net, run, frame, picture, partial(self._write, skeleton)
        )
        return self._on_screen

    def predict_shown(self, frame: FrameRef, picture: Picture) -> Job | None:
        """Predict a frame that came on screen with neither labels nor predictions in it."""
        wanted = self.is_bare(frame) and not self.not_yet()
        return self.predict_frame(frame, picture) if wanted else None

    def is_bare(self, frame: FrameRef) -> bool:
        """Whether nothing is known of a frame: no labels, no predictions, not that it is empty."""
        labels, predictions = self._project.labels, self._project.predictions
        return not (labels.at(frame) or labels.is_empty(frame) or predictions.at(frame))

    def heat_of(
        self, frame: FrameRef, picture: Picture | None, then: Callable[[NDArray[np.float32]], None]
    ) -> Job:
        """Have the net say where the keypoints of the frame on screen may be; `then` gets the map.

        The map is (H, W) in 0..1 over the whole picture. A newer request takes its place.

        Raises:
            InferenceError: when `not_yet` says why not.
        """
        net = self._net_in_use()
        if self._heat is not None:
            self._heat.stop()
        self._heat = self._look("heat_of_frame", net, net.id, frame, picture, then)
        return self._heat

    def predict_video(self, video: VideoId) -> Job:
        """Predict every frame of a video.

        Raises:
            InferenceError: when `not_yet` says why not.
        """
        return self._start([self._project.videos.get(video)], Priority.ASKED, lambda: None)

    def predict_all(
        self,
        then: Callable[[], None] = lambda: None,
        priority: Priority = Priority.ASKED,
    ) -> Job:
        """Predict every frame of every video; `then` is called when that was finished.

        Raises:
            InferenceError: when `not_yet` says why not.
        """
        return self._start(self._project.videos.all(), priority, then)

    def _look(
        self,
        task: str,
        net: Run,
        run: RunId,
        frame: FrameRef,
        picture: Picture | None,
        on_done: Callable[[Any], None],
    ) -> Job:
        """Have the worker of the screen look at a frame."""
        videos = (self._project.videos.get(frame.video),)
        return self._jobs.start(
            f"poseapp.app.tasks:{task}",
            PredictFrame(self._net(net, "cpu"), run, frame, picture, self._reader(videos)),
            name="Looking at this frame",
            priority=Priority.SCREEN,
            device="cpu",
            on_done=on_done,
        )

    def close(self) -> None:
        """After the workers were ended: what was running is marked as interrupted."""
        for live in tuple(self._live.values()):
            broken_off = interrupted(self._project, live.run)
            self._end(live, broken_off.state, broken_off.message)

    def _start(self, videos: Iterable[Video], priority: Priority, then: Callable[[], None]) -> Job:
        net = self._net_in_use()
        videos = tuple(videos)
        skeleton = skeleton_of_net(net, self._folder(net))
        live = _Live(self._new_run(net, RunState.RUNNING), skeleton)
        wanted = tuple(Wanted(video) for video in videos)
        cache = self._project.cache_folder
        device = self._session.settings.get("device")
        net_there = self._net(net, device)
        request = PredictVideos(net_there, live.run.id, wanted, self._reader(videos), cache)
        self._live[live.run.id] = live
        live.job = self._jobs.start(
            "poseapp.app.tasks:predict_videos",
            request,
            name="Predicting",
            priority=priority,
            device=device,
            on_part=partial(self._keep, live),
            on_done=partial(self._done, live, then),
            on_stopped=partial(self._end, live, RunState.STOPPED),
            on_failed=partial(self._failed, live),
        )
        self._session.announce(Changes(runs=True))
        return live.job

    def _keep(self, live: _Live, part: PredictionSet | VideoDone) -> None:
        if live.failure is not None or live.job is None:
            return
        try:
            if isinstance(part, VideoDone):
                self._project.predictions.complete(live.run.id, part.video)
                self._session.announce(Changes(predictions=frozenset({part.video})))
            else:
                self._write(live.skeleton, part)
        except PoseAppError as why:
            live.failure = why
            live.job.stop()

    def _write(self, skeleton: Skeleton, part: PredictionSet) -> None:
        self._project.predictions.write(part, skeleton)
        self._session.announce(Changes(predictions=frozenset({part.video})))

    def _done(self, live: _Live, then: Callable[[], None], outcome: Outcome) -> None:
        if live.failure is not None:
            self._end(live, RunState.FAILED, str(live.failure))
            raise live.failure
        metrics = {
            "frames": outcome.frames,
            "damaged": outcome.damaged,
            "frames_per_s": round(outcome.frames_per_s, 1),
            "device": live.job.device_used if live.job else "",
        }
        live.run = replace(live.run, metrics=metrics)
        self._end(live, RunState.STOPPED if outcome.stopped else RunState.DONE)
        if not outcome.stopped:
            then()

    def _failed(self, live: _Live, why: PoseAppError) -> None:
        self._end(live, RunState.FAILED, str(why))

    def _end(self, live: _Live, state: RunState, message: str = "") -> None:
        del self._live[live.run.id]
        self._project.runs.update(replace(live.run, state=state, message=message))
        self._session.announce(Changes(runs=True))

    def _net_in_use(self) -> Run:
        if sentence := self.not_yet():
            raise InferenceError(sentence)
        return self._project.runs.active() or people.adopt(self._project, self._now())

    def _run_for_frames(self, net: Run) -> Run:
        """The newest run of this net, so that single frames stand among its other predictions."""
        runs = self._project.runs.all(RunKind.INFERENCE)
        of_net = [run for run in runs if run.parent == net.id]
        return of_net[-1] if of_net else self._new_run(net, RunState.DONE)

    def _new_run(self, net: Run, state: RunState) -> Run:
        started = self._now()
        run = Run(
            new_run_id(self._project.runs.all(), RunKind.INFERENCE, started),
            RunKind.INFERENCE,
            net.recipe,
            started,
            state,
            parent=net.id,
            round=net.round,
        )
        self._project.runs.add(run)
        return run

    def _net(self, run: Run, device: str) -> Net:
        return Net(self._folder(run), device, self._jobs.threads)

    def _reader(self, videos: Iterable[Video]) -> FrameReader:
        return FrameReader(videos, self._project.cache_folder)

    def _folder(self, run: Run) -> Path:
        return self._project.runs_folder / run.id
