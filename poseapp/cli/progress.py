"""How far long work is, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from poseapp.domain.report import Report

_FORETOLD_FROM = 0.02
"""How much must be done before the time left can be told."""


class TerminalReport:
    """A bar, the time left and notes, on standard error."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._drawn = 0.0
        self._wide = sys.stderr.isatty()
        self._said = ""
        self.noted: list[str] = []

    def progress(self, done: float, text: str = "") -> None:
        """Draw the bar a few times a second; every ten a line, if it is new, where nobody looks."""
        now = time.monotonic()
        if now - self._drawn < (0.2 if self._wide else 10) and done < 1:
            return
        self._drawn = now
        left = (now - self._began) * (1 - done) / done if _FORETOLD_FROM < done < 1 else None
        ahead = "" if left is None else f", {_duration(left)} left"
        if self._wide:
            bar = ("█" * round(24 * done)).ljust(24, "░")
            click.echo(
                f"\r\033[K{self._title} {bar} {done:4.0%}{ahead}  {text}", err=True, nl=False
            )
        elif (line := f"{self._title} {done:.0%}{ahead} {text}".rstrip()) != self._said:
            self._said = line
            click.echo(line, err=True)

    def metrics(self, **values: float) -> None:
        """The bar says enough."""

    def send(self, value: Any) -> None:
        """Parts are kept by whoever started the work."""

    def note(self, text: str) -> None:
        """Say a sentence on a line of its own."""
        self.noted.append(text)
        self.end()
        click.echo(text, err=True)

    def end(self) -> None:
        """Leave the bar's line."""
        if self._wide and self._drawn:
            click.echo("\r\033[K", err=True, nl=False)


@contextmanager
def reporting(title: str) -> Iterator[Report]:
    """A bar under this title, for the length of the work."""
    report = TerminalReport(title)
    try:
        yield report
    finally:
        report.end()


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60:02d} s"
