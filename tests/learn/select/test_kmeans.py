import numpy as np
from sklearn.cluster import KMeans as Lloyd
from sklearn.metrics import pairwise_distances_argmin

from poseapp.domain.report import SilentReport
from poseapp.learn.select.kmeans import KMeans
from tests.learn.select.pools import blobs, frames_of, pool_of


def test_picks_are_the_rows_that_scikit_learn_finds_nearest_to_its_centres():
    features = np.random.default_rng(3).normal(size=(200, 6)).astype(np.float32)
    picked = frames_of(KMeans().pick(pool_of(features, seed=5), 12, SilentReport()))
    centres = Lloyd(12, random_state=5).fit(features).cluster_centers_
    assert set(picked) == set(pairwise_distances_argmin(centres, features).tolist())


def test_each_group_gives_one_frame_the_largest_group_first_and_says_how_large_it_is():
    picked = KMeans().pick(pool_of(blobs([10, 30, 20])), 3, SilentReport())
    assert [10 <= f < 40 for f in frames_of(picked)] == [True, False, False]
    assert [s.reasons[0].text.split(".")[0] for s in picked] == [
        "Stands for 30 frames",
        "Stands for 20 frames",
        "Stands for 10 frames",
    ]
    assert [round(s.reasons[0].value, 3) for s in picked] == [1.0, 0.667, 0.333]


def test_equal_frames_make_fewer_groups_and_yet_enough_picks():
    features = np.repeat([[0.0, 0], [1, 1]], 5, axis=0)
    picked = frames_of(KMeans().pick(pool_of(features), 4, SilentReport()))
    assert len(set(picked)) == 4
    assert {f < 5 for f in picked[:2]} == {True, False}
