import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity

from poseapp.learn.matal.similarity import (
    cosines,
    even_edges,
    histograms,
    nearest,
    quantile_edges,
)

rows = st.tuples(st.integers(0, 999), st.integers(1, 20)).map(
    lambda drawn: np.random.default_rng(drawn[0]).normal(size=(drawn[1], 4))
)


@given(rows, rows)
def test_cosines_are_scikit_learn_s(a, b):
    assert cosines(a, b) == pytest.approx(cosine_similarity(a, b), abs=1e-12)
    assert nearest(a, b) == pytest.approx(cosine_similarity(a, b).max(axis=1), abs=1e-12)


def test_a_labelled_duplicate_is_not_new_at_any_size():
    labelled = np.array([[3.0, 1, 2], [-1, 0, 5]])
    assert nearest(7 * labelled, labelled) == pytest.approx(1)


def test_without_labels_or_values_nothing_is_near():
    assert nearest(np.ones((3, 2)), np.empty((0, 2))).tolist() == [0, 0, 0]
    assert nearest(np.ones((3, 0)), np.ones((2, 0))).tolist() == [0, 0, 0]
    assert cosines(np.zeros((1, 2)), np.ones((1, 2))).tolist() == [[0]]


@given(rows, rows, st.integers(2, 12))
def test_a_histogram_sums_to_one_and_counts_as_numpy_does(a, b, bins):
    edges = even_edges(bins)
    found = histograms(a, b, edges)
    assert found.shape == (len(a), bins)
    assert found.sum(axis=1) == pytest.approx(1)
    own = cosine_similarity(a, b)
    if np.abs(own[..., None] - edges).min() > 1e-9:
        for row, counted in zip(own, found, strict=True):
            assert counted * len(b) == pytest.approx(
                np.histogram(row.clip(-1, 1), np.linspace(-1, 1, bins + 1))[0]
            )


def test_where_all_cosines_are_high_quantile_bins_still_tell_them_apart():
    poses = np.abs(np.random.default_rng(0).normal(5, 1, (80, 6)))
    in_equal_bins = histograms(poses, poses, even_edges(10))
    assert (in_equal_bins[:, -1] == 1).all()
    by_quantile = histograms(poses, poses, quantile_edges(poses, 10)).mean(axis=0)
    assert by_quantile.min() > 0.05


def test_without_others_every_bin_is_as_likely():
    assert histograms(np.ones((2, 3)), np.empty((0, 3)), even_edges(4)).tolist() == [[0.25] * 4] * 2
    assert quantile_edges(np.ones((1, 3)), 4) == pytest.approx(even_edges(4))
    assert quantile_edges(np.empty((5, 0)), 4) == pytest.approx(even_edges(4))
