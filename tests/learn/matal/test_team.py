import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from poseapp.learn.matal.agent import CODE, Agent
from poseapp.learn.matal.environment import Observation
from poseapp.learn.matal.episode import guessing, pick
from poseapp.learn.matal.settings import Policy
from poseapp.learn.matal.team import Team


class Weighs(nn.Module):
    """Values that can be computed by hand: w·a + v·h + u·s."""

    def __init__(self, w, v, u):
        super().__init__()
        self.w, self.v, self.u = (nn.Parameter(torch.tensor(x)) for x in (w, v, u))

    def forward(self, states, actions, h):
        return actions @ self.w + (h @ self.v + states @ self.u)[:, None]


def observation(state, actions):
    return Observation(np.array(state, np.float32), np.array(actions, np.float32))


def random_team(seed=0, agents=4, policy=Policy.TEAM):
    torch.manual_seed(seed)
    return Team(3, 5, agents, policy)


def test_an_agent_is_figure_2():
    agent = Agent(9, 205)
    shapes = [tuple(p.shape) for n, p in agent.named_parameters() if n.endswith("weight")]
    assert shapes == [(CODE, 410), (64, CODE + 205 + 9), (32, 64), (1, 32)]
    states, actions, h = torch.rand(2, 9), torch.rand(2, 7, 205), torch.rand(2, 205)
    z = torch.relu(agent.code(torch.cat([actions[1, 3], h[1]])))
    by_hand = agent.value(torch.cat([z, actions[1, 3], states[1]]))
    assert agent(states, actions, h)[1, 3].item() == pytest.approx(by_hand.item(), abs=1e-6)


def test_agents_have_parameters_of_their_own():
    team = random_team()
    assert len({agent.code.weight.data_ptr() for agent in team.agents}) == 4
    assert not torch.equal(team.agents[0].code.weight, team.agents[1].code.weight)


def test_h_is_nothing_at_first_and_then_the_mean_of_the_actions_before():
    actions = [[1.0, 0, 0, 0, 0], [0, 2, 0, 0, 0], [0, 0, 4, 0, 0], [0, 0, 0, 8, 0]]
    batch = pick(random_team(), observation([0, 0, 0], actions), 4)
    taken = np.array(actions)[batch.rows[0]]
    assert batch.actions[0].numpy() == pytest.approx(taken)
    assert batch.h[0, 0].tolist() == [0] * 5
    assert batch.h[0, 1].numpy() == pytest.approx(taken[0])
    assert batch.h[0, 2].numpy() == pytest.approx(taken[:2].mean(axis=0))
    assert batch.h[0, 3].numpy() == pytest.approx(taken[:3].mean(axis=0))


def test_the_second_agent_decides_by_what_the_first_one_picked():
    team = Team(1, 2, 2)
    team.agents = nn.ModuleList([Weighs([1.0, 0], [0.0, 0], [0.0]), Twin()])
    actions = [[1.0, 0], [0.9, 0], [0.0, 1]]
    assert pick(team, observation([0], actions), 2).rows.tolist() == [[0, 2]]
    team.policy = Policy.WITHOUT_H
    assert pick(team, observation([0], actions), 2).rows.tolist() == [[0, 1]]


class Twin(nn.Module):
    """Likes the first number, but not frames like those taken."""

    def forward(self, states, actions, h):
        return actions[..., 0] - 2 * (actions * h[:, None]).sum(dim=2)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 15), st.floats(0, 1), st.sampled_from(list(Policy)))
def test_picks_are_distinct_and_as_many_as_there_can_be(frames, count, exploring, policy):
    rng = np.random.default_rng(frames)
    seen = observation(rng.normal(size=3), rng.normal(size=(frames, 5)))
    batch = pick(random_team(policy=policy), seen, count, guessing(exploring, rng))
    rows = batch.rows[0].tolist()
    assert len(rows) == len(set(rows)) == min(count, frames)


def test_without_the_mask_agents_may_pick_a_frame_twice():
    team = Team(1, 2, 2)
    alike = Weighs([1.0, 0], [0.0, 0], [0.0])
    team.agents = nn.ModuleList([alike, alike])
    seen = observation([0], [[1.0, 0], [0.5, 0]])
    assert pick(team, seen, 2, mask_taken=False).rows.tolist() == [[0, 0]]
    assert pick(team, seen, 2).rows.tolist() == [[0, 1]]


def test_of_frames_near_each_other_one_is_picked_while_there_are_others():
    team = Team(1, 1, 2)
    team.agents = nn.ModuleList([Weighs([1.0], [0.0], [0.0])] * 2)
    seen = observation([0], [[4.0], [3.0], [2.0], [1.0]])
    near = np.eye(4, dtype=bool)
    near[:2, :2] = near[2:, 2:] = True
    assert pick(team, seen, 4, near=near).rows.tolist() == [[0, 2, 1, 3]]
    assert pick(team, seen, 4).rows.tolist() == [[0, 1, 2, 3]]


def test_one_agent_s_batch_is_the_frames_it_values_most():
    team = random_team(policy=Policy.ONE_AGENT_BATCH)
    rng = np.random.default_rng(0)
    seen = observation(rng.normal(size=3), rng.normal(size=(9, 5)))
    assert len(team.agents) == 1
    values = team.values(
        0, *(torch.from_numpy(x)[None] for x in (seen.state, seen.actions)), torch.zeros(1, 5)
    )[0]
    batch = pick(team, seen, 4)
    assert batch.rows[0].tolist() == values.argsort(descending=True)[:4].tolist()
    assert not batch.h.any()


def test_one_agent_may_pick_one_image_a_round():
    team = random_team(policy=Policy.ONE_IMAGE)
    assert (len(team.agents), team.batch) == (1, 1)


def test_rounds_of_different_length_are_picked_together_as_alone():
    team = random_team()
    rng = np.random.default_rng(1)
    states = torch.from_numpy(rng.normal(size=(2, 3)).astype(np.float32))
    actions = torch.from_numpy(rng.normal(size=(2, 6, 5)).astype(np.float32))
    free = torch.arange(6) < torch.tensor([[6], [2]])
    both = team.pick(states, actions, free, torch.tensor([4, 2]))
    assert both.rows[1].tolist()[2:] == [-1, -1]
    alone = [
        pick(team, Observation(s.numpy(), a[:n].numpy()), 4)
        for s, a, n in zip(states, actions, (6, 2), strict=True)
    ]
    assert both.rows[0].tolist() == alone[0].rows[0].tolist()
    assert both.rows[1].tolist()[:2] == alone[1].rows[0].tolist()
    worths = team.worth(states, both)
    for worth, state, own in zip(worths, states, alone, strict=True):
        assert worth.item() == pytest.approx(team.worth(state[None], own).item(), abs=1e-5)
