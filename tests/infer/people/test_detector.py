"""The detector's places and boxes by hand."""

import numpy as np
import pytest

from poseapp.infer.people import hands
from poseapp.infer.people.detector import merged, scan, views
from poseapp.infer.people.landmarks import ANCHORS, DETECTOR


def test_there_is_a_place_for_each_output():
    places = (ANCHORS.places + 0.5) / 224
    assert places.shape == (2254, 2)
    np.testing.assert_allclose(places[:3], [[4 / 224, 4 / 224]] * 2 + [[12 / 224, 4 / 224]])
    np.testing.assert_allclose(places[1568], [8 / 224, 8 / 224])
    np.testing.assert_allclose(places[-1], [208 / 224, 208 / 224])
    assert len(np.unique(places[:1568], axis=0)) == 28 * 28


def test_palms_have_places_of_their_own():
    places = (hands.ANCHORS.places + 0.5) / 192
    assert places.shape == (2016, 2)
    np.testing.assert_allclose(places[[0, 1151]], [[4 / 192, 4 / 192], [188 / 192, 188 / 192]])
    np.testing.assert_allclose(places[-1], [184 / 192, 184 / 192])
    assert {(view.width, view.height) for view in views(1280, 720, hands.DETECTOR)} == {(192, 192)}


def test_every_pixel_of_a_large_picture_lies_in_a_tile_well_inside():
    framings = views(1280, 720, DETECTOR)
    assert len(framings) > 10
    for x, y in [(0, 0), (1279, 719), (640, 360), (400, 500)]:
        seen = np.array([framing.to_input([x, y]) for framing in framings[1:]])
        assert ((seen >= -1) & (seen <= DETECTOR.side)).all(axis=1).any()


def test_a_small_picture_is_looked_at_whole_alone():
    (whole,) = views(160, 150, DETECTOR)
    np.testing.assert_allclose(whole.to_input([79.5, 74.5]), [111.5, 111.5])


def test_one_answer_becomes_a_region_in_the_picture():
    """The whole view of a 380 × 380 picture shrinks it to 224, and there are no tiles."""
    place = 30 * 2  # the third cell of the second row: (2 + .5) · 8, (1 + .5) · 8

    def detect(pictures):
        boxes = np.zeros((len(pictures), 2254, 12), np.float32)
        scores = np.full((len(pictures), 2254, 1), -20.0, np.float32)
        boxes[0, place] = [0, 0, 30, 30, 10, 20, 10, -10, 0, 0, 0, 0]
        scores[0, place] = 3.0
        return boxes, scores

    ((region, score),) = scan(np.zeros((380, 380, 3), np.uint8), detect, DETECTOR)
    grown = 380 / 224
    hips = grown * (np.array([20 + 10, 12 + 20]) - 0.5 - 111.5) + 189.5
    np.testing.assert_allclose([region.x, region.y], hips)
    assert (region.up_x, region.up_y) == pytest.approx((0, -1))
    assert region.side == pytest.approx(2 * 1.25 * 30 * grown)
    assert score == pytest.approx(1 / (1 + np.exp(-3)))


def test_nobody_found_is_an_empty_list():
    def detect(pictures):
        n = len(pictures)
        return np.zeros((n, 2254, 12), np.float32), np.full((n, 2254, 1), -9.0, np.float32)

    assert scan(np.zeros((100, 100, 3), np.uint8), detect, DETECTOR) == []


def test_boxes_that_overlap_are_one_person_at_their_weighted_mean():
    def row(left, score):
        return [left, 0, left + 10, 10, left, 5, left, 0, 0, 0, 0, 0, score]

    people = merged(np.array([row(1, 0.5), row(0, 1.0), row(50, 0.7)], float))
    assert people[:, 12].tolist() == [1.0, 0.7]
    assert people[0, 0] == pytest.approx((0 * 1.0 + 1 * 0.5) / 1.5)
    assert people[1, 0] == 50
