import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from poseapp.learn.select.distances import distance_to_nearest, distances, farthest_first


@given(st.integers(1, 30), st.integers(1, 30), st.floats(0, 1e4), st.integers(0, 99))
def test_distances_are_those_of_scipy(n, m, offset, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(offset, 1, (count, 5)).astype(np.float32) for count in (n, m))
    np.testing.assert_allclose(distances(a, b), cdist(a, b), atol=1e-5)


def test_equal_rows_are_exactly_nought_apart():
    rows = np.random.default_rng(0).normal(100, 5, (50, 8)).astype(np.float32)
    assert np.all(np.diag(distances(rows, rows)) == 0)
    same = np.full((3, 4), 7.1, np.float32)
    assert np.all(distances(same, same[:2]) == 0)


def test_where_there_are_no_others_the_nearest_is_infinitely_far():
    rows = np.zeros((2, 3), np.float32)
    assert np.isinf(distance_to_nearest(rows, rows[:0])).all()


def test_the_walk_goes_from_the_middle_to_the_farthest_and_then_between():
    line = np.array([[0.0], [4], [5], [7], [10]], np.float32)
    rows, gaps = farthest_first(line, np.full(5, np.inf), 4)
    assert rows == [2, 0, 4, 3]
    assert gaps == [np.inf, 5, 5, 2]


def test_the_walk_takes_each_row_once_even_when_all_are_equal():
    rows, _ = farthest_first(np.zeros((4, 2), np.float32), np.zeros(4), 9)
    assert sorted(rows) == [0, 1, 2, 3]
