import numpy as np
import pytest
import torch
from torch import nn

from poseapp.learn.remote.agent import Agent, State
from poseapp.learn.remote.dqn import Learner, Transition, chance_to_guess, targets
from poseapp.learn.remote.settings import Learning

NOTHING = torch.zeros(0, 4)
ONE_HOT = torch.eye(3)


def state(n):
    return State(ONE_HOT[n], NOTHING)


class Table(nn.Module):
    """Values by the number that an action is."""

    def __init__(self, values):
        super().__init__()
        self.values = torch.tensor(values)

    def forward(self, states, actions):
        return self.values[actions[..., 0].long()]


def transition(reward, next_actions):
    rows = torch.tensor(next_actions, dtype=torch.float32).reshape(-1, 1)
    return Transition(state(0), torch.zeros(1), reward, state(1), rows)


def test_the_target_takes_the_agents_choice_at_the_targets_value():
    online, target = Table([1.0, 9.0, 2.0]), Table([7.0, 3.0, 8.0])
    # the agent prefers action 1, which the target values 3; the target itself would prefer 2
    y = targets(online, target, [transition(10.0, [0, 1, 2])], 0.5)
    assert y.tolist() == [10 + 0.5 * 3]


def test_the_target_is_the_reward_alone_where_the_turn_is_over():
    table = Table([1.0, 9.0, 2.0])
    y = targets(table, table, [transition(4.0, []), transition(-1.0, [2])], 0.5)
    assert y.tolist() == [4.0, -1 + 0.5 * 2]
    assert targets(table, table, [transition(4.0, [])], 0.5).tolist() == [4.0]


def test_rows_that_fill_up_shorter_action_sets_are_never_chosen():
    table = Table([5.0, -3.0, -2.0])  # padding is action 0
    y = targets(table, table, [transition(0.0, [1]), transition(0.0, [1, 2])], 1.0)
    assert y.tolist() == [-3.0, -2.0]


REWARDS = np.array([[1.0, 0.0], [-1.0, 2.0], [0.5, 3.0]])
FOLLOWING = np.array([[1, 2], [0, 2], [1, -1]])
"""Which state each action leads to; -1 is the end."""


def value_iteration(discount):
    q = np.zeros((3, 2))
    for _ in range(500):
        best = np.append(q.max(axis=1), 0.0)
        q = REWARDS + discount * best[FOLLOWING]
    return q


def test_deep_q_learning_finds_what_value_iteration_finds():
    torch.manual_seed(0)
    discount = 0.6
    learning = Learning(discount=discount, lr=3e-3, batch=6, target_every=10)
    learner = Learner(Agent(3, 4, 2), learning)
    both = torch.eye(2)
    for s in range(3):
        for a in range(2):
            then = int(FOLLOWING[s, a])
            further = both if then >= 0 else both[:0]
            earned = float(REWARDS[s, a])
            learner.remember(Transition(state(s), both[a], earned, state(max(then, 0)), further))
    chance = np.random.default_rng(0)
    for n in range(300):
        if n == 180:
            learner.optimiser.param_groups[0]["lr"] = 3e-4
        learner.update(chance)
    found = np.stack([learner.agent.values(state(s), both).numpy() for s in range(3)])
    assert found == pytest.approx(value_iteration(discount), abs=1e-2)


def test_guesses_become_rare():
    learning = Learning(first_chance=0.9, last_chance=0.1, chance_fades=10)
    assert chance_to_guess(learning, 0) == pytest.approx(0.9)
    assert chance_to_guess(learning, 10) == pytest.approx(0.1 + 0.8 / np.e)
    assert chance_to_guess(learning, 1000) == pytest.approx(0.1)


def test_the_memory_of_a_clip_weighs_its_frames_and_ignores_padding():
    torch.manual_seed(0)
    agent = Agent(3, 4, 2)
    short, long = State(ONE_HOT[0], torch.randn(2, 4)), State(ONE_HOT[0], torch.randn(5, 4))
    together = agent.memory([short, long])
    assert torch.allclose(together[0], agent.memory([short])[0], atol=1e-6)
    assert not torch.allclose(together[0], together[1], atol=1e-3)
    assert torch.isfinite(agent.memory([state(0)])).all()


def test_a_learner_that_was_saved_goes_on_alike():
    def filled(updates):
        torch.manual_seed(1)
        learner = Learner(Agent(3, 4, 2), Learning(memory=20))
        frames = [torch.randn(3, 4), torch.randn(2, 4)]
        for n in range(12):
            now, then = State(torch.randn(3), frames[n // 6]), State(torch.randn(3), frames[n // 6])
            rows = torch.randn(n % 3, 2)
            learner.remember(Transition(now, torch.randn(2), float(n), then, rows))
        for n in range(updates):
            learner.update(np.random.default_rng(n))
        return learner

    before = filled(5)
    other = Learner(Agent(3, 4, 2), Learning(memory=20))
    other.restore(*before.saved())
    assert sum(name.startswith("frames.") for name in before.saved()[0]) == 2
    for n in range(5, 9):
        assert before.update(np.random.default_rng(n)) == other.update(np.random.default_rng(n))
    assert (other.picks, other.updates) == (12, 9)
