import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.optimize import linear_sum_assignment

from poseapp.domain.assignment import cheapest_pairs

COSTS = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6)),
)


@given(COSTS)
def test_the_pairs_cost_what_scipy_s_do_and_nobody_has_two(cost):
    pairs = cheapest_pairs(cost)
    rows, columns = zip(*pairs, strict=True)
    assert len(set(rows)) == len(set(columns)) == len(pairs) == min(cost.shape)
    assert list(rows) == sorted(rows)
    best = cost[linear_sum_assignment(cost)].sum()
    assert cost[list(rows), list(columns)].sum() == pytest.approx(best, abs=1e-6)


def test_a_dear_neighbour_is_taken_where_that_is_cheaper_in_total():
    cost = np.array([[1.0, 2.0, 9.0], [1.5, 9.0, 9.0]])
    assert cheapest_pairs(cost) == [(0, 1), (1, 0)]
    assert cheapest_pairs(cost.T) == [(0, 1), (1, 0)]


def test_many_bodies_are_paired_like_scipy_pairs_them():
    cost = np.random.default_rng(0).normal(size=(40, 60))
    assert cheapest_pairs(cost) == list(zip(*linear_sum_assignment(cost), strict=True))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_nobody_is_paired_with_nobody(shape):
    assert cheapest_pairs(np.zeros(shape)) == []


def test_a_cost_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        cheapest_pairs(np.array([[1.0, np.nan]]))
