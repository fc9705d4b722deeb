"""Runs: the lineage of trainings and inferences, and which training's net is in use."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime

from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import RunId
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.store.database import Database, Row

_NAMES = tuple(field.name for field in fields(Run))
_COLUMNS = ", ".join(_NAMES)
_PLACES = ", ".join("?" * len(_NAMES))


class RunTable:
    """The runs in the order in which they were added."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run: Run) -> None:
        """Store a new run."""
        self._database.change(f"INSERT INTO runs ({_COLUMNS}) VALUES ({_PLACES})", _row(run))

    def update(self, run: Run) -> None:
        """Store what has become of a run."""
        self._database.change(
            f"UPDATE runs SET ({_COLUMNS}) = ({_PLACES}) WHERE id = ?", (*_row(run), run.id)
        )

    def get(self, run: RunId) -> Run:
        """One run.

        Raises:
            ProjectError: when the project never had it.
        """
        found = self._read("id = ?", run)
        if not found:
            raise ProjectError(f"The project has no run {run}. List its runs and choose one.")
        return found[0]

    def all(self, kind: RunKind | None = None) -> tuple[Run, ...]:
        """Every run, or those of one kind."""
        return self._read("kind = coalesce(?, kind)", kind)

    def active(self) -> Run | None:
        """The training run whose net is in use."""
        found = self._read("active = ?", 1)
        return found[0] if found else None

    def set_active(self, run: RunId | None) -> None:
        """Use the net of this training run, or of none."""
        self._database.change("UPDATE runs SET active = (id IS ?)", (run,))

    def _read(self, condition: str, value: object) -> tuple[Run, ...]:
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM runs WHERE {condition} ORDER BY rowid", (value,)
        )
        with self._database.sound():
            return tuple(_run(row) for row in rows)


def _row(run: Run) -> Row:
    values = {name: getattr(run, name) for name in _NAMES} | {
        "started": run.started.isoformat(),
        "config": json.dumps(run.config),
        "metrics": json.dumps(run.metrics),
    }
    return tuple(values.values())


def _run(row: Row) -> Run:
    values = dict(zip(_NAMES, row, strict=True))
    return Run(
        **values
        | {
            "kind": RunKind(values["kind"]),
            "state": RunState(values["state"]),
            "started": datetime.fromisoformat(values["started"]),
            "config": json.loads(values["config"]),
            "metrics": json.loads(values["metrics"]),
        }
    )
