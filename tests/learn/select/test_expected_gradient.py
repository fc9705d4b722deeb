import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.manifold._utils import _binary_search_perplexity

from poseapp.domain.report import SilentReport
from poseapp.learn.select.expected_gradient import ExpectedGradient, expected, neighbour_shares
from tests.learn.select.pools import believed, frames_of, insides, pool_of


def test_shares_are_those_of_t_sne():
    squares = np.random.default_rng(0).random((60, 40)).astype(np.float32) * 30
    wanted = _binary_search_perplexity(squares, 20.0, 0)
    np.testing.assert_allclose(neighbour_shares(squares, 20.0), wanted, atol=1e-5)


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 99), st.floats(1e-3, 1e3))
def test_rows_sum_to_one_and_have_the_perplexity_that_they_can(count, seed, scale):
    squares = np.random.default_rng(seed).random((3, count)) * scale
    shares = neighbour_shares(squares, 20.0)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    wanted = np.clip(20.0, 1, max(1.0, count * 2 / 3))
    np.testing.assert_allclose(np.exp(entropy(shares, axis=1)), wanted, rtol=1e-3)


def test_frames_that_are_no_neighbours_have_no_share():
    squares = np.array([[1.0, np.inf, 2.0], [np.inf] * 3])
    shares = neighbour_shares(squares, 20.0)
    assert shares[0, 1] == 0
    assert shares[0].sum() == pytest.approx(1)
    assert (shares[1] == 0).all()


def test_the_expected_length_weighs_each_neighbour_and_gaps_are_usual():
    lengths = np.array([[4.0, 4.0, np.nan], [1.0, 3.0, np.nan], [np.nan] * 3])
    found = expected(lengths, np.ones((3, 3)))
    np.testing.assert_allclose(found, [4, 2, 3])


def test_the_longest_expected_gradient_comes_first():
    lengths = np.ones((50, 4))
    lengths[31] = 9
    pool = pool_of(
        np.zeros((50, 1)),
        labelled_features=np.zeros((4, 1)),
        predicted=believed(50),
        probed=insides(50, 4, expected_gradient=lengths),
    )
    (pick,) = ExpectedGradient().pick(pool, 1, SilentReport())
    assert frames_of([pick]) == [31]
    assert pick.score == pytest.approx(9)
    assert pick.reasons[0].text.endswith("change the net more than in any other frame.")
