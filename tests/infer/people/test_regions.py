"""Regions by hand."""

import numpy as np
import pytest

from poseapp.infer.people.regions import Region


@pytest.mark.parametrize("up", [(0.0, -1.0), (1.0, 0.0), (-0.6, 0.8)])
def test_the_head_comes_to_lie_above_the_hips_in_the_middle(up):
    hips = np.array([100.0, 60.0])
    rim = hips + 40 * np.array(up)
    region = Region.around(hips, rim)
    assert region.side == pytest.approx(2 * 1.25 * 40)
    seen = region.framing(256).to_input([hips, rim])
    np.testing.assert_allclose(seen[0], [127.5, 127.5], atol=1e-9)
    np.testing.assert_allclose(seen[1], [127.5, 127.5 - 40 * 256 / 100], atol=1e-9)


def test_a_region_does_not_mirror():
    framing = Region.around(np.array([50.0, 50.0]), np.array([50.0, 30.0])).framing(256)
    right = framing.to_input([60.0, 50.0])
    assert right[0] > 127.5


def test_hips_without_a_rim_still_give_a_region():
    region = Region.around(np.zeros(2), np.zeros(2))
    assert np.isfinite(region.framing(256).matrix).all()


def test_a_region_over_points_is_as_large_as_their_extent_along_its_sides():
    corners = np.array([[10.0, 20], [30, 20], [30, 60], [10, 60]])
    upright = Region.over(corners, np.array([0.0, -2.0]), 2.0, 0.25)
    assert (upright.x, upright.y, upright.side) == pytest.approx((20, 40 - 0.25 * 40, 80))
    lying = Region.over(corners, np.array([1.0, 0.0]), 2.0, 0.25)
    assert (lying.x, lying.y, lying.side) == pytest.approx((20 + 0.25 * 20, 40, 80))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = Region.over(corners @ turn.T, turn @ [0.0, -1.0], 2.0, 0.25)
    assert [turned.x, turned.y] == pytest.approx(turn @ [upright.x, upright.y])
    assert turned.side == pytest.approx(80)


def test_neighbours_are_not_alike_and_the_same_person_is():
    one = Region(100, 100, 80, 0, -1)
    assert one.is_like(Region(105, 98, 90, 0.1, -0.99))
    assert not one.is_like(Region(130, 100, 80, 0, -1))
    assert not one.is_like(Region(100, 100, 200, 0, -1))
