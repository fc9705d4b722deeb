import numpy as np
import pytest
import torch

from poseapp.domain.errors import TrainingError
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.settings import AGENT_FILE
from poseapp.learn.remote.trained import TrainedAgent


def test_an_agent_comes_back_from_its_file(tmp_path):
    torch.manual_seed(0)
    told = np.arange(12, dtype=np.float32)
    TrainedAgent(Agent.new(2, 6), ("nose", "tail"), 6, told).save(tmp_path)
    found = TrainedAgent.load(tmp_path)
    assert found.keypoints == ("nose", "tail")
    assert found.window == 6
    assert np.array_equal(found.performance, told)
    torch.manual_seed(0)
    assert torch.equal(found.agent.question, Agent.new(2, 6).question)


def test_a_run_without_an_agent_says_so(tmp_path):
    with pytest.raises(TrainingError, match="Train with the recipe remote"):
        TrainedAgent.load(tmp_path)
    (tmp_path / AGENT_FILE).write_bytes(b"not a file of tensors")
    with pytest.raises(TrainingError, match="Train with the recipe remote"):
        TrainedAgent.load(tmp_path)
