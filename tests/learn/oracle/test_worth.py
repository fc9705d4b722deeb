"""Curves whose answer is known: planted power laws, and orders planted better than chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from poseapp.learn.oracle.worth import (
    Replays,
    gain,
    labels_needed,
    power_law,
    saving,
    worth,
    worth_curve,
)

LABELS = np.arange(10, 81, 10)


def law(n, floor=4.0, scale=30.0, power=0.7):
    return floor + scale * np.asarray(n, float) ** -power


def folds(curve, *, between=2.0, within=0.02, seed=0, count=10):
    """(F, G): harder and easier folds, and a little noise at each point."""
    chance = np.random.default_rng(seed)
    level = chance.normal(0, between, (count, 1))
    return np.asarray(curve) + level + chance.normal(0, within, (count, len(curve)))


def test_a_planted_power_law_is_found():
    found = power_law(LABELS, law(LABELS))
    assert found.floor == pytest.approx(4.0, abs=1e-3)
    assert found.power == pytest.approx(0.7, abs=1e-3)
    assert found.at(200) == pytest.approx(law(200), abs=1e-3)


def test_a_law_fits_noisy_errors_as_well_as_scipy():
    errors = law(LABELS) + np.random.default_rng(1).normal(0, 0.05, len(LABELS))
    plain, _ = curve_fit(
        lambda n, a, b, c: a + b * n**-c,
        LABELS / 80,
        errors,
        (2, 2, 0.5),
        bounds=((0, 0, 0.05), (np.inf, np.inf, 3)),
    )
    found = power_law(LABELS, errors)
    theirs = plain[0] + plain[1] * (LABELS / 80) ** -plain[2]
    ours = np.array([found.at(n) for n in LABELS])
    assert np.sum((ours - errors) ** 2) == pytest.approx(np.sum((theirs - errors) ** 2), rel=1e-3)


@given(st.lists(st.floats(0.0, 1e4), min_size=4, max_size=9))
def test_a_law_never_rises_nor_falls_below_nothing(errors):
    labels = np.arange(1, len(errors) + 1) * 5
    found = power_law(labels, np.array(errors))
    along = [found.at(n) for n in (*labels, 2 * labels[-1], 100 * labels[-1])]
    assert np.all(np.diff(along) <= 1e-6)
    assert along[-1] >= 0


@pytest.mark.parametrize(
    ("goal", "needed"), [(9.0, 10), (8.0, 10), (7.0, 15), (4.0, 30), (3.9, np.inf)]
)
def test_labels_are_read_off_between_the_points(goal, needed):
    assert labels_needed(np.array([10, 20, 30]), np.array([8.0, 6.0, 4.0]), goal) == needed


def test_a_bump_in_a_curve_is_smoothed_before_it_is_read():
    bumpy = np.array([8.0, 5.0, 7.0, 2.0])  # by hand: 8, 6, 6, 2 is the nearest that never rises
    assert labels_needed(np.array([10, 20, 30, 40]), bumpy, 6.0) == 20


@pytest.mark.parametrize(("times", "needed"), [(1.5, 60), (1.25, 50), (1.0, 40), (0.5, 20)])
def test_an_order_that_is_planted_better_than_chance_saves_as_much(times, needed):
    replays = Replays(LABELS, folds(law(times * LABELS)), folds(law(LABELS), seed=0))
    found = saving(replays)
    assert (found.labels, found.most) == (40, 80)
    assert found.random.value == pytest.approx(needed, rel=0.05)
    assert found.random.low <= needed + 0.5
    assert found.random.high >= needed - 0.5
    assert found.saved.value == found.random.value - 40
    assert found.told_apart == (times != 1.0)


def test_an_order_twice_as_good_needs_all_that_chance_can_replay():
    found = saving(Replays(LABELS, folds(law(2.2 * LABELS)), folds(law(LABELS))))
    assert found.random.value == found.most == 80


def test_intervals_cover_what_was_planted():
    covered = 0
    for seed in range(40):
        yours = folds(law(1.5 * LABELS), within=0.15, seed=seed)
        by_chance = folds(law(LABELS), within=0.15, seed=seed + 1000)
        by_chance += yours.mean(axis=1, keepdims=True) - by_chance.mean(axis=1, keepdims=True)
        by_chance += law(LABELS).mean() - law(1.5 * LABELS).mean()
        found = saving(Replays(LABELS, yours, by_chance)).random
        covered += found.low <= 60 <= found.high
    assert covered >= 32


def test_the_next_batch_is_worth_what_the_law_says():
    found = gain(Replays(LABELS, folds(law(LABELS)), folds(law(LABELS))), now=90, more=20)
    assert found.share.value == pytest.approx(1 - law(110) / law(90), abs=0.01)
    assert found.share.low <= 1 - law(110) / law(90) <= found.share.high
    assert found.noticeable


def test_a_curve_that_has_levelled_off_raises_the_stop_sign():
    flat = folds(np.full(len(LABELS), 5.0), within=0.2)
    found = gain(Replays(LABELS, flat, flat), now=90, more=20)
    assert found.share.value < found.noticed_from
    assert not found.noticeable


def test_without_any_error_nothing_is_left_to_gain():
    perfect = np.zeros((10, len(LABELS)))
    found = gain(Replays(LABELS, perfect, perfect), now=90, more=20)
    assert (found.share.value, found.noticed_from) == (0.0, 0.0)


def test_what_can_be_noticed_is_half_the_interval_of_a_paired_change():
    noisy = folds(np.full(len(LABELS), 50.0), between=5.0, within=1.0, count=400)
    found = gain(Replays(LABELS, noisy, noisy), now=90, more=20)
    assert found.noticed_from == pytest.approx(1.966 * np.sqrt(2) / np.sqrt(400) / 50, rel=0.1)


def test_without_an_order_chance_alone_is_told_of():
    found = worth(Replays(LABELS, None, folds(law(LABELS))), 90, 20, 100.0, ("Imported.",))
    assert (found.yours, found.saving) == (None, None)
    assert found.gain.share.value > 0
    assert found.notes == ("Imported.",)


def test_a_curve_is_the_mean_of_its_folds_within_its_interval():
    errors = folds(law(LABELS))
    found = worth_curve(LABELS, errors)
    np.testing.assert_allclose(found.error_px, errors.mean(axis=0))
    half = 1.96 * errors.std(axis=0) / np.sqrt(10)
    np.testing.assert_allclose(np.subtract(found.high_px, found.error_px), half, rtol=0.35)
    assert np.all(np.less(found.low_px, found.error_px))
