"""Run: one training, of a net or of the agents, or one inference, with its lineage."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from poseapp.domain.ids import RunId


class RunKind(StrEnum):
    """What a run did."""

    TRAINING = "training"
    INFERENCE = "inference"
    AGENTS = "agents"
    """MATAL's agents learnt which frames to ask for."""
    MESH = "mesh"
    """Bodies in space were recovered from keypoints."""
    PRETRAINED = "pretrained"
    """Nothing: its net was made elsewhere and serves until one is trained here."""


class RunState(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """By a person; what was best so far is kept."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One row of the lineage. Everything in `config` and `metrics` is plain JSON."""

    id: RunId
    kind: RunKind
    recipe: str
    started: datetime
    state: RunState = RunState.RUNNING
    parent: RunId | None = None
    """The run whose net this one started from, or predicted with."""
    round: int = 0
    labels_digest: str = ""
    labelled_frames: int = 0
    config: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    """The sentence shown when it failed."""
