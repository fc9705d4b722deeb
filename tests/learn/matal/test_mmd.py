import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import rbf_kernel

from poseapp.learn.matal.mmd import MOST_ROWS, median_distance, mmd, thinned


@settings(max_examples=30)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 6), st.floats(0.2, 20))
def test_it_is_scikit_learn_s_kernel_averaged(n, m, dimensions, width):
    rng = np.random.default_rng(n + 31 * m)
    p, q = rng.normal(size=(n, dimensions)), rng.normal(1, 2, (m, dimensions))
    gamma = 1 / (2 * width**2)
    by_hand = (
        rbf_kernel(p, p, gamma).mean()
        + rbf_kernel(q, q, gamma).mean()
        - 2 * rbf_kernel(p, q, gamma).mean()
    )
    assert mmd(p, q, width) == pytest.approx(by_hand, abs=1e-10)


def test_the_same_rows_in_any_order_differ_by_nothing():
    rows = np.random.default_rng(0).normal(size=(40, 5)) * 1000
    assert mmd(rows, rows[::-1], 700.0) == pytest.approx(0, abs=1e-12)


def test_it_rises_with_a_shift():
    rng = np.random.default_rng(0)
    p, q = rng.normal(size=(60, 4)), rng.normal(size=(60, 4))
    found = [mmd(p, q + shift, 2.0) for shift in (0, 0.5, 1, 1.5, 2, 3)]
    assert found == sorted(found)
    assert found[-1] > 10 * found[0]


def test_the_biased_value_of_equal_distributions_falls_as_labels_grow():
    rng = np.random.default_rng(0)
    q = rng.normal(size=(480, 8))
    few, many = (
        np.mean([mmd(rng.normal(size=(n, 8)), q, 4.0) for _ in range(20)]) for n in (8, 80)
    )
    assert few > 4 * many > 0


def test_nothing_to_compare_is_no_difference():
    rows = np.ones((3, 2))
    assert mmd(np.empty((0, 2)), rows, 1.0) == mmd(rows, np.empty((0, 2)), 1.0) == 0
    assert mmd(np.empty((3, 0)), np.empty((2, 0)), 1.0) == 0


def test_the_width_is_the_median_distance_and_one_where_all_rows_are_equal():
    assert median_distance(np.array([[0.0], [1], [3]])) == 2
    assert median_distance(np.ones((5, 2))) == 1
    assert median_distance(np.empty((0, 2))) == 1


def test_large_sets_are_thinned_evenly():
    rows = np.arange(5000)
    kept = thinned(rows)
    assert len(kept) == len(set(kept.tolist())) == MOST_ROWS
    assert (kept[0], kept[-1]) == (0, 4999)
    assert thinned(rows[:9]).tolist() == list(range(9))
