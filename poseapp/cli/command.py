"""What every command has in common: its answer, `--json`, sentences for errors."""

from __future__ import annotations

import functools
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from poseapp.cli.opening import open_window
from poseapp.domain.errors import PoseAppError

PROJECT = click.argument("project", type=click.Path(path_type=Path))
MINUTES = click.FloatRange(min=0, min_open=True)


@dataclass
class Answer:
    """What a command found out: a document for programs, lines for people."""

    document: Any = None
    lines: list[str] = field(default_factory=list)


def command(*decorators: Callable) -> Callable:
    """Make a function that returns an `Answer` a command with `--json` and sentences for errors."""

    def decorate(function: Callable[..., Answer]) -> click.Command:
        @functools.wraps(function)
        def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
            try:
                answer = function(*args, **kwargs)
            except PoseAppError as why:
                raise click.ClickException(str(why)) from why
            except KeyboardInterrupt:
                raise click.ClickException("Stopped. What was finished is kept.") from None
            if as_json:
                click.echo(json.dumps(answer.document, indent=1, default=str))
            else:
                for line in answer.lines:
                    click.echo(line)

        wrapped = click.option("--json", "as_json", is_flag=True, help="One JSON document.")(run)
        for decorator in reversed(decorators):
            wrapped = decorator(wrapped)
        return main.command(function.__name__.strip("_"), help=function.__doc__)(wrapped)

    return decorate


class _InOrder(click.Group):
    """Lists its commands in the order of work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(super().list_commands(ctx), key=_ORDER.index)


_ORDER = (
    *("open", "new", "add", "relink", "import", "info"),
    *("train", "predict", "suggest", "worth", "mesh", "export", "simulate", "synth"),
    *("people", "demo", "doctor"),
)


@click.group(cls=_InOrder, invoke_without_command=True)
@click.version_option(package_name="poseapp")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done to standard error.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """Label poses in video: correct the few frames that teach a net the most.

    Without a command the window opens.
    """
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(name)s: %(message)s")
    if context.invoked_subcommand is None:
        open_window()
