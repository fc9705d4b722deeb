import numpy as np
import pytest

from poseapp.learn.select.motion import jumps, swaps
from tests.learn.select.pools import SKELETON


def body_at(*positions):
    """(N, 3, 2): nose, left fin 30 px left of it, right fin 30 px right of it."""
    offsets = np.array([[0.0, 0], [-30, 10], [30, 10]])
    return np.array([offsets + p for p in positions])


def test_even_motion_does_not_jump_however_fast():
    points = body_at((0, 0), (50, 20), (100, 40), (200, 80))
    found = jumps(np.array([3, 4, 5, 7]), points)
    assert np.isnan(found[[0, 3]]).all()
    np.testing.assert_allclose(found[1:3], 0, atol=1e-5)


def test_a_jump_is_the_distance_to_the_line_between_the_neighbours():
    points = body_at((0, 0), (10, 0), (20, 0))
    points[1, 2] += (3, 4)
    np.testing.assert_allclose(jumps(np.arange(3), points)[1], [0, 0, 5], atol=1e-5)


def test_neighbours_too_far_in_time_say_nothing():
    assert np.isnan(jumps(np.array([0, 50, 100]), body_at((0, 0), (90, 0), (0, 0)))).all()
    assert not swaps(np.array([0, 50]), body_at((0, 0), (0, 0))[:, [0, 2, 1]], SKELETON).any()


def test_exchanged_sides_are_seen_in_both_frames_between_which_they_change():
    points = body_at(*[(n * 2, 0) for n in range(6)])
    points[3:] = points[3:, [0, 2, 1]]
    found = swaps(np.arange(6), points, SKELETON)
    assert found[:, 0].tolist() == [False, False, True, True, False, False]


def test_a_body_that_crosses_itself_slowly_is_not_swapped():
    turning = [np.cos(a) for a in np.linspace(0, np.pi, 40)]
    points = np.array([[[0.0, 0], [-30 * c, 10], [30 * c, 10]] for c in turning])
    assert not swaps(np.arange(40), points, SKELETON).any()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_frames_give_no_motion(count):
    points = body_at(*[(0, 0)] * count) if count else np.empty((0, 3, 2))
    assert np.isnan(jumps(np.arange(count), points)).all()
    assert swaps(np.arange(count), points, SKELETON).shape == (count, 1)
