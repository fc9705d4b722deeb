"""Trained agents in a file: what the frame selection agent learnt, for whoever asks it later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from poseapp.domain.errors import TrainingError
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.settings import AGENT_FILE
from poseapp.learn.remote.state import Numbers
from poseapp.learn.train import checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class TrainedAgent:
    """An agent with what belongs to it."""

    agent: Agent
    keypoints: tuple[str, ...]
    """Of the skeleton it learnt on."""
    window: int
    """T in frames."""
    performance: Numbers
    """B: how good the estimator was on the state set when the game ended."""

    def save(self, folder: Path) -> None:
        """Write it into a run's folder.

        Raises:
            TrainingError: when the disk takes no more.
        """
        tensors = {f"agent.{k}": v for k, v in self.agent.state_dict().items()}
        tensors["performance"] = torch.from_numpy(self.performance)
        facts = {"keypoints": self.keypoints, "window": self.window}
        checkpoint.save(folder / AGENT_FILE, tensors, facts)

    @classmethod
    def load(cls, folder: Path) -> TrainedAgent:
        """The agent that `save` left in a run's folder.

        Raises:
            TrainingError: when there is none, or it is damaged.
        """
        tensors, facts = checkpoint.load(folder / AGENT_FILE) or ({}, {})
        try:
            keypoints, window = tuple(facts["keypoints"]), int(facts["window"])
            agent = Agent.new(len(keypoints), window)
            agent.load_state_dict(checkpoint.group(tensors, "agent."))
            performance: Numbers = tensors["performance"].numpy().astype(np.float32)
        except (KeyError, TypeError, ValueError, RuntimeError) as why:
            raise TrainingError(
                f"The run in {folder} has no frame selection agent. Train with the recipe remote."
            ) from why
        return cls(agent.eval(), keypoints, window, performance)
