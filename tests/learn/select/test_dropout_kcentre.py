import numpy as np

from poseapp.domain.report import SilentReport
from poseapp.learn.select.dropout_kcentre import DropoutKCentre, lower_bound
from poseapp.learn.select.probed import Aspect, Probed
from tests.learn.select.pools import believed, frames_of, pool_of


def spread_of(means, deviations):
    """(N, 1, 2, 2) of one keypoint."""
    return np.stack([np.asarray(means, float), np.asarray(deviations, float)], axis=2)[:, None]


def test_coordinates_are_drawn_towards_zero_by_their_deviation():
    found = lower_bound(spread_of([[4, -3], [0, 2]], [[1, 1], [5, 0.5]]), 2.0)
    assert found.tolist() == [[2, -1], [0, 1]]


def test_among_equal_poses_the_one_on_which_dropout_nets_disagree_comes_first():
    means, unsure = np.tile([8.0, 8], (20, 1)), np.full((20, 2), 0.1)
    unsure[13] = 3
    told = Probed(
        {Aspect.SPREAD: spread_of(means, unsure)},
        {Aspect.SPREAD: spread_of([[8, 8]], [[0.1, 0.1]])},
    )
    pool = pool_of(
        np.zeros((20, 1)), labelled_features=[[0.0]], predicted=believed(20), probed=told
    )
    (pick,) = DropoutKCentre().pick(pool, 1, SilentReport())
    assert frames_of([pick]) == [13]
    assert "disagree more than in any other frame" in pick.reasons[0].text
