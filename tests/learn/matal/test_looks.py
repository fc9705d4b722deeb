import numpy as np
import pytest

from poseapp.learn.matal.looks import Looks


def test_looks_have_size_one_and_keep_how_far_rows_are_apart():
    rows = np.random.default_rng(0).normal(50, 7, (60, 320))
    found = Looks.of(rows, 128)(rows)
    assert found.shape == (60, 128)
    assert found.std() == pytest.approx(1, abs=0.1)
    before = np.linalg.norm(rows[:30] - rows[30:], axis=1) / 7 / np.sqrt(320)
    after = np.linalg.norm(found[:30] - found[30:], axis=1) / np.sqrt(128)
    assert after == pytest.approx(before, rel=0.25)


def test_the_same_features_mean_the_same_in_every_project():
    rows = np.random.default_rng(0).normal(size=(20, 9))
    first, second = Looks.of(rows, 5), Looks.of(rows[::-1].copy(), 5)
    assert first(rows) == pytest.approx(second(rows))


def test_a_row_that_is_no_number_counts_as_the_mean():
    rows = np.random.default_rng(0).normal(size=(20, 9))
    damaged = rows.copy()
    damaged[3, 2] = np.nan
    looks = Looks.of(damaged, 5)
    assert looks(damaged)[3].tolist() == [0] * 5
    assert np.isfinite(looks(rows)).all()
    assert np.isfinite(Looks.of(np.full((2, 9), np.nan), 5)(rows)).all()
