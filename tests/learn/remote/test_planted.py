"""A bandit whose pay is a known function of motion: the trained agent ranks that motion first."""

import numpy as np
import torch
from scipy.stats import chi2_contingency

from poseapp.learn.remote.agent import Agent, State
from poseapp.learn.remote.dqn import Learner, Transition
from poseapp.learn.remote.settings import Learning
from poseapp.learn.remote.state import actions as described

KEYPOINTS, WINDOW = 4, 10
BODY = np.array([[0.0, 0], [0, 100], [40, 50], [-40, 50]])
CLIPS = torch.randn(5, 3, 5, generator=torch.Generator().manual_seed(0))
SPEED, BEST_MOTION = 5.0, 0.3


def seen(chance):
    """Offsets of sixteen frames and what is told of them: the body swings as it likes."""
    offsets = np.array([n for n in range(-WINDOW, WINDOW + 1) if n % 5])
    found = BODY + np.stack([SPEED * offsets, 0 * offsets], axis=1)[:, None]
    found = found + chance.normal(0, 0.5, found.shape)
    scores = chance.uniform(0.5, 1, (len(offsets), KEYPOINTS)).astype(np.float32)
    motion = np.abs(SPEED * offsets) / 100
    told = np.array([0.8, *chance.normal(0.5, 0.05, 5)], np.float32)
    state = State(torch.from_numpy(told), CLIPS[chance.integers(len(CLIPS))])
    return offsets, motion, state, torch.from_numpy(described(scores, found, BODY))


def pay(motion):
    return 5 * np.exp(-(((motion - BEST_MOTION) / 0.1) ** 2)) - 1


def trained(seed):
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    learner = Learner(Agent(6, 5, 3 * KEYPOINTS), Learning(batch=32, chance_fades=100))
    for _ in range(280):
        _, motion, state, rows = seen(chance)
        row = learner.pick(state, rows, chance)
        earned = float(pay(motion[row]) + chance.normal(0, 0.3))
        learner.remember(Transition(state, rows[row], earned, state, rows[:0]))
        for _ in range(2):
            learner.update(chance)
    return learner


def test_the_trained_agent_ranks_the_planted_motion_first():
    learner = trained(0)
    chance = np.random.default_rng(99)
    first, agents, guessed = [], [], []
    for _ in range(60):
        offsets, motion, state, rows = seen(chance)
        row = int(learner.agent.values(state, rows).argmax())
        first.append(abs(motion[row] - BEST_MOTION))
        agents.append(abs(offsets[row]))
        guessed.append(abs(offsets[chance.integers(len(offsets))]))
    assert np.mean(np.array(first) < 0.01) > 0.9
    table = [np.bincount(column, minlength=11)[1:] for column in (agents, guessed)]
    table = np.array(table)[:, np.sum(table, axis=0) > 0]
    assert chi2_contingency(table).pvalue < 1e-3
