import numpy as np
from scipy.stats import chisquare
from sklearn.cluster import kmeans_plusplus

from poseapp.domain.report import SilentReport
from poseapp.learn.select.badge import Badge, seeds
from tests.learn.select.pools import believed, frames_of, insides, pool_of

ROWS = np.array([[5.0, 0], [4, 1], [0, 3], [-2, 0], [0, -1]])


def test_the_longest_comes_first_and_the_second_with_a_chance_as_its_squared_distance():
    drawn = [seeds(ROWS, 2, np.random.default_rng(n)) for n in range(1000)]
    assert {first for first, _ in drawn} == {0}
    squares = ((ROWS - ROWS[0]) ** 2).sum(axis=1)[1:]
    counts = np.bincount([second for _, second in drawn], minlength=5)[1:]
    assert chisquare(counts, 1000 * squares / squares.sum()).pvalue > 0.001


def test_the_second_is_drawn_as_scikit_learn_does():
    """scikit-learn's first is by chance: those draws that begin with the longest are compared."""
    theirs = np.zeros(5)
    for n in range(600):
        _, (first, second) = kmeans_plusplus(ROWS, 2, random_state=n, n_local_trials=1)
        theirs[second] += first == 0
    ours = np.bincount(
        [seeds(ROWS, 2, np.random.default_rng(n))[1] for n in range(1000)], minlength=5
    )
    np.testing.assert_allclose(ours / ours.sum(), theirs / theirs.sum(), atol=0.12)


def test_equal_rows_are_all_picked_in_the_end():
    assert sorted(seeds(np.ones((6, 2)), 9, np.random.default_rng(0))) == list(range(6))
    assert seeds(np.empty((0, 2)), 3, np.random.default_rng(0)) == []


def test_each_pick_changes_the_net_in_its_own_way():
    gradients = np.repeat(np.eye(4) * 5, 10, axis=0) + 1e-4
    pool = pool_of(
        np.zeros((40, 1)), predicted=believed(40), probed=insides(40, 0, gradient=gradients)
    )
    picked = frames_of(Badge().pick(pool, 4, SilentReport()))
    assert sorted(frame // 10 for frame in picked) == [0, 1, 2, 3]
