"""Trained teams in a file: the agents with the measures they were trained by."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.resources import as_file
from pathlib import Path
from typing import Any

import numpy as np
import torch

from poseapp.domain.errors import TrainingError
from poseapp.learn.matal.anatomy import Anatomy, Part
from poseapp.learn.matal.looks import Looks
from poseapp.learn.matal.representation import STATE, Representation, width_of_actions
from poseapp.learn.matal.settings import TEAM_FILE, Ablation, Describing, Policy, Settings
from poseapp.learn.matal.shipped import initialisation_file
from poseapp.learn.matal.team import Team
from poseapp.learn.train import checkpoint

_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class TrainedTeam:
    """All that picking needs, frozen."""

    team: Team
    representation: Representation
    settings: Settings
    keypoints: tuple[str, ...]
    """Of the skeleton it was trained on."""
    trained_on: int
    """Labelled frames."""

    def save(self, folder: Path) -> None:
        """Write it whole or not at all.

        Raises:
            TrainingError: when the disk takes no more.
        """
        measures = self.representation
        arrays = {
            "look_mean": measures.looks.mean,
            "widths": measures.widths,
            "edges": measures.edges,
        }
        tensors = {f"measures.{k}": torch.from_numpy(np.asarray(v)) for k, v in arrays.items()}
        tensors |= {f"team.{k}": v for k, v in self.team.state_dict().items()}
        facts = {
            "format": _FORMAT,
            "settings": asdict(self.settings),
            "keypoints": self.keypoints,
            "trained_on": self.trained_on,
            "look_spread": measures.looks.spread,
            "look_width": measures.look_width,
            "bones": measures.anatomy.bones,
            "parts": [[part.name, part.bones] for part in measures.anatomy.parts],
        }
        checkpoint.save(folder / TEAM_FILE, tensors, facts)

    @classmethod
    def load(cls, folder: Path) -> TrainedTeam:
        """What `save` wrote.

        Raises:
            TrainingError: when there is none or it is damaged.
        """
        tensors, facts = _read(folder / TEAM_FILE)
        settings = settings_from(facts["settings"])
        measures = {k: v.numpy() for k, v in checkpoint.group(tensors, "measures.").items()}
        looks = Looks(measures["look_mean"], facts["look_spread"], settings.describing.appearance)
        anatomy = Anatomy(
            tuple((child, parent) for child, parent in facts["bones"]),
            tuple(Part(name, tuple(bones)) for name, bones in facts["parts"]),
        )
        representation = Representation(
            anatomy,
            settings.describing,
            looks,
            facts["look_width"],
            measures["widths"],
            measures["edges"],
        )
        team = empty_team(settings)
        team.load_state_dict(checkpoint.group(tensors, "team."))
        return cls(team, representation, settings, tuple(facts["keypoints"]), facts["trained_on"])


def save_initialisation(team: Team, settings: Settings, file: Path, made_from: str) -> None:
    """First weights for any skeleton: no measure of any project is in them.

    Raises:
        TrainingError: when the disk takes no more.
    """
    facts = {"format": _FORMAT, "settings": asdict(settings), "made_from": made_from}
    checkpoint.save(file, dict(team.state_dict()), facts)


def load_initialisation(file: Path) -> tuple[Team, Settings]:
    """What `save_initialisation` wrote.

    Raises:
        TrainingError: when there is none or it is damaged.
    """
    tensors, facts = _read(file)
    settings = settings_from(facts["settings"])
    team = empty_team(settings)
    team.load_state_dict(tensors)
    return team, settings


def shipped_initialisation(settings: Settings) -> Team | None:
    """First weights that come with the program, if there are some for teams of these settings.

    A team of another policy begins with as many of the agents as it has.
    """
    file = initialisation_file()
    if file is None:
        return None
    with as_file(file) as path:
        shipped, made_for = load_initialisation(path)
    if (settings.agents, settings.describing) != (made_for.agents, made_for.describing):
        return None
    team = empty_team(settings)
    for agent, first in zip(team.agents, shipped.agents, strict=False):
        agent.load_state_dict(first.state_dict())
    return team


def empty_team(settings: Settings) -> Team:
    """A team of the sizes that real projects have."""
    numbers = width_of_actions(settings.describing)
    return Team(STATE, numbers, settings.agents, settings.ablation.policy)


def settings_from(document: dict[str, Any]) -> Settings:
    """Settings that were written as plain JSON."""
    ablation = document["ablation"]
    return Settings(
        **{
            **document,
            "describing": Describing(**document["describing"]),
            "ablation": Ablation(**{**ablation, "policy": Policy(ablation["policy"])}),
        }
    )


def _read(file: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    found = checkpoint.load(file)
    if found is None or found[1].get("format") != _FORMAT:
        raise TrainingError(f"There are no trained agents in {file}. Train them first.")
    return found
