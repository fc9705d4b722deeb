"""Jobs: long work in worker processes, as the window and the command line see it.

Everything here lives in one thread, the one that `post` brings calls to; only the workers'
listeners run elsewhere, and all they do is post.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from poseapp.app.messages import (
    Began,
    Died,
    Failed,
    Message,
    Noted,
    Order,
    Placed,
    Ready,
    Returned,
    Sent,
    Start,
    Steer,
    Stopped,
    Told,
)
from poseapp.app.worker import WorkerProcess
from poseapp.domain.errors import PoseAppError, WorkerDiedError

Post = Callable[[Callable[[], None]], None]


class Priority(IntEnum):
    """Who waits for the answer; a higher one overtakes a lower at the latter's next report."""

    SPARE = 0
    """Nobody, and nothing waits for it: the agents learn in time that is left over."""
    BACKGROUND = 1
    """Nobody at the moment: training."""
    ASKED = 2
    """A person asked and goes on meanwhile: suggestions, the predictions of a video."""
    AT_ONCE = 3
    """A person waits for it, but it needs what the worker of the screen does not load."""
    SCREEN = 4
    """A person looks at the frame it is about; it has a worker of its own and waits for none."""


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    """A person stopped it, and it has not ended yet."""
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


SCREEN_LANE = "screen"
"""The worker for jobs of `Priority.SCREEN`: it loads no torch, so it is small and soon there."""

_ENDED = (JobState.DONE, JobState.STOPPED, JobState.FAILED)


class Listeners(TypedDict, total=False):
    """What `JobRunner.start` calls back, in the runner's thread."""

    on_progress: Callable[[float, str], None]
    on_metrics: Callable[[dict[str, float]], None]
    on_part: Callable[[Any], None]
    on_note: Callable[[str], None]
    on_done: Callable[[Any], None]
    on_stopped: Callable[[], None]
    on_failed: Callable[[PoseAppError], None]


@dataclass(eq=False, slots=True)
class Job:
    """One job; read it in the runner's thread, write nothing but through its verbs."""

    number: int
    name: str
    device: str
    """That it was meant for: "cpu" or "cuda:0"."""
    priority: Priority
    start: Start
    steer: Callable[[Job, Order], None]
    listeners: Listeners
    state: JobState = JobState.QUEUED
    progress: float = 0.0
    text: str = ""
    working_s: float = 0.0
    device_used: str = ""
    """What it really computes on, once it said so."""
    notes: list[str] = field(default_factory=list)
    value: Any = None
    error: PoseAppError | None = None
    diagnostics: str = ""
    """The traceback of the error, for a report of the bug."""

    @property
    def lane(self) -> str:
        """The name of the worker that does it."""
        return SCREEN_LANE if self.priority is Priority.SCREEN else self.device

    @property
    def ended(self) -> bool:
        return self.state in _ENDED

    @property
    def eta_s(self) -> float | None:
        """Seconds of work left at the pace so far; None while nothing can be said."""
        if self.ended or self.progress <= 0:
            return None
        return self.working_s * (1 - self.progress) / self.progress

    def pause(self) -> None:
        """Rest at the next report; other jobs of the device go on meanwhile."""
        if self.state is JobState.RUNNING:
            self.state = JobState.PAUSED
            self.steer(self, Order.PAUSE)

    def resume(self) -> None:
        """Go on after a pause."""
        if self.state is JobState.PAUSED:
            self.state = JobState.RUNNING
            self.steer(self, Order.RESUME)

    def stop(self) -> None:
        """End at the next report; a training keeps its best net, and ends as done."""
        if not self.ended:
            self.steer(self, Order.STOP)


