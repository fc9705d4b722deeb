"""The statistics of the evidence pages, against numbers found by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wilcoxon

from poseapp.learn.oracle.course import told
from tests.evidence.numbers import (
    best_of,
    labels_needed,
    less_error,
    paired,
    share_of_labels,
    table,
)
from tests.learn.oracle.test_summary import course

CHANCE = [course("random", 0, [30, 20, 15])]


def test_labels_for_the_same_error_are_compared_whoever_comes_lower():
    sooner, later = [course("a", 0, [30, 10, 5])], [course("a", 0, [30, 25, 17.5])]
    assert share_of_labels(sooner, CHANCE) == pytest.approx(17.5 / 40)
    assert share_of_labels(later, CHANCE) == pytest.approx(40 / 30)
    assert share_of_labels(CHANCE, CHANCE) == 1
    assert share_of_labels(CHANCE, later) == pytest.approx(30 / 40)


def test_intervals_come_from_pairs_of_equal_seeds_in_every_pack():
    rng = np.random.default_rng(0)
    own = {n: course("a", n, [30, 16 + rng.normal(), 12]) for n in range(9)}
    chance = {n: course("random", n, [30, 20 + rng.normal(), 15]) for n in range(1, 8)}
    pairs = paired(own, chance)
    assert [(a.seed, b.seed) for a, b in pairs] == [(n, n) for n in range(1, 8)]
    found = labels_needed([pairs])
    assert found["mean"] == pytest.approx(share_of_labels(*zip(*pairs, strict=True)))
    assert found["low"] < found["mean"] < found["high"] < 1
    both = labels_needed([pairs, paired(chance, chance)])
    assert both["mean"] == pytest.approx((found["mean"] + 1) / 2)


def test_less_error_is_a_share_of_the_other_s_area():
    ends = [(12, 15), (14, 15), (11, 16), (13, 15)]
    pairs = [(course("a", 0, [30, a, a]), course("b", 0, [30, b, b])) for a, b in ends]
    shares = [1 - ((30 + a) / 2 + 2 * a) / ((30 + b) / 2 + 2 * b) for a, b in ends]
    found = less_error(pairs)
    assert found["mean"] == pytest.approx(np.mean(shares))
    assert found["wilcoxon_p"] == pytest.approx(wilcoxon(shares).pvalue)
    assert found["pairs"] == 4


def test_a_document_s_curves_are_sorted_by_selector_and_seed():
    courses = [course("a", 3, [30, 20, 10]), course("b", 3, [30, 20, 15])]
    curves = [told("name", {"seed": 3}, c) for c in courses]
    found = table(curves, "mice")
    assert found == {"a": {3: courses[0]}, "b": {3: courses[1]}}
    assert table(curves, "flies") == {}
    assert best_of(found, ["a", "b"]) == "a"
