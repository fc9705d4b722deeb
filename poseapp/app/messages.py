"""What goes through the pipe between the window and a worker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from poseapp.domain.errors import PoseAppError


@dataclass(frozen=True, slots=True)
class Start:
    """To the worker: do this job now, or inside the next report of the job that is running."""

    job: int
    task: str
    """`package.module:function`, called with the request and a `JobReport`."""
    request: bytes
    """Pickled when the job was asked for, so that nothing changes it afterwards."""


class Order(StrEnum):
    """What a person may do with a job that is under way."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Steer:
    """To the worker: pause, resume or stop that job at its next report."""

    job: int
    order: Order


@dataclass(frozen=True, slots=True)
class Ready:
    """From the worker: it listens."""


@dataclass(frozen=True, slots=True)
class Began:
    """From the worker: the job runs."""

    job: int


@dataclass(frozen=True, slots=True)
class Told:
    """From the worker: the newest progress, and every metric since the last one."""

    job: int
    done: float
    text: str
    working_s: float
    """Time the job has worked, without pauses and jobs that overtook it."""
    metrics: tuple[dict[str, float], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """From the worker: a part of the result."""

    job: int
    value: Any


@dataclass(frozen=True, slots=True)
class Noted:
    """From the worker: a sentence for the person."""

    job: int
    text: str


@dataclass(frozen=True, slots=True)
class Placed:
    """From the worker: the device that the job really uses."""

    job: int
    device: str


@dataclass(frozen=True, slots=True)
class Returned:
    """From the worker: the job ended with this value."""

    job: int
    value: Any


@dataclass(frozen=True, slots=True)
class Stopped:
    """From the worker: the job ended because a person stopped it."""

    job: int


@dataclass(frozen=True, slots=True)
class Failed:
    """From the worker: the job ended with an error, as its class and its sentence."""

    job: int
    kind: type[PoseAppError]
    sentence: str
    diagnostics: str


@dataclass(frozen=True, slots=True)
class Died:
    """From the window's end of the pipe: the process is gone."""

    exit_code: int | None


Message = Ready | Began | Told | Sent | Noted | Placed | Returned | Stopped | Failed | Died
