import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans as Lloyd

from poseapp.learn.select.clustering import clusters
from tests.learn.select.pools import blobs


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(300, 5, 1), (300, 5, 17), (400, 60, 40)])
def test_the_same_seed_gives_the_clusters_of_scikit_learn(shape, seed):
    rows, width, count = shape
    features = np.random.default_rng(rows + seed).normal(3, 2, (rows, width)).astype(np.float32)
    theirs = Lloyd(count, random_state=seed).fit(features)
    found, centres = clusters(features, count, seed)
    assert np.array_equal(found, theirs.labels_)
    assert np.allclose(centres, theirs.cluster_centers_, atol=1e-4)


def test_groups_that_lie_apart_are_found_whatever_the_seed():
    features = blobs([10, 30, 20])
    for seed in range(10):
        found, _ = clusters(features, 3, seed)
        assert len({*found[:10]}) == len({*found[10:40]}) == len({*found[40:]}) == 1
        assert len({*found}) == 3


@given(
    arrays(np.float32, (20, 2), elements=st.integers(-2, 2).map(float)),
    st.integers(1, 20),
    st.integers(0, 9),
)
def test_no_cluster_is_empty_however_many_rows_are_equal(features, count, seed):
    found, centres = clusters(features, count, seed)
    assert len(centres) == min(count, len(np.unique(features, axis=0)))
    assert {*found} == set(range(len(centres)))
    assert np.isfinite(centres).all()
