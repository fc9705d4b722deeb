import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import entropy

from poseapp.domain.report import SilentReport
from poseapp.learn.select.multi_peak import MultiPeak, peak_entropy
from tests.learn.select.pools import believed, frames_of, insides, pool_of


def test_the_entropy_is_that_of_the_softmax_of_the_peaks_there_are():
    heights = np.array([[[0.6, 0.3, -1, -1, -1], [0.9, -1, -1, -1, -1]]])
    found = peak_entropy(heights)
    assert found[0, 0] == pytest.approx(entropy(softmax([0.6, 0.3])))
    assert found[0, 1] == 0


def test_more_places_come_first_and_are_counted():
    heights = np.full((60, 3, 5), -1.0)
    heights[:, :, 0] = 1
    heights[44, 1, :3] = 0.5
    pool = pool_of(np.zeros((60, 1)), predicted=believed(60), probed=insides(60, 0, peaks=heights))
    (pick,) = MultiPeak().pick(pool, 1, SilentReport())
    assert frames_of([pick]) == [44]
    assert pick.reasons[0].text == "Left fin unsure. The net sees 3 places for it."
    assert pick.score == pytest.approx(np.log(3))
