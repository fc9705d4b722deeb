"""Pages of evidence beside their JSON twins, from which another machine goes on."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from poseapp.app.simulation import program_state

_NUMBERS = re.compile(r"\[\n([-+\d.eE,\s]+)\]")
"""A list of them over several lines, which no string has."""


def origin(module: str) -> dict[str, Any]:
    """The command that runs now, and what ran it."""
    command = f"python -m tests.evidence.{module} {shlex.join(sys.argv[1:])}".strip()
    return {"command": command, **program_state()}


def publish(twin: Path, document: Mapping[str, Any], page: str) -> None:
    """The page and its JSON twin, each whole or not at all."""
    twin.parent.mkdir(parents=True, exist_ok=True)
    for file, text in (
        (twin, written(document)),
        (twin.with_suffix(".md"), page),
    ):
        draft = file.with_name(file.name + ".part")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)


def written(document: Mapping[str, Any]) -> str:
    """JSON that differs line by line, with lists of numbers on one line each."""
    text = json.dumps(document, indent=1)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def plain(settings: Any) -> dict[str, Any]:
    """A dataclass as it comes back from JSON."""
    return json.loads(json.dumps(asdict(settings)))


def take_back(twin: Path, work: Path, sizes: Mapping[str, Any], kind: Any) -> None:
    """Put published trials where trials leave their rows, but for those that are there.

    Those of other settings are of no use: `sizes` are the settings by their names, `kind` the
    dataclass of a trial, whose name is that of its file.
    """
    known = json.loads(twin.read_text(encoding="utf-8")) if twin.exists() else {"trials": []}
    for row in known["trials"]:
        if known["size"] != plain(sizes[row["size"]]):
            continue
        trial = kind(*(row[name] for name in kind.__slots__))
        kept = work / f"{trial.name}.json"
        if not kept.exists():
            kept.write_text(json.dumps(row), encoding="utf-8")


def spread(found: Mapping[str, float], form: str) -> str:
    """A mean with its interval."""
    mean, low, high = (form.format(found[key]) for key in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"
