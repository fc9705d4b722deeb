import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.learn.remote.partners import action_set, by_rule
from poseapp.learn.remote.settings import Partners


@given(st.integers(1, 80), st.sets(st.integers(0, 79)), st.integers(0, 79), st.integers(0, 15))
def test_an_action_is_unlabelled_within_the_video_and_near(count, labelled, anchor, window):
    free = np.setdiff1d(np.arange(count), list(labelled))
    found = action_set(anchor, window, free)
    wanted = [n for n in range(anchor - window, anchor + window + 1)
              if 0 <= n < count and n not in labelled]  # fmt: skip
    assert found.tolist() == wanted


def test_every_fifth_frame_labelled_leaves_sixteen_actions_both_ways():
    labelled = np.arange(0, 100, 5)
    found = action_set(50, 10, np.setdiff1d(np.arange(100), labelled))
    assert len(found) == 16
    assert found.min() == 41
    assert found.max() == 59


@pytest.mark.parametrize(
    ("rule", "frame"), [("uniform_3", 47), ("uniform_6", 44), ("uniform_9", 41)]
)
def test_a_uniform_partner_stands_so_many_frames_before(rule, frame):
    actions = action_set(50, 10, np.setdiff1d(np.arange(100), np.arange(0, 100, 5)))
    assert actions[by_rule(Partners(rule), 50, actions, np.random.default_rng(0))] == frame


def test_where_the_uniform_partner_is_not_there_the_nearest_stands_in():
    rng = np.random.default_rng(0)
    assert by_rule(Partners.UNIFORM_6, 0, np.array([1, 2, 3]), rng) == 0
    assert by_rule(Partners.UNIFORM_6, 50, np.array([43, 45, 52]), rng) == 0  # both one away


def test_random_partners_are_drawn_evenly():
    rng = np.random.default_rng(0)
    drawn = [by_rule(Partners.RANDOM, 0, np.arange(8), rng) for _ in range(4000)]
    assert np.bincount(drawn, minlength=8) == pytest.approx(500, abs=100)
