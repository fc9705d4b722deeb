import pytest
import torch
from torch import nn

from poseapp.learn.matal.td import Round, errors
from poseapp.learn.matal.team import Team
from tests.learn.matal.test_team import Weighs, random_team


def by_hand():
    """Two agents and a game of two rounds; the target weighs differently from the team.

    Round 1: s = 1, picks a = (1, 0) with h = 0 and a = (0, 1) with h = (1, 0), earns 3.
    Then s = 2 and three frames may be picked. Round 2 is the last, one frame is left, it earns 5.
    """
    team, target = Team(1, 2, 2), Team(1, 2, 2)
    team.agents = nn.ModuleList(
        [Weighs([1.0, 2.0], [0.0, 0.0], [1.0]), Weighs([3.0, 1.0], [-2.0, 1.0], [0.5])]
    )
    target.agents = nn.ModuleList(
        [Weighs([5.0, 1.0], [0.0, 0.0], [2.0]), Weighs([1.0, 4.0], [1.0, -3.0], [1.0])]
    )
    left = torch.tensor([[0.0, 3.0], [2.0, 0.0], [4.0, 0.0]])
    first = Round(
        torch.tensor([1.0]),
        torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
        torch.tensor([[0.0, 0.0], [1.0, 0.0]]),
        3.0,
        torch.tensor([2.0]),
        left,
    )
    last = Round(
        torch.tensor([2.0]),
        torch.tensor([[0.0, 3.0]]),
        torch.tensor([[0.0, 0.0]]),
        5.0,
        torch.tensor([3.0]),
        left[:0],
    )
    return team, target, [first, last]


def test_the_difference_is_what_a_hand_computes_with_a_bootstrap_and_without():
    team, target, rounds = by_hand()
    # round 1: q1 = 1·1 + 1·1 = 2, q2 = 1 - 2·1 + 0.5·1 = -0.5: together 1.5
    # next, chosen by the team: agent 1 values 0+6, 2+0, 4+0 (and 2·1): takes (0, 3);
    # agent 2 values 3·2 or 3·4, the same h for both: takes (4, 0), h = (0, 3)
    # the target: agent 1: 1·3 + 2·2 = 7; agent 2: 4 + (-3)·3 + 2 = -3: together 4
    # 1.5 - 3 - 0.9·4 = -5.1
    # round 2: only agent 1 acts: 2·3 + 2 = 8; 8 - 5 = 3
    found = errors(team, target, rounds, 0.9)
    assert found.tolist() == pytest.approx([-5.1, 3.0])
    assert [errors(team, target, [r], 0.9).item() for r in rounds] == pytest.approx([-5.1, 3.0])


def test_actions_are_chosen_by_the_team_and_valued_by_the_target():
    team, target, rounds = by_hand()
    swapped = errors(target, team, rounds[:1], 0.9).item()
    # the target takes (4, 0) first (20 + 4), then values (0, 3): 12; the team says 4+2, 3-8+1
    # its own round: 5 + 2 + (4 + 1 + 1) = 13; 13 - 3 - 0.9·(6 - 4)
    assert swapped == pytest.approx(13 - 3 - 0.9 * 2)


def test_gradients_reach_every_agent_that_acted_and_no_other():
    team, target = random_team(agents=3), random_team(1, agents=3)
    chance = torch.Generator().manual_seed(0)

    def made(acted, left):
        draw = lambda *shape: torch.randn(*shape, generator=chance)  # noqa: E731
        return Round(draw(3), draw(acted, 5), draw(acted, 5), 1.0, draw(3), draw(left, 5))

    errors(team, target, [made(2, 4), made(2, 0)], 0.9).square().mean().backward()
    reached = [
        any(p.grad is not None and p.grad.any() for p in a.parameters()) for a in team.agents
    ]
    assert reached == [True, True, False]
    assert all(p.grad is None for p in target.parameters())
    errors(team, target, [made(3, 4)], 0.9).square().mean().backward()
    assert all(any(p.grad.any() for p in a.parameters()) for a in team.agents)


def test_one_error_is_taken_over_the_sum():
    team, target, rounds = by_hand()
    errors(team, target, rounds[1:], 0.9).square().sum().backward()
    assert team.agents[0].w.grad.tolist() == pytest.approx([0, 2 * 3.0 * 3.0])
