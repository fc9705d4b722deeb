import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.learn.augment import NONE, Augmentation, changed_light, geometric_change


@given(st.integers(0, 10_000))
def test_a_turn_is_a_rotation_about_the_middle_no_wider_than_asked(seed):
    how = Augmentation(rotation_deg=30, scale=0, shift=0)
    change, mirrored = geometric_change(how, (64, 32), np.random.default_rng(seed))
    assert not mirrored
    turn = change[:, :2]
    assert turn @ turn.T == pytest.approx(np.eye(2), abs=1e-12)
    assert abs(np.rad2deg(np.arctan2(turn[1, 0], turn[0, 0]))) <= 30
    middle = np.array([31.5, 15.5])
    assert turn @ middle + change[:, 2] == pytest.approx(middle)


@given(st.integers(0, 10_000))
def test_scale_and_shift_stay_within_what_was_asked(seed):
    how = Augmentation(rotation_deg=0, scale=0.25, shift=0.1)
    change, _ = geometric_change(how, (64, 32), np.random.default_rng(seed))
    assert 0.8 <= change[0, 0] <= 1.25
    moved = change[:, :2] @ [31.5, 15.5] + change[:, 2] - [31.5, 15.5]
    assert (abs(moved) <= [6.4, 3.2]).all()


def test_about_half_of_the_pictures_are_mirrored_when_flipping_is_on():
    rng = np.random.default_rng(0)
    how = Augmentation(flip=True)
    mirrored = [geometric_change(how, (64, 64), rng) for _ in range(400)]
    share = np.mean([flag for _, flag in mirrored])
    assert 0.4 < share < 0.6
    for change, flag in mirrored:
        assert (np.linalg.det(change[:, :2]) < 0) == flag


def test_without_augmentation_nothing_changes():
    rng = np.random.default_rng(0)
    change, mirrored = geometric_change(NONE, (64, 32), rng)
    assert change == pytest.approx(np.array([[1.0, 0, 0], [0, 1, 0]]))
    assert not mirrored
    picture = rng.integers(0, 256, (32, 64, 3), dtype=np.uint8)
    assert np.array_equal(changed_light(picture, NONE, rng), picture)


def test_light_changes_the_picture_but_not_its_shape():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (32, 64, 3), dtype=np.uint8)
    changed = changed_light(picture, Augmentation(), rng)
    assert changed.shape == picture.shape
    assert changed.dtype == np.uint8
    assert not np.array_equal(changed, picture)


def test_cutout_covers_a_rectangle_with_one_colour():
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    covered = changed_light(picture, Augmentation(0, 0, 0, 0, 0, 0, 0, cutout=1.0), rng)
    hidden = (covered != picture).any(axis=2)
    rows, columns = np.nonzero(hidden)
    box = covered[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert 4 <= hidden.sum() <= 0.3 * hidden.size
    assert (box == box[0, 0]).all()


def test_the_same_seed_changes_alike():
    picture = np.random.default_rng(0).integers(0, 256, (32, 64, 3), dtype=np.uint8)
    one, other = (changed_light(picture, Augmentation(), np.random.default_rng(5)) for _ in "ab")
    assert np.array_equal(one, other)
