import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.select.spread import best_apart
from tests.learn.select.pools import pool_of, refs


def test_a_run_of_bad_frames_gives_one_pick_and_the_rest_come_from_elsewhere():
    worth = np.zeros(1000)
    worth[400:420] = 1.0
    worth[[50, 900]] = 0.5
    rows = best_apart(pool_of(np.zeros((1000, 1))), worth, 3)
    assert rows == [400, 50, 900]


def test_neighbours_are_taken_when_nothing_else_is_left():
    rows = best_apart(pool_of(np.zeros((4, 1))), np.array([0.1, 0.4, 0.3, 0.2]), 4)
    assert sorted(rows) == [0, 1, 2, 3]
    assert rows[0] == 1


def test_frames_of_different_videos_are_never_near():
    candidates = tuple(FrameRef(VideoId(v), 7) for v in (1, 2, 3))
    pool = pool_of(np.zeros((3, 1)), candidates=candidates)
    assert best_apart(pool, np.array([1.0, 3, 2]), 2) == [1, 2]


@given(st.integers(1, 120), st.integers(1, 150), st.integers(1, 40), st.integers(0, 99))
def test_picks_are_distinct_full_in_number_and_start_with_the_best(count, budget, step, seed):
    worth = np.random.default_rng(seed).random(count)
    pool = pool_of(np.zeros((count, 1)), candidates=refs(count, step=step))
    rows = best_apart(pool, worth, budget)
    assert len(rows) == len(set(rows)) == min(budget, count)
    assert rows[0] == worth.argmax()
