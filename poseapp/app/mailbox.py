"""The thread that waits for jobs where there is no window."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

from poseapp.app.jobs import Job


class Mailbox:
    """The `post` of a program without a window: calls wait until someone waits for a job."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def post(self, call: Callable[[], None]) -> None:
        self._calls.put(call)

    def wait(self, job: Job) -> Any:
        """Make the calls that come until the job has ended; its value, None when stopped.

        Raises:
            PoseAppError: what the job failed with.
        """
        self.run_until(lambda: job.ended)
        if job.error is not None:
            raise job.error
        return job.value

    def run_until(self, reached: Callable[[], bool], within_s: float | None = None) -> bool:
        """Make the calls that come until `reached`; false when `within_s` passed first."""
        deadline = None if within_s is None else time.monotonic() + within_s
        while not reached():
            if deadline is not None and time.monotonic() > deadline:
                return False
            try:
                self._calls.get(timeout=0.2)()
            except queue.Empty:
                continue  # wakes up now and then, so that Ctrl+C is heard on every system
        return True
