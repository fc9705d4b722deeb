"""The process that does the heavy work, and the window's end of the pipe to it.

A worker does one job at a time. Where a job reports, it may be paused or stopped, and a job that
the runner sent meanwhile is done there and then, inside the report call: that is how suggestions
overtake a training.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_all_start_methods, get_context, set_start_method
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

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
from poseapp.domain.errors import InternalError, JobCancelled, PoseAppError

NICE = 10
TELL_EVERY_S = 0.05
"""Progress and metrics go through the pipe at most this often."""


class WorkerProcess:
    """The window's handle on one worker; what it says arrives through `heard`, in a thread."""

    def __init__(self, name: str, threads: int, heard: Callable[[Message], None]) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, threads), name=name, daemon=True)
        self._process.start()
        theirs.close()
        self._outbox: SimpleQueue[Start | Steer | None] = SimpleQueue()
        self._heard = heard
        self._threads = [
            threading.Thread(target=self._listen, name=f"{name} listener", daemon=True),
            threading.Thread(target=self._speak, name=f"{name} speaker", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def send(self, message: Start | Steer) -> None:
        """Returns at once; a dead worker is told of by `heard`, not here."""
        self._outbox.put(message)

    def end(self, within_s: float) -> None:
        """End the process, by force when it has not gone in time, and the threads with it."""
        self._outbox.put(None)
        self._process.join(within_s)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        for thread in self._threads:
            thread.join()
        self._pipe.close()

    def _listen(self) -> None:
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                break
            self._heard(message)
        self._process.join()
        self._outbox.put(None)
        self._heard(Died(self._process.exitcode))

    def _speak(self) -> None:
        while (message := self._outbox.get()) is not None:
            try:
                self._pipe.send(message)
            except OSError:
                return  # it died: the listener says so
        try:
            self._pipe.send(None)
        except OSError:
            return


def work(pipe: Connection, threads: int) -> None:
    """The worker's main function: do jobs until the pipe is closed, also by the window's death."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent acts
    if hasattr(os, "nice"):
        os.nice(NICE)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(threads)
    # Threads of torch that wait by spinning burn what other programs need, and then wait for it:
    # on two busy cores a training of two threads took 0.9 s of CPU time a step so, and 4.8 s else.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "fork" in get_all_start_methods():
        # Nothing forks here. But a lock of multiprocessing, which torch's progress bars make, then
        # leaves no name behind that would be reported as leaked when this process is ended.
        set_start_method("fork", force=True)
    _Desk(pipe).work()


@dataclass(slots=True)
class _Control:
    """What was ordered for one job and not yet obeyed."""

    paused: bool = False
    stop: bool = False

    def obey(self, order: Order) -> None:
        if order is Order.STOP:
            self.stop = True
        self.paused = order is Order.PAUSE


class _Desk:
    """What lies before the worker: jobs to do, and orders for those under way."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._speaking = threading.Lock()
        self._news = threading.Condition()
        self._starts: deque[Start] = deque()
        self._controls: dict[int, _Control] = {}

    def work(self) -> None:
        """Do one job after the other; the thread that listens ends the process."""
        threading.Thread(target=self._listen, name="orders", daemon=True).start()
        self.say(Ready())
        while True:
            with self._news:
                while not self._starts:
                    self._news.wait()
                start = self._starts.popleft()
            self._do(start)

    def say(self, message: Message) -> None:
        with self._speaking:
            try:
                self._pipe.send(message)
            except BrokenPipeError:
                os._exit(1)  # the window is gone

    def pass_by(self, control: _Control) -> None:
        """Called where a job reports: do what overtakes it, wait while it is paused.

        Raises:
            JobCancelled: once for each time a person stopped the job.
        """
        while self._starts or control.paused or control.stop:
            with self._news:
                while control.paused and not control.stop and not self._starts:
                    self._news.wait()
                start = self._starts.popleft() if self._starts else None
            if start is not None:
                self._do(start)
            elif control.stop:
                control.stop = False
                raise JobCancelled

    def _listen(self) -> None:
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                os._exit(1)  # the window is gone, whatever this process is in the middle of
            if message is None:
                os._exit(0)  # takes no time, and files are written whole or not at all
            with self._news:
                if isinstance(message, Start):
                    self._controls[message.job] = _Control()
                    self._starts.append(message)
                elif message.job in self._controls:
                    self._controls[message.job].obey(message.order)
                self._news.notify()

    def _do(self, start: Start) -> None:
        report = JobReport(start.job, self, self._controls[start.job])
        self.say(Began(start.job))
        try:
            value = _task(start.task)(pickle.loads(start.request), report)
            report.close()
            self.say(Returned(start.job, value))
        except JobCancelled:
            self._end(report, Stopped(start.job))
        except PoseAppError as why:
            details = traceback.format_exc()
            self._end(report, Failed(start.job, type(why), str(why), details))
        except Exception as why:  # noqa: BLE001 - a job's bug must not end the worker
            details = traceback.format_exc()
            self._end(report, Failed(start.job, InternalError, _in_plain_words(why), details))
        del self._controls[start.job]

    def _end(self, report: JobReport, outcome: Stopped | Failed) -> None:
        report.close()
        self.say(outcome)


class JobReport:
    """The `Report` of a job in a worker; it adds the device that is really used."""

    def __init__(self, job: int, desk: _Desk, control: _Control) -> None:
        self._job = job
        self._desk = desk
        self._control = control
        self._news = _News()
        self._began = time.monotonic()
        self._away_s = 0.0
        self._teller = threading.Thread(target=self._tell, name=f"job {job} news", daemon=True)
        self._teller.start()

    def progress(self, done: float, text: str = "") -> None:
        arrived = time.monotonic()
        self._news.progress(done, text, arrived - self._began - self._away_s)
        self._desk.pass_by(self._control)
        self._away_s += time.monotonic() - arrived

    def metrics(self, **values: float) -> None:
        self._news.metrics(values)

    def send(self, value: Any) -> None:
        self._desk.say(Sent(self._job, value))

    def note(self, text: str) -> None:
        self._desk.say(Noted(self._job, text))

    def on_device(self, device: str) -> None:
        """Say what the job really computes on, such as "CPU, 2 threads"."""
        self._desk.say(Placed(self._job, device))

    def clock(self) -> float:
        """Seconds that stand still while the job is paused or overtaken: for budgets of time."""
        return time.monotonic() - self._away_s

    def close(self) -> None:
        """Tell what is not yet told: the job ends here."""
        self._news.close()
        self._teller.join()

    def _tell(self) -> None:
        while (news := self._news.take()) is not None:
            self._desk.say(Told(self._job, *news))
            self._news.rest()


@dataclass(slots=True)
class _News:
    """Progress and metrics on their way to the teller thread."""

    _change: threading.Condition = field(default_factory=threading.Condition)
    _state: tuple[float, str, float] = (0.0, "", 0.0)
    _metrics: list[dict[str, float]] = field(default_factory=list)
    _fresh: bool = False
    _closed: bool = False

    def progress(self, done: float, text: str, working_s: float) -> None:
        with self._change:
            self._state = (done, text, working_s)
            self._fresh = True
            self._change.notify()

    def metrics(self, values: dict[str, float]) -> None:
        with self._change:
            self._metrics.append(values)
            self._fresh = True
            self._change.notify()

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify()

    def take(self) -> tuple[float, str, float, tuple[dict[str, float], ...]] | None:
        """Wait for news and take them; None when closed and everything was taken."""
        with self._change:
            while not self._fresh and not self._closed:
                self._change.wait()
            if not self._fresh:
                return None
            self._fresh = False
            metrics, self._metrics = tuple(self._metrics), []
            return *self._state, metrics

    def rest(self) -> None:
        """Let news gather; ends early when the job does."""
        with self._change:
            self._change.wait_for(lambda: self._closed, TELL_EVERY_S)


def _task(name: str) -> Callable[[Any, JobReport], Any]:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _in_plain_words(why: Exception) -> str:
    if isinstance(why, MemoryError) or type(why).__name__ == "OutOfMemoryError":
        return "The memory was not enough. Close other programs, or choose a smaller input size."
    return (
        f"A fault in the program ended this job ({type(why).__name__}: {why}). Nothing that was "
        "saved is lost; the details help to mend it."
    )
