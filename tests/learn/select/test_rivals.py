"""What the selectors that look into a net make of bad input."""

from dataclasses import replace

import numpy as np
import pytest

from poseapp.domain.errors import SelectionError
from poseapp.domain.report import SilentReport
from poseapp.learn.select.probed import Probed
from poseapp.learn.select.registry import SELECTORS
from tests.learn.select.pools import believed, insides, pool_of, quick

LOOKING = sorted(name for name, s in SELECTORS.items() if s.asks and name != "fsa")


def emptied(values, rows):
    """The rows without a number in them."""
    gaps = np.array(values)
    gaps[rows] = np.nan
    return gaps


def pool_where(rows, count=12, labelled=4, labelled_rows=()):
    """In these rows the net found no body at all."""
    told = insides(count, labelled)
    asked = {aspect: emptied(values, rows) for aspect, values in told.candidates.items()}
    taught = {a: emptied(v, list(labelled_rows)) for a, v in told.labelled.items()}
    beliefs = believed(count)
    return pool_of(
        np.random.default_rng(0).normal(size=(count, 3)),
        labelled_features=np.zeros((labelled, 3)),
        predicted=replace(beliefs, points=emptied(beliefs.points, rows)),
        probed=Probed(asked, taught, told.skill),
    )


def test_there_are_nine():
    assert len(LOOKING) == 9


@pytest.mark.parametrize("name", LOOKING)
@pytest.mark.parametrize("rows", [[0, 5], list(range(11)), list(range(12))])
def test_frames_in_which_no_body_was_found_do_no_harm(name, rows):
    pool = pool_where(rows, labelled_rows=(1,))
    picked = quick(name).pick(pool, 6, SilentReport())
    assert len({s.frame for s in picked}) == 6
    assert all(np.isfinite(s.score) for s in picked)
    assert "nan" not in " ".join(reason.text for s in picked for reason in s.reasons)


@pytest.mark.parametrize("name", LOOKING)
def test_labels_without_any_keypoint_do_no_harm(name):
    pool = pool_where([], labelled_rows=range(4))
    assert len(quick(name).pick(pool, 3, SilentReport())) == 3


@pytest.mark.parametrize("name", LOOKING)
def test_one_label_is_enough_or_the_selector_says_so(name):
    pool = pool_where([], labelled=1)
    if sentence := quick(name).not_yet(pool):
        assert sentence == "It learns from labelled frames. Label 2 or more."
    else:
        assert len(quick(name).pick(pool, 3, SilentReport())) == 3


@pytest.mark.parametrize("name", LOOKING)
def test_a_pool_smaller_than_the_budget_is_picked_whole(name):
    pool = pool_where([], count=4)
    assert len(quick(name).pick(pool, 20, SilentReport())) == 4


@pytest.mark.parametrize("name", LOOKING)
def test_a_net_that_cannot_be_looked_into_is_told(name):
    blind = replace(pool_where([]), probed=None)
    assert "cannot be looked into" in SELECTORS[name].not_yet(blind)
    with pytest.raises(SelectionError, match="cannot be looked into"):
        SELECTORS[name].pick(blind, 3, SilentReport())
    assert "Train a net first" in SELECTORS[name].not_yet(replace(blind, predicted=None))


@pytest.mark.parametrize("name", LOOKING)
def test_each_has_one_sentence_for_the_person_who_chooses(name):
    about = SELECTORS[name].about
    assert about.endswith(".")
    assert about.count(".") == 1
