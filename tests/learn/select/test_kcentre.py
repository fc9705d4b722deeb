import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skactiveml.pool import CoreSet
from skactiveml.utils import MISSING_LABEL

from poseapp.domain.report import SilentReport
from poseapp.learn.select.distances import distances
from poseapp.learn.select.kcentre import KCentre
from tests.learn.select.pools import blobs, frames_of, pool_of


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 10), st.integers(1, 20), st.integers(0, 99))
def test_picks_are_those_of_scikit_activeml(labelled, budget, seed):
    rows = np.random.default_rng(seed).normal(size=(60, 5)).astype(np.float32)
    pool = pool_of(rows[labelled:], labelled_features=rows[:labelled])
    picked = frames_of(KCentre().pick(pool, budget, SilentReport()))
    truth = np.full(60, MISSING_LABEL)
    truth[:labelled] = 0
    theirs = CoreSet(random_state=0).query(rows, truth, batch_size=budget)
    assert [frame + labelled for frame in picked] == theirs.tolist()


def test_every_group_is_covered_before_any_gets_a_second_pick():
    features = blobs([40, 3, 25, 1])
    pool = pool_of(features[1:], labelled_features=features[:1])
    picked = frames_of(KCentre().pick(pool, 3, SilentReport()))
    assert sorted(np.searchsorted([39, 42, 67, 68], picked, side="right")) == [1, 2, 3]


def test_no_candidate_is_farther_from_a_label_than_twice_what_the_best_choice_allows():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(40, 2)).astype(np.float32)
    picked = frames_of(KCentre().pick(pool_of(features), 3, SilentReport()))
    between = distances(features, features)
    radius = between[:, picked].min(axis=1).max()
    best = min(
        between[:, [a, b, c]].min(axis=1).max()
        for a in range(40) for b in range(a) for c in range(b)
    )  # fmt: skip
    assert radius <= 2 * best


def test_new_is_only_said_of_what_is_farther_off_than_labels_are_from_each_other():
    labelled = [[0.0], [10.0], [20.0]]
    far, near = KCentre().pick(
        pool_of([[15.0], [60.0]], labelled_features=labelled), 2, SilentReport()
    )
    assert far.reasons[0].text == "New look. Nothing like it among your 3 labels."
    assert near.reasons[0].text == "Less like your 3 labels than most frames."
    assert (far.reasons[0].value, near.reasons[0].value) == pytest.approx((1.0, 0.125))


def test_the_first_pick_of_all_is_an_ordinary_frame():
    first, *others = KCentre().pick(pool_of([[0.0], [4], [5], [10]]), 3, SilentReport())
    assert first.frame.frame == 2
    assert first.reasons[0].text == "A typical frame to begin with."
    assert {o.reasons[0].text for o in others} == {
        "New look. Nothing like it among the frames picked so far."
    }
