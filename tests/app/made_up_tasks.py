"""Jobs for the tests of the runner; they run in a worker, so they must be importable there."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.app.worker import JobReport
from poseapp.domain.errors import JobCancelled, TrainingError


@dataclass(frozen=True)
class Count:
    """Report `steps` times, `step_s` apart."""

    steps: int
    step_s: float = 0.01
    keeps_best: bool = False
    values: NDArray[np.float64] | None = None


def count(request: Count, report: JobReport) -> int:
    done = 0
    try:
        for done in range(1, request.steps + 1):
            time.sleep(request.step_s)
            report.metrics(step=done)
            report.progress(done / request.steps, f"step {done}")
    except JobCancelled:
        if not request.keeps_best:
            raise
        report.progress(1.0, "kept")
    return done


def clocked(request: Count, report: JobReport) -> tuple[float, float]:
    """Seconds by the job's own clock and by the wall's."""
    own, wall = report.clock(), time.monotonic()
    count(request, report)
    return report.clock() - own, time.monotonic() - wall


def total(request: Count, report: JobReport) -> float:
    return 0.0 if request.values is None else float(request.values.sum())


def say_everything(request: str, report: JobReport) -> str:
    report.on_device("CPU, 1 thread")
    report.note("The batch was halved.")
    for part in range(3):
        report.send((request, part))
    return request.upper()


def pid(request: None, report: JobReport) -> tuple[int, int]:
    return os.getpid(), os.nice(0)


def threads(request: None, report: JobReport) -> str:
    return os.environ["OMP_NUM_THREADS"]


def fail_as_told(request: str, report: JobReport) -> None:
    raise TrainingError(request)


def meet_a_bug(request: str, report: JobReport) -> None:
    {}[request]


def use_all_memory(request: None, report: JobReport) -> None:
    raise MemoryError


def return_what_no_pipe_carries(request: None, report: JobReport) -> object:
    return lambda: None


def kill_itself(request: None, report: JobReport) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave(request: None, report: JobReport) -> None:
    os._exit(7)


def deaf(request: str, report: JobReport) -> None:
    """Never reports, as a long call into a library; says that it runs by making a file."""
    Path(request).touch()
    time.sleep(60)