@dataclass(eq=False, slots=True)
class _Lane:
    """The jobs that wait for one worker, and those it has begun or holds."""

    name: str
    waiting: list[Job] = field(default_factory=list)
    worker: WorkerProcess | None = None
    ready: bool = False
    held: list[Job] = field(default_factory=list)
    """Innermost last: each overtook the one before it, or found it paused."""

    def next(self) -> Job | None:
        """Take the job the worker should do now, if there is one."""
        if not self.waiting:
            return None
        first = max(self.waiting, key=lambda job: (job.priority, -job.number))
        if self.held and not _gives_way(self.held[-1], first):
            return None
        self.waiting.remove(first)
        return first


def _gives_way(running: Job, other: Job) -> bool:
    """Work for spare time goes into no pause: the paused job could not go on before it ended."""
    paused = running.state is JobState.PAUSED and other.priority is not Priority.SPARE
    return paused or running.priority < other.priority


class JobRunner:
    """Runs jobs in one worker process a device and one for the screen, started when needed."""

    def __init__(self, post: Post, threads: int | None = None) -> None:
        """`threads` a worker may use; all cores but one when None, so that a window stays quick."""
        self._post = post
        self._threads = threads or max(1, core_count() - 1)
        self._lanes: dict[str, _Lane] = {}
        self._jobs: dict[int, Job] = {}
        self._watchers: list[Callable[[Job], None]] = []
        self._count = 0
        self._closed = False

    @property
    def threads(self) -> int:
        return self._threads

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Those that have not ended, oldest first."""
        return tuple(self._jobs.values())

    def start(
        self,
        task: str,
        request: Any,
        *,
        name: str,
        priority: Priority = Priority.ASKED,
        device: str = "auto",
        **listeners: Unpack[Listeners],
    ) -> Job:
        """Do `task`, a "package.module:function", with a picklable request, in the worker.

        `device` is "auto", "cpu" or "cuda:0"; it chooses the worker, the task what it computes on.
        The request is pickled here, so that later changes do not reach the job. A job that a
        person stopped ends with `on_stopped`, unless its task returned a value all the same.
        """
        if self._closed:
            raise PoseAppError(f"{name} cannot start: the program is closing.")
        self._count += 1
        begin = Start(self._count, task, pickle.dumps(request))
        job = Job(self._count, name, device_of(device), priority, begin, self._steer, listeners)
        self._jobs[job.number] = job
        lane = self._lanes.setdefault(job.lane, _Lane(job.lane))
        lane.waiting.append(job)
        self._dispatch(lane)
        self._tell(job)
        return job

    def subscribe(self, watcher: Callable[[Job], None]) -> Callable[[], None]:
        """Call `watcher` whenever a job changes; the answer ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def shutdown(self, within_s: float = 2.0) -> None:
        """End all workers, by force after `within_s`; no callback comes any more."""
        self._closed = True
        deadline = time.monotonic() + within_s
        for lane in self._lanes.values():
            if lane.worker is not None:
                lane.worker.end(max(0.0, deadline - time.monotonic()))

    def _dispatch(self, lane: _Lane) -> None:
        while (job := lane.next()) is not None:
            if lane.worker is None:
                heard = partial(self._hear, lane)
                lane.worker = WorkerProcess(f"poseapp {lane.name}", self._threads, heard)
            lane.held.append(job)
            lane.worker.send(job.start)

    def _steer(self, job: Job, order: Order) -> None:
        lane = self._lanes[job.lane]
        if job in lane.waiting:
            lane.waiting.remove(job)
            self._end(lane, job, JobState.STOPPED)
            return
        if order is Order.STOP:
            job.state = JobState.STOPPING
        if lane.worker is not None:
            lane.worker.send(Steer(job.number, order))
        self._dispatch(lane)
        self._tell(job)

    def _hear(self, lane: _Lane, message: Message) -> None:
        """Runs in the worker's listener thread."""
        if not self._closed:
            self._post(partial(self._handle, lane, message))

    def _handle(self, lane: _Lane, message: Message) -> None:
        if self._closed:
            return
        if isinstance(message, Died):
            self._bury(lane, message)
        elif isinstance(message, Ready):
            lane.ready = True
        elif (job := self._jobs.get(message.job)) is not None:
            if isinstance(message, Returned | Stopped | Failed):
                self._finish(lane, job, message)
            else:
                _follow(job, message)
                self._tell(job)

    def _finish(self, lane: _Lane, job: Job, outcome: Returned | Stopped | Failed) -> None:
        match outcome:
            case Returned(value=value):
                job.value = value
                self._end(lane, job, JobState.DONE)
            case Stopped():
                self._end(lane, job, JobState.STOPPED)
            case Failed(kind=kind, sentence=sentence, diagnostics=diagnostics):
                job.error, job.diagnostics = kind(sentence), diagnostics
                self._end(lane, job, JobState.FAILED)

    def _bury(self, lane: _Lane, died: Died) -> None:
        """The jobs that ran fail; those that had not begun wait for the next worker."""
        held, began_before, lane.held = lane.held, lane.ready, []
        lane.worker, lane.ready = None, False
        for job in held:
            if began_before and job.state is JobState.QUEUED:
                lane.waiting.append(job)
            else:
                why = WorkerDiedError(_why_it_died(job, died.exit_code))
                self._post(partial(self._fail, lane, job, why))
        self._dispatch(lane)

    def _fail(self, lane: _Lane, job: Job, why: PoseAppError) -> None:
        if not self._closed:
            job.error = why
            self._end(lane, job, JobState.FAILED)

    def _end(
        self,
        lane: _Lane,
        job: Job,
        state: Literal[JobState.DONE, JobState.STOPPED, JobState.FAILED],
    ) -> None:
        job.state = state
        del self._jobs[job.number]
        if job in lane.held:
            lane.held.remove(job)
        self._dispatch(lane)
        self._tell(job)
        if state is JobState.DONE and (done := job.listeners.get("on_done")):
            done(job.value)
        elif state is JobState.STOPPED and (stopped := job.listeners.get("on_stopped")):
            stopped()
        elif job.error is not None and (failed := job.listeners.get("on_failed")):
            failed(job.error)

    def _tell(self, job: Job) -> None:
        for watcher in tuple(self._watchers):
            watcher(job)


