import numpy as np
import pytest

from poseapp.domain.errors import SelectionError
from tests.learn.select.pools import believed, pool_of, refs


def test_candidates_must_be_sorted_and_distinct():
    with pytest.raises(ValueError, match="sorted and distinct"):
        pool_of(np.zeros((2, 3)), candidates=refs(2)[::-1])
    with pytest.raises(ValueError, match="sorted and distinct"):
        pool_of(np.zeros((2, 3)), candidates=refs(1) * 2)


def test_a_labelled_frame_is_no_candidate():
    with pytest.raises(ValueError, match="labelled"):
        pool_of(np.zeros((2, 3)), labelled_features=np.zeros((1, 3)), candidates=refs(2, video=2))


def test_part_of_a_pool_keeps_the_rows_of_its_candidates():
    pool = pool_of(np.arange(12).reshape(4, 3), predicted=believed(4, scores=np.eye(4, 3)))
    part = pool.only(np.array([1, 3]))
    assert [ref.frame for ref in part.candidates] == [1, 3]
    assert part.features.tolist() == [[3, 4, 5], [9, 10, 11]]
    assert part.beliefs().scores.tolist() == [[0, 1, 0], [0, 0, 0]]


def test_without_a_net_there_is_nothing_to_be_unsure_about():
    with pytest.raises(SelectionError, match="Train a net first"):
        pool_of(np.zeros((2, 3))).beliefs()
