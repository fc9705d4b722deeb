import numpy as np

from poseapp.domain.report import SilentReport
from poseapp.learn.select.uniform import Uniform
from tests.learn.select.pools import frames_of, pool_of


def test_picks_are_the_middles_of_equal_stretches():
    picked = Uniform().pick(pool_of(np.zeros((100, 1))), 4, SilentReport())
    assert frames_of(picked) == [12, 37, 62, 87]
    assert picked[0].reasons[0].text == "One of every 25 frames, at even distances."


def test_no_two_neighbouring_picks_differ_by_more_than_one_in_distance():
    for count, budget in ((97, 10), (1000, 7), (50, 49)):
        frames = frames_of(Uniform().pick(pool_of(np.zeros((count, 1))), budget, SilentReport()))
        assert len(set(frames)) == budget
        assert np.ptp(np.diff(frames)) <= 1
