"""Alignment against scikit-image; errors by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from skimage.transform import SimilarityTransform

from poseapp.domain.alignment import aligned, mpjpe, pa_mpjpe


def _clouds(seed: int, count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 3)), rng.normal(size=(count, 3))


@given(st.integers(0, 2**31), st.integers(4, 20))
def test_alignment_is_scikit_images_similarity(seed, count):
    points, to = _clouds(seed, count)
    oracle = SimilarityTransform.from_estimate(points, to)
    np.testing.assert_allclose(aligned(points, to), oracle(points), atol=1e-8)


@given(st.integers(0, 2**31))
def test_a_similarity_of_the_prediction_changes_nothing_but_a_mirror_does(seed):
    points, to = _clouds(seed)
    rng = np.random.default_rng(seed)
    turn = Rotation.random(rng=rng).as_matrix()
    moved = rng.uniform(0.1, 5) * points @ turn.T + rng.normal(size=3)
    assert pa_mpjpe(moved, to) == pytest.approx(pa_mpjpe(points, to), rel=1e-6)
    assert pa_mpjpe(moved, points) == pytest.approx(0, abs=1e-9)
    assert pa_mpjpe(points * [-1, 1, 1], points) > 0.1


def test_stacks_are_aligned_one_by_one():
    first, second = _clouds(0), _clouds(1)
    together = aligned(np.stack([first[0], second[0]]), np.stack([first[1], second[1]]))
    np.testing.assert_allclose(together[1], aligned(*second))


def test_absent_points_do_not_count():
    points, to = _clouds(2)
    points[3], to[5] = np.nan, np.nan
    kept = np.isfinite(points).all(axis=1) & np.isfinite(to).all(axis=1)
    np.testing.assert_allclose(aligned(points, to)[kept], aligned(points[kept], to[kept]))
    assert pa_mpjpe(points, to) == pytest.approx(pa_mpjpe(points[kept], to[kept]))
    few = np.full((12, 3), np.nan)
    few[:2] = to[:2]
    assert np.isnan(pa_mpjpe(few, to))


def test_mean_error_by_hand():
    truth = np.array([[0.0, 0, 0], [2, 0, 0], [0, 5, 0]])
    predicted = truth + np.array([[1, 0, 0], [1, 0, 0], [1, 0, 3]])
    assert mpjpe(predicted, truth) == pytest.approx((1 + 1 + np.sqrt(10)) / 3)
    assert mpjpe(predicted, truth, root=(0, 1)) == pytest.approx(1.0)
    assert np.isnan(mpjpe(np.full((3, 3), np.nan), truth))
