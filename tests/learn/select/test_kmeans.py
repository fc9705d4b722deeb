import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans as Lloyd
from sklearn.metrics import pairwise_distances_argmin

from poseapp.domain.report import SilentReport
from poseapp.learn.select.kmeans import KMeans, clusters
from tests.learn.select.pools import blobs, frames_of, pool_of


def test_groups_are_at_rest_and_about_as_tight_as_those_of_scikit_learn():
    features = np.random.default_rng(3).normal(size=(200, 6)).astype(np.float32)
    cluster, centres = clusters(features, 12, 5)
    rest = Lloyd(12, init=centres, n_init=1).fit(features)
    assert np.array_equal(cluster, rest.labels_)
    best = Lloyd(12, random_state=0, n_init=10).fit(features)
    assert rest.inertia_ < 1.1 * best.inertia_


def test_picks_are_the_rows_nearest_to_the_centres():
    features = np.random.default_rng(3).normal(size=(200, 6)).astype(np.float32)
    picked = frames_of(KMeans().pick(pool_of(features, seed=5), 12, SilentReport()))
    _, centres = clusters(features, 12, 5)
    assert set(picked) == set(pairwise_distances_argmin(centres, features).tolist())


@given(
    arrays(np.float32, (20, 2), elements=st.integers(-2, 2).map(float)),
    st.integers(1, 20),
    st.integers(0, 9),
)
def test_no_group_is_empty_however_many_rows_are_equal(features, count, seed):
    found, centres = clusters(features, count, seed)
    assert len(centres) <= min(count, len(np.unique(features, axis=0)))
    assert {*found} == set(range(len(centres)))
    assert np.isfinite(centres).all()


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
