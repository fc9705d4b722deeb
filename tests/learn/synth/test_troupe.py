"""Clips of people who were captured, and of people who move as nobody was."""

import numpy as np
import pytest
import torch

from poseapp.learn.synth.troupe import HELD, LENT, Troupe
from poseapp.nets.body.rotations import axis_angle_of_matrix
from poseapp.nets.body.shipped import shipped_body
from tests.fixtures.performances import swaying

CLIPS, FRAMES = 200, 5
BODY = shipped_body()
LEGS = [
    n for n, name in enumerate(BODY.joint_names) if name.split()[-1] in ("hip", "knee", "ankle")
]
UPPER = [n for n in range(1, len(BODY.joint_names)) if n not in LEGS]


@pytest.fixture(scope="module")
def danced():
    """What was captured, and what free clips make of it: rotations (B, T, J, 3, 3)."""
    troupe = Troupe(BODY, [swaying()], FRAMES)
    captured = troupe.shots(np.random.default_rng(0), CLIPS).rotations
    return captured, troupe._freely(captured, np.random.default_rng(1))


def _held(captured, free):
    """(…, J, 3) axis angles by which joints are held otherwise."""
    return axis_angle_of_matrix(captured.transpose(-1, -2) @ free)


def test_the_root_turns_as_captured_and_legs_but_for_how_they_are_held(danced):
    captured, free = danced
    torch.testing.assert_close(free[:, :, 0], captured[:, :, 0], atol=1e-5, rtol=0)
    held = _held(captured[:, :, LEGS], free[:, :, LEGS])
    torch.testing.assert_close(held, held[:, :1].expand_as(held), atol=2e-3, rtol=0)
    assert held[:, 0].std() == pytest.approx(HELD, rel=0.05)


def test_half_of_the_clips_have_somebody_elses_arms(danced):
    captured, free = danced
    held = _held(captured[:, :, UPPER], free[:, :, UPPER])
    own = (held - held[:, :1]).abs().amax(dim=(1, 2, 3)) < 2e-3
    assert own.float().mean() == pytest.approx(1 - LENT, abs=0.1)
    for lent in np.flatnonzero(~own.numpy())[:5]:
        others = _held(captured[:, :, UPPER], free[lent, :, UPPER])
        apart = (others - others[:, :1]).abs().amax(dim=(1, 2, 3))
        assert apart.min() < 2e-3


def test_clips_are_free_only_where_that_is_asked():
    bound, free = (
        Troupe(BODY, [swaying()], FRAMES, free=free).shots(np.random.default_rng(0), 4).rotations
        for free in (False, True)
    )
    again = Troupe(BODY, [swaying()], FRAMES).shots(np.random.default_rng(0), 4).rotations
    torch.testing.assert_close(bound, again)
    assert not torch.allclose(bound[:, :, 1:], free[:, :, 1:], atol=0.05)
