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


def test_neighbours_are_not_alike_and_the_same_person_is():
    one = Region(100, 100, 80, 0, -1)
    assert one.is_like(Region(105, 98, 90, 0.1, -0.99))
    assert not one.is_like(Region(130, 100, 80, 0, -1))
    assert not one.is_like(Region(100, 100, 200, 0, -1))
