"""The room for choice, where batches and heads differ by planted amounts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evidence.matal_room import expected_best, room


def test_the_best_of_a_few_is_as_far_out_as_tables_say():
    assert expected_best(2) == pytest.approx(1 / np.sqrt(np.pi), abs=1e-4)
    assert expected_best(20) == pytest.approx(1.8675, abs=1e-3)


def test_planted_differences_are_told_apart_from_chance():
    chance = np.random.default_rng(0)
    batches = 1.5 * chance.standard_normal((4000, 1))
    after = 20 + batches + np.array([[0.0, 3.0]]) + 0.5 * chance.standard_normal((4000, 2))
    found = room(np.array([25.0, 28.0]), after, batch=10)
    assert found["between_px"] == pytest.approx(1.5, rel=0.05)
    assert found["noise_px"] == pytest.approx(0.5, rel=0.05)
    assert found["agreement"] == pytest.approx(0.9, abs=0.01)
    assert found["best_labels"] == pytest.approx(10 * 1.8675 * 1.5 / 5, rel=0.05)


def test_where_batches_do_not_differ_there_is_nothing_to_choose():
    after = np.array([[20.0, 21], [21, 20], [20, 21], [21, 20]])
    found = room(np.array([25.0, 25.0]), after, batch=10)
    assert found["between_px"] == found["best_px"] == found["best_labels"] == 0
    assert found["agreement"] == pytest.approx(-1)
