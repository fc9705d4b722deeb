"""Runs in words and numbers, as the Train workspace shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from poseapp.app.jobs import Job, JobState
from poseapp.app.training import REMOTE, History
from poseapp.domain.run import Run, RunState
from poseapp.domain.skeleton import titled
from poseapp.nets.catalogue import net_title
from poseapp.ui.panels import pieces
from poseapp.ui.panels.curves import Curve
from poseapp.ui.panels.job_strip import time_left
from poseapp.ui.tables.rows import Row
from poseapp.ui.workspaces.train import Figure

_STATES = {
    RunState.RUNNING: "training",
    RunState.DONE: "kept",
    RunState.STOPPED: "stopped by you",
    RunState.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class Live:
    """How far a training is."""

    job: Job
    history: History


def curves(history: History, before: Run | None) -> tuple[tuple[Curve, ...], tuple[Curve, ...]]:
    """(losses, held-out errors) that a training reported, beside those of the one before."""
    losses = (
        _curve("training", "accent", history, "loss"),
        _curve("held out", "curve", history, "held_out_loss"),
    )
    errors = (
        _curve("median", "curve", history, "held_out_px"),
        _curve("95 % of points", "curve", history, "held_out_p95_px", dashed=True),
    )
    if before is None or not (past := before.metrics.get("history")):
        return losses, errors
    title = run_title(before)
    return (
        (*losses, _curve(title, "text3", past, "held_out_loss", dashed=True)),
        (*errors, _curve(title, "text3", past, "held_out_px", dashed=True)),
    )


def figures(run: Run, history: History, before: Run | None) -> tuple[Figure, ...]:
    """The numbers a person judges a net by; those of the last rows while it still learns."""
    now: dict[str, Any] = {}
    for row in history:
        now |= row
    if run.state is not RunState.RUNNING:
        now |= {k: v for k, v in run.metrics.items() if v is not None}
    old = before.metrics if before is not None else {}
    shown = [
        Figure("Held-out error", _px(now.get("held_out_px")), *_compared(now, old, "held_out_px")),
        Figure("95 % of points within", _px(now.get("held_out_p95_px")), _was(now, old)),
    ]
    if now.get("pck") is not None:
        shown.append(Figure("PCK at 0.1 body", f"{now['pck']:.2f}"))
    worst = max((now.get("px_by_keypoint") or {}).items(), key=lambda item: item[1], default=None)
    if worst is not None:
        shown.append(Figure("Worst keypoint", titled(worst[0]), f"{worst[1]:.1f} px", "warning"))
    if now.get("images_per_s"):
        shown.append(Figure("Speed", f"{now['images_per_s']:.0f} /s", "pictures trained on"))
    return tuple(shown)


def _curve(name: str, role: str, history: History, key: str, *, dashed: bool = False) -> Curve:
    rows = [row for row in history if row.get(key) is not None and "step" in row]
    return Curve(name, role, [row["step"] for row in rows], [row[key] for row in rows], dashed)


def _px(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} px"


def _compared(now: dict[str, Any], old: dict[str, Any], key: str) -> tuple[str, str]:
    """How much better than the training before, with the colour role to say it in."""
    if now.get(key) is None or old.get(key) is None:
        return "", "text3"
    better = old[key] - now[key]
    word = "less" if better >= 0 else "more"
    return f"{abs(better):.1f} {word} than before", "good" if better >= 0 else "warning"


def _was(now: dict[str, Any], old: dict[str, Any]) -> str:
    value = old.get("held_out_p95_px")
    return "" if value is None or now.get("held_out_p95_px") is None else f"was {value:.1f}"


def run_row(run: Run, in_use: bool, live: Live | None = None) -> Row:
    """A run in the list; one that is trained now with its newest error and the time left."""
    error = run.metrics.get("held_out_px")
    state = "in use" if in_use else _STATES[run.state]
    net = net_title(net_of(run))
    detail = f"{pieces.count(run.labelled_frames, 'frame')} · {net}"
    if live is not None:
        newest = [row["held_out_px"] for row in live.history if "held_out_px" in row]
        error = newest[-1] if newest else None
        left = "paused" if live.job.state is JobState.PAUSED else time_left(live.job.eta_s)
        detail = " · ".join(part for part in (f"{live.job.progress:.0%}", left, net) if part)
    marks = {RunState.RUNNING: "running", RunState.FAILED: "failed"}
    tones = {RunState.RUNNING: "accent", RunState.FAILED: "danger"}
    return Row(
        run.id,
        run_title(run),
        detail,
        right="–" if error is None else f"{error:.1f}",
        right_detail=state,
        mark="used" if in_use else marks.get(run.state, "kept"),
        right_tone="good" if in_use else tones.get(run.state, "text3"),
        tip=run.message or f"{net}, {run.started.astimezone():%d %B %H:%M}",
    )


def run_title(run: Run) -> str:
    """What a run is called."""
    return f"Round {run.round}" if run.round else f"Training of {run.started.astimezone():%H:%M}"


def run_detail(run: Run) -> str:
    """What it learnt from."""
    labelled = pieces.count(run.labelled_frames, "labelled frame")
    return f"{labelled}, and unlabelled ones (REMOTE)" if run.recipe == REMOTE else labelled


def progress_text(job: Job) -> str:
    """What stands beside the bar."""
    parts = [job.text, time_left(job.eta_s), "you can keep labelling"]
    if job.state is JobState.PAUSED:
        parts = ["paused"]
    return " · ".join(part for part in parts if part)


def net_of(run: Run) -> str | None:
    """The net that was chosen for a run; None for the recipe's own."""
    return run.config.get("options", {}).get("net")
