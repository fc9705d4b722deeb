from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from poseapp.domain.errors import SelectionError
from poseapp.domain.report import SilentReport
from poseapp.domain.suggestion import Answer
from poseapp.learn.select.registry import (
    SELECTORS,
    USUAL,
    WITHOUT_A_NET,
    propose,
    selector_called,
)
from tests.learn.select.pools import believed, frames_of, insides, pool_of, quick, refs

RULES = [name for name in SELECTORS if name not in ("matal", "fsa")]
"""Those that pick without having learnt on labels."""


class Notes(SilentReport):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def random_pool(count, labelled, dimensions, seed):
    rng = np.random.default_rng(seed)
    beliefs = {
        name: rng.random((count, 3))
        for name in ("scores", "entropy", "second_ratio", "second_px", "jump_px")
    }
    return pool_of(
        rng.normal(size=(count, dimensions)),
        labelled_features=rng.normal(size=(labelled, dimensions)),
        predicted=believed(count, **beliefs),
        probed=insides(count, labelled, seed),
        candidates=refs(count, step=3),
        seed=seed,
    )


pools = st.builds(
    random_pool, st.integers(1, 60), st.integers(0, 8), st.integers(1, 5), st.integers(0, 99)
)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=25, deadline=None)
@given(pool=pools, budget=st.integers(1, 70))
def test_picks_are_distinct_candidates_in_falling_order_as_many_as_there_can_be(name, pool, budget):
    assume(not quick(name).not_yet(pool))
    picked = quick(name).pick(pool, budget, SilentReport())
    frames = [s.frame for s in picked]
    assert len(frames) == len(set(frames)) == min(budget, len(pool))
    assert set(frames) <= set(pool.candidates)
    assert not set(frames) & set(pool.labelled)
    for suggestion in picked:
        assert suggestion.selector == name
        assert suggestion.answer is Answer.OPEN
        assert np.isfinite(suggestion.score)
        assert suggestion.reasons
        for reason in suggestion.reasons:
            assert 0 <= reason.value <= 1
            assert reason.text.endswith(".")
            assert "nan" not in reason.text


@pytest.mark.parametrize("name", SELECTORS)
@settings(max_examples=10, deadline=None)
@given(pool=pools, budget=st.integers(1, 20))
def test_the_same_snapshot_gives_the_same_picks(name, pool, budget):
    once, again = (propose(quick(name), pool, budget, SilentReport()) for _ in range(2))
    assert once == again


@pytest.mark.parametrize("name", RULES)
def test_of_repeated_frames_none_is_picked_twice(name):
    rng = np.random.default_rng(0)
    repeated = np.repeat(rng.normal(size=(15, 40)), 4, axis=0)
    pool = pool_of(
        repeated,
        labelled_features=rng.normal(size=(2, 40)),
        predicted=believed(60, scores=rng.random((60, 3))),
        probed=insides(60, 2),
    )
    report = Notes()
    picked = propose(quick(name), pool, 20, report)
    assert sorted(frame // 4 for frame in frames_of(picked)) == list(range(15))
    assert report.notes == ["Only 15 different frames are left."]


@pytest.mark.parametrize("name", ["least_confidence", "entropy", "temporal_jump"])
def test_a_selector_that_needs_a_net_says_so_and_typiclust_stands_in(name):
    pool = pool_of(np.random.default_rng(0).normal(size=(40, 3)))
    report = Notes()
    picked = propose(SELECTORS[name], pool, 5, report)
    assert report.notes == [
        "There are no predictions to be unsure about yet. Train a net first. "
        "Until then frames are picked by typiclust."
    ]
    assert picked == propose(SELECTORS["typiclust"], pool, 5, SilentReport())


def test_the_usual_selector_begins_without_a_net_and_without_a_word():
    pool = pool_of(np.random.default_rng(0).normal(size=(40, 3)))
    report = Notes()
    picked = propose(USUAL, pool, 5, report)
    assert report.notes == []
    assert picked == propose(WITHOUT_A_NET, pool, 5, SilentReport())


def test_an_empty_pool_is_told_in_a_sentence():
    with pytest.raises(SelectionError, match="No frame is left to pick"):
        propose(SELECTORS["random"], pool_of(np.empty((0, 3))), 5, SilentReport())
    features = np.random.default_rng(0).normal(size=(4, 3))
    pool = replace(pool_of(features, labelled_features=features), labelled=refs(4, start=10))
    with pytest.raises(SelectionError, match="looks like a labelled one"):
        propose(SELECTORS["random"], pool, 5, SilentReport())


def test_asking_for_nothing_is_an_error():
    with pytest.raises(SelectionError, match="one frame or more"):
        propose(SELECTORS["random"], pool_of(np.zeros((3, 1))), 0, SilentReport())


def test_an_unknown_selector_is_answered_with_those_there_are():
    with pytest.raises(SelectionError, match=r"no selector 'best'.*entropy, fsa, kcentre"):
        selector_called("best")
    assert selector_called("kmeans") is SELECTORS["kmeans"]
