"""Report: how long work tells how far it is, and where a person can stop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Report(Protocol):
    """Handed to every long piece of work; calls are cheap and may come from one thread only."""

    def progress(self, done: float, text: str = "") -> None:
        """`done` in 0..1 of the whole job; `text` says what is being done now.

        This is also where the job is paused or stopped.

        Raises:
            JobCancelled: when a person stopped the job.
        """
        ...

    def metrics(self, **values: float) -> None:
        """Numbers of this moment, for live curves (`step=120, loss=0.01, held_out_px=4.2`)."""
        ...

    def send(self, value: Any) -> None:
        """A part of the result that can be used at once, such as the predictions of some frames."""
        ...

    def note(self, text: str) -> None:
        """A sentence the person should see, such as that the batch was halved."""
        ...


class SilentReport:
    """For work nobody watches."""

    def progress(self, done: float, text: str = "") -> None:
        """Nothing is shown and nothing is stopped."""

    def metrics(self, **values: float) -> None:
        """Nothing is kept."""

    def send(self, value: Any) -> None:
        """Nothing is kept."""

    def note(self, text: str) -> None:
        """Nothing is shown."""


@dataclass(frozen=True, slots=True)
class PartOfReport:
    """A stage of a longer job: its own 0..1 is `first`..`last` of the whole."""

    whole: Report
    first: float
    last: float
    stage: str = ""

    def progress(self, done: float, text: str = "") -> None:
        """Passed on as a share of the whole."""
        named = f"{self.stage}: {text}" if self.stage and text else self.stage or text
        self.whole.progress(self.first + done * (self.last - self.first), named)

    def metrics(self, **values: float) -> None:
        """Passed on."""
        self.whole.metrics(**values)

    def send(self, value: Any) -> None:
        """Passed on."""
        self.whole.send(value)

    def note(self, text: str) -> None:
        """Passed on."""
        self.whole.note(text)
