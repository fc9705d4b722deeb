"""Runs as the program keeps them: their names, their folders, and what a crash left of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from safetensors import SafetensorError, safe_open

from poseapp.domain.ids import RunId
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.skeleton import Skeleton
from poseapp.learn.matal.settings import TEAM_FILE
from poseapp.learn.remote.settings import AGENT_FILE
from poseapp.nets.card import Card
from poseapp.store.project import Project


def mark_interrupted(project: Project) -> None:
    """Runs that stand as running are not, when nobody else has the project: a crash ended them."""
    for run in project.runs.all():
        if run.state is RunState.RUNNING:
            project.runs.update(interrupted(project, run))


def interrupted(project: Project, run: Run) -> Run:
    """The run as one that broke off, and what is left of it in words."""
    if run.kind is RunKind.INFERENCE:
        message = "It was interrupted; what it predicted up to then is kept."
    elif run.kind is RunKind.MESH:
        message = "It was interrupted; the people whose meshes were done are kept."
    elif checkpoints(project, run):
        message = "It was interrupted before its end, and can be resumed."
    else:
        message = "It was interrupted before there was anything to keep."
    return replace(run, state=RunState.FAILED, message=message)


def checkpoints(project: Project, run: Run) -> tuple[Path, ...]:
    """The files from which a training that broke off can go on; half-written ones are none."""
    return tuple((project.runs_folder / run.id).glob("*.checkpoint.safetensors"))


def new_run_id(runs: Sequence[Run], kind: RunKind, started: datetime) -> RunId:
    """A name for a run and its folder that no other run has and that sorts by time."""
    taken = {run.id for run in runs}
    name = f"{started.astimezone():%Y-%m-%d-%H%M%S}-{kind.value}"
    number = 1
    while (chosen := RunId(name if number == 1 else f"{name}-{number}")) in taken:
        number += 1
    return chosen


def skeleton_of_net(run: Run, folder: Path) -> Skeleton:
    """The skeleton a run was trained with, its keypoints carrying the project's numbers.

    Raises:
        InferenceError: when the run left no net.
    """
    skeleton = Card.read(folder).skeleton
    return skeleton.with_uids(run.config["keypoints"]) if "keypoints" in run.config else skeleton


def newest_team(project: Project) -> Run | None:
    """The last agents that have learnt on the skeleton as it is now."""
    names = list(project.skeleton.names)
    learnt = (
        run
        for run in reversed(project.runs.all(RunKind.AGENTS))
        if run.state is RunState.DONE and run.config["keypoints"] == names
    )
    return next(learnt, None)


def newest_frame_agent(project: Project) -> Path | None:
    """The folder of the last training that taught a frame selection agent."""
    folders = (project.runs_folder / run.id for run in reversed(project.runs.all(RunKind.TRAINING)))
    return next((folder for folder in folders if (folder / AGENT_FILE).exists()), None)


def mark_damaged_teams(project: Project) -> None:
    """Agents whose file is gone or cut short pick no more; others learn in their place."""
    for run in project.runs.all(RunKind.AGENTS):
        if run.state is RunState.DONE and not _can_be_read(project.runs_folder / run.id):
            message = "The file of the agents is damaged, so they have to learn again."
            project.runs.update(replace(run, state=RunState.FAILED, message=message))


def _can_be_read(folder: Path) -> bool:
    try:
        with safe_open(folder / TEAM_FILE, "np") as file:
            return bool(file.keys())
    except (OSError, SafetensorError):
        return False
