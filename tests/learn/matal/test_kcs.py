import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseapp.learn.matal.kcs import bone_vectors, imputed, kcs, mean_of, seen, spaces
from poseapp.learn.matal.similarity import cosines
from tests.learn.matal.toys import ANATOMY

BONES = ((1, 0), (2, 1), (3, 1))
poses = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).normal(0, 50, (3, 4, 2))
)


def matrix(row, bones=3):
    full = np.zeros((bones, bones))
    full[np.triu_indices(bones)] = row
    return full + np.triu(full, 1).T


def test_by_hand():
    points = np.array([[[0.0, 0], [3, 0], [3, 4], [1, 0]]])
    assert bone_vectors(points, BONES).tolist() == [[[3, 0], [0, 4], [-2, 0]]]
    assert kcs(bone_vectors(points, BONES)).tolist() == [[9, 0, -6, 16, 0, 4]]


@given(poses)
def test_the_matrix_has_squared_lengths_on_its_diagonal_no_negative_values_and_rank_two(points):
    vectors = bone_vectors(points, BONES)
    for row, own in zip(kcs(vectors), vectors, strict=True):
        full = matrix(row)
        assert np.diag(full) == pytest.approx((own**2).sum(axis=1))
        values = np.linalg.eigvalsh(full)
        assert values.min() > -1e-9 * values.max()
        assert (values > 1e-9 * values.max()).sum() <= 2


@settings(max_examples=30)
@given(poses, st.floats(0, 6.3), st.floats(-500, 500), st.floats(0.1, 10))
def test_turning_and_moving_change_nothing_and_size_does_not_change_cosines(
    points, angle, shift, scale
):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    plain = kcs(bone_vectors(points, BONES))
    moved = kcs(bone_vectors(points @ turn.T + shift, BONES))
    assert moved == pytest.approx(plain, rel=1e-7, abs=1e-6)
    larger = kcs(bone_vectors(points * scale, BONES))
    assert cosines(larger, plain) == pytest.approx(cosines(plain, plain), abs=1e-9)
    assert np.diag(cosines(larger, plain)) == pytest.approx(1)


def test_sizes_of_the_hand_s_spaces_are_the_paper_s():
    found = spaces(np.random.default_rng(0).normal(size=(2, 21, 2)), ANATOMY)
    assert [space.shape for space in found] == [(2, 210), (2, 15), *[(2, 10)] * 5]


def test_only_the_orientation_channel_sees_a_body_upside_down():
    points = np.random.default_rng(0).normal(size=(1, 21, 2))
    upside_down = points * [-1, -1]
    blind = [spaces(p, ANATOMY)[0] for p in (points, upside_down)]
    seeing = [spaces(p, ANATOMY, orientation=True)[0] for p in (points, upside_down)]
    assert cosines(*blind)[0, 0] == pytest.approx(1)
    assert cosines(*seeing)[0, 0] < 0.99
    assert seeing[0].shape[1] == 210 + 40
    larger = spaces(3 * points, ANATOMY, orientation=True)[0]
    assert cosines(seeing[0], larger)[0, 0] == pytest.approx(1)


def test_bones_with_an_invisible_end_are_dropped_and_filled_with_the_mean():
    points = np.array([[[0.0, 0], [3, 0], [3, 4], [1, 0]]] * 2)
    points[1, 3] = np.nan
    values = kcs(bone_vectors(points, BONES))
    there = np.isfinite(values[1])
    assert there.tolist() == [True, True, False, True, False, False]
    assert seen(values).tolist() == [1, 0.5]
    assert imputed(values, mean_of(values)).tolist() == [values[0].tolist()] * 2


def test_where_no_label_shows_a_bone_its_products_count_as_zero():
    values = np.full((2, 3), np.nan)
    assert mean_of(values).tolist() == [0, 0, 0]
    assert imputed(values, mean_of(values)).tolist() == [[0] * 3] * 2
    assert mean_of(np.empty((0, 3))).tolist() == [0, 0, 0]
