import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.pool import TypiClust as Theirs
from skactiveml.utils import MISSING_LABEL
from sklearn.neighbors import NearestNeighbors

from poseapp.domain.report import SilentReport
from poseapp.learn.select.typiclust import TypiClust, groups, typicality
from tests.learn.select.pools import blobs, frames_of, pool_of


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 4), st.integers(1, 5), st.integers(0, 99))
def test_picks_are_those_of_scikit_activeml(labelled, budget, seed):
    """On groups of different size, where their random choice among equal sizes plays no part."""
    sizes = [60, 50, 41, 33, 26, 20, 15, 11, 8][: labelled + budget]
    rows = blobs(sizes, seed, dimensions=9)
    first = np.cumsum([0, *sizes])[:labelled]
    truth = np.full(len(rows), MISSING_LABEL)
    truth[first] = 0
    many = {"n_init": 10}  # with one start their k-means may miss a group
    theirs = Theirs(random_state=7, k=5, cluster_algo_dict=many).query(
        rows, truth, batch_size=budget
    )
    others = np.delete(np.arange(len(rows)), first)
    pool = pool_of(rows[others], labelled_features=rows[first], seed=7)
    ours = frames_of(TypiClust(neighbours=5).pick(pool, budget, SilentReport()))
    assert [int(others[frame]) for frame in ours] == theirs.tolist()


def test_typicality_is_one_over_the_mean_distance_to_the_neighbours():
    rows = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    nearest, _ = NearestNeighbors(n_neighbors=7).fit(rows).kneighbors(rows)
    np.testing.assert_allclose(typicality(rows, 6), 1 / nearest[:, 1:].mean(axis=1), rtol=1e-4)


def test_groups_that_hold_a_label_are_skipped():
    features = blobs([30, 20, 10])
    pool = pool_of(features[1:], labelled_features=features[:1])
    picked = TypiClust().pick(pool, 2, SilentReport())
    assert [29 <= f < 49 for f in frames_of(picked)] == [True, False]
    assert all(f >= 29 for f in frames_of(picked))
    assert picked[0].reasons[0].text == "Stands for 20 frames. Labelling it helps with all of them."


def test_groups_hold_every_frame_once_and_those_without_a_label_come_first():
    features = blobs([30, 20, 10])
    pool = pool_of(features[1:], labelled_features=features[:1])
    found = groups(pool, 2)
    assert [len(group) for group in found] == [20, 10]
    everything = np.concatenate(groups(pool_of(features), 3))
    assert sorted(everything.tolist()) == list(range(60))


def test_a_typical_frame_is_in_the_thick_of_its_group():
    crowd = np.random.default_rng(0).normal(size=(50, 2)) * 0.1
    fringe = np.array([[5.0, 0], [0, 6], [-4, -4]])
    (pick,) = TypiClust().pick(pool_of(np.concatenate([fringe, crowd])), 1, SilentReport())
    assert pick.frame.frame >= 3


def test_a_lonely_frame_is_not_said_to_stand_for_others():
    features = np.concatenate([blobs([30]), [[0, 0, 0, 500.0]]])
    picked = TypiClust().pick(pool_of(features), 2, SilentReport())
    assert picked[1].reasons[0].text == "One of a kind. No other frame looks like it."


def test_when_every_group_holds_a_label_the_ones_with_the_fewest_come_first():
    features = blobs([20, 30, 10])
    labelled = features[[0, 1, 25, 55, 56, 57]]
    pool = pool_of(np.delete(features, [0, 1, 25, 55, 56, 57], axis=0), labelled_features=labelled)
    (pick,) = TypiClust(most_clusters=3).pick(pool, 1, SilentReport())
    assert 18 <= pick.frame.frame < 47
