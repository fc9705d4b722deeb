from collections import Counter
from dataclasses import replace

import numpy as np
from scipy.stats import chisquare

from poseapp.domain.report import SilentReport
from poseapp.learn.select.random_frames import Random
from tests.learn.select.pools import frames_of, pool_of


def test_every_frame_is_as_likely_as_every_other_and_none_comes_twice():
    pool = pool_of(np.zeros((10, 1)))
    seen = Counter()
    for seed in range(2000):
        picked = frames_of(Random().pick(replace(pool, seed=seed), 3, SilentReport()))
        assert len(set(picked)) == 3
        seen.update(picked)
    assert chisquare([seen[frame] for frame in range(10)]).pvalue > 0.01


def test_the_reason_does_not_pretend():
    (suggestion,) = Random().pick(pool_of(np.zeros((1284, 1))), 1, SilentReport())
    assert suggestion.reasons[0].text == "Picked by chance among 1,284 frames."
