import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.learn.augment import NONE, Augmentation, changed_light, geometric_change, turning


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
    how = Augmentation(rotation_deg=20, flip=True)
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


def turned(deviation_deg, count=300):
    """A body with eight points, turned by a normal angle and put anywhere."""
    rng = np.random.default_rng(0)
    body = rng.normal(0, 10, (8, 2))
    bodies = []
    for angle in np.deg2rad(rng.normal(0, deviation_deg, count)):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        bodies.append(body @ turn + rng.normal(0, 50, 2) + rng.normal(0, 0.5, (8, 2)))
    return np.array(bodies)


@pytest.mark.parametrize("deviation", [10, 20, 40])
def test_pictures_are_turned_twice_as_far_as_labelled_bodies_deviate(deviation):
    assert turning(turned(deviation)) == pytest.approx(2 * deviation, rel=0.1)


def test_bodies_that_turn_freely_are_turned_freely_and_upright_ones_a_little():
    assert turning(turned(180)) > 150
    assert turning(turned(0)) == 15


def test_absent_points_and_absent_bodies_do_not_matter():
    bodies = turned(20)
    bodies[::2, 3] = np.nan
    bodies[7] = np.nan
    assert turning(bodies) == pytest.approx(40, rel=0.15)


def test_a_body_of_one_point_does_not_turn():
    assert turning(np.random.default_rng(0).normal(0, 9, (20, 1, 2))) == 15