def _follow(job: Job, message: Began | Told | Sent | Noted | Placed) -> None:
    """Keep what a running job says, and pass it on."""
    match message:
        case Began():
            job.state = JobState.RUNNING if job.state is JobState.QUEUED else job.state
        case Told():
            _follow_numbers(job, message)
        case Sent(value=value):
            if on_part := job.listeners.get("on_part"):
                on_part(value)
        case Noted(text=text):
            job.notes.append(text)
            if on_note := job.listeners.get("on_note"):
                on_note(text)
        case Placed(device=device):
            job.device_used = device


def _follow_numbers(job: Job, told: Told) -> None:
    moved = (job.progress, job.text) != (told.done, told.text)
    job.progress, job.text, job.working_s = told.done, told.text, told.working_s
    if moved and (on_progress := job.listeners.get("on_progress")):
        on_progress(told.done, told.text)
    if on_metrics := job.listeners.get("on_metrics"):
        for values in told.metrics:
            on_metrics(values)


def _why_it_died(job: Job, exit_code: int | None) -> str:
    how = f"ended with code {exit_code}"
    if exit_code is not None and exit_code < 0:
        number = -exit_code
        how = f"was ended by signal {number} ({signal.strsignal(number) or 'unknown'})"
        if number == getattr(signal, "SIGKILL", None):
            how += ", as happens when memory runs out"
    return (
        f"{job.name} broke off: its worker process {how}. A new worker takes its place and nothing "
        "that was saved is lost. Start it again; if it happens once more, choose a smaller input "
        "size or close other programs."
    )


def device_of(device: str) -> str:
    """Where a wish leads: "auto" takes a GPU that seems there; torch, which knows, loads later."""
    if device != "auto":
        return device
    return "cuda:0" if Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi") else "cpu"


def core_count() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
