"""Following people with nets that see coloured spots: hips are red, the rim above them is blue."""

import numpy as np
import pytest

from poseapp.app.people import people_card
from poseapp.app.presets import preset
from poseapp.infer.people import hands
from poseapp.infer.people.landmarks import ANCHORS, NAMES, refined
from poseapp.infer.people.people import SCAN_EVERY, People

RED, BLUE = 2, 0
PLACES = ANCHORS.places


def _spot(picture, channel):
    """The middle of one colour, or None."""
    colours = picture.astype(float)
    marked = (colours[..., channel] - np.delete(colours, channel, axis=2).max(axis=2)).clip(0)
    if not marked.any():
        return None
    rows, columns = np.indices(marked.shape)
    return np.array([(columns * marked).sum(), (rows * marked).sum()]) / marked.sum()


class Detector:
    device = "CPU"

    def __init__(self):
        self.asked = 0

    def outputs(self, pictures):
        self.asked += 1
        boxes = np.zeros((len(pictures), 2254, 12), np.float32)
        scores = np.full((len(pictures), 2254, 1), -9.0, np.float32)
        for n, picture in enumerate(pictures):
            hips, rim = _spot(picture, RED), _spot(picture, BLUE)
            if hips is None or rim is None:
                continue
            place = np.linalg.norm(PLACES - hips, axis=1).argmin()
            boxes[n, place, 2:4] = 40
            boxes[n, place, 4:6], boxes[n, place, 6:8] = hips - PLACES[place], rim - PLACES[place]
            scores[n, place] = 4.0
        return [boxes, scores]


class Landmarks:
    """All points lie on the hips, but for the nose, which is at the rim."""

    device = "CPU"

    def outputs(self, pictures):
        values = np.zeros((len(pictures), 39, 5), np.float32)
        values[..., 3:] = 5.0
        presence = np.zeros((len(pictures), 1), np.float32)
        maps = np.full((len(pictures), 39, 64, 64), -20.0, np.float32)
        for n, picture in enumerate(pictures):
            hips, rim = _spot(picture, RED), _spot(picture, BLUE)
            if hips is not None and rim is not None:
                values[n, :, :2] = hips + 0.5
                values[n, [0, 34], :2] = rim + 0.5
                values[n, NAMES.index("left knee"), 3] = -5.0
                presence[n] = 1.0
        return [values.reshape(len(pictures), 195), presence, maps]


def _picture(*people, size=(180, 160)):
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    for hips, rim in people:
        for (x, y), channel in ((hips, RED), (rim, BLUE)):
            picture[y - 2 : y + 3, x - 2 : x + 3, channel] = 255
    return picture


@pytest.fixture
def detector():
    return Detector()


@pytest.fixture
def people(detector):
    return People(people_card(preset("walker")), Landmarks(), detector)


def test_keypoints_are_found_by_their_names(people):
    (bodies,) = people.predict([_picture(((90, 100), (90, 60)))])
    names = people.card.skeleton.names
    points = dict(zip(names, bodies.points[0], strict=True))
    scores = dict(zip(names, bodies.scores[0], strict=True))
    np.testing.assert_allclose(points["nose"], [90, 60], atol=0.7)
    np.testing.assert_allclose(points["left knee"], [90, 100], atol=0.7)
    np.testing.assert_allclose(points["neck"], [90, 100], atol=0.7)  # amid the shoulders
    assert scores["left knee"] < 0.01 < 0.99 < scores["neck"]


def test_a_film_is_scanned_now_and_then_and_followed_between(people, detector):
    film = people.film()
    middles = [(60 + 2 * n, 90 + n % 3) for n in range(SCAN_EVERY)]
    for x, y in middles:
        (bodies,) = film.predict([_picture(((x, y), (x, y - 30)))])
        assert len(bodies.points) == 1
        np.testing.assert_allclose(bodies.points[0, 5], [x, y], atol=0.7)
    assert detector.asked == 1
    film.predict([_picture(((90, 90), (90, 60)))])
    assert detector.asked == 2


def test_who_leaves_is_gone_and_who_comes_is_found(people):
    film = people.film()
    assert len(film.predict([_picture(((60, 90), (60, 60)))])[0].points) == 1
    counts = [len(b.points) for b in film.predict([_picture()] * 6)]
    assert counts == [0] * 6
    counts = [len(b.points) for b in film.predict([_picture(((90, 90), (90, 60)))] * 6)]
    assert counts[-1] == 1


def test_what_lies_outside_the_picture_is_absent(people):
    picture = _picture(((90, 100), (90, 60)))[:80]
    person = people.found(_picture(((90, 100), (90, 60))))
    bodies = people.bodies(person, picture)
    nose, knee = 0, people.card.skeleton.index("left knee")
    assert np.isfinite(bodies.points[0, nose]).all()
    assert np.isnan(bodies.points[0, knee]).all()
    assert bodies.scores[0, knee] == 0


def test_an_empty_picture_has_bodies_of_the_right_form(people):
    (bodies,) = people.predict([_picture()])
    assert bodies.points.shape == (0, 16, 2)
    assert bodies.heatmaps.shape == (0, 16, 64, 64)
    assert people.heat(_picture()).max() == 0


def test_a_sure_map_moves_a_point_to_its_mean_and_an_unsure_one_does_not():
    maps = np.zeros((2, 64, 64), np.float32)
    maps[0, 20, 30], maps[0, 20, 31] = 0.9, 0.9
    maps[1, 20, 31] = 0.4
    moved = refined(np.array([[29.2, 21.7], [29.2, 21.7]]), maps)
    np.testing.assert_allclose(moved, [[30.5, 20.0], [29.2, 21.7]], rtol=1e-6)
    at_the_edge = refined(np.array([[-3.0, 5.0]]), maps[:1])
    np.testing.assert_array_equal(at_the_edge, [[-3.0, 5.0]])


class Palms:
    """A palm where the red wrist and the blue knuckle are."""

    device = "CPU"

    def outputs(self, pictures):
        places = hands.ANCHORS.places
        boxes = np.zeros((len(pictures), 2016, 18), np.float32)
        scores = np.full((len(pictures), 2016, 1), -9.0, np.float32)
        for n, picture in enumerate(pictures):
            wrist, knuckle = _spot(picture, RED), _spot(picture, BLUE)
            if wrist is None or knuckle is None:
                continue
            place = np.linalg.norm(places - wrist, axis=1).argmin()
            reach = np.linalg.norm(knuckle - wrist)
            boxes[n, place, :2] = (wrist + knuckle) / 2 - places[place]
            boxes[n, place, 2:4] = reach
            boxes[n, place, 4:6] = wrist - places[place]
            boxes[n, place, 8:10] = knuckle - places[place]
            scores[n, place] = 4.0
        return [boxes, scores]


class Fingers:
    """Every point lies between wrist and knuckle, as far along as it is in the list."""

    device = "CPU"

    def __init__(self):
        self.seen = []

    def outputs(self, pictures):
        values = np.zeros((len(pictures), 21, 3), np.float32)
        presence = np.zeros((len(pictures), 1), np.float32)
        for n, picture in enumerate(pictures):
            wrist, knuckle = _spot(picture, RED), _spot(picture, BLUE)
            if wrist is not None and knuckle is not None:
                along = np.linspace(0, 1, 21)[:, None]
                values[n, :, :2] = wrist + along * (knuckle - wrist) + 0.5
                presence[n] = 0.8
                self.seen.append((wrist, knuckle))
        return [values.reshape(len(pictures), 63), presence]


def test_a_hand_is_found_turned_upright_and_followed():
    fingers, palms = Fingers(), Palms()
    net = People(people_card(preset("hand")), fingers, palms)
    film = net.film()
    for step in range(4):  # a hand that points to the right
        (bodies,) = film.predict([_picture(((60 + step, 80), (100 + step, 80)))])
        wrist, tip = bodies.points[0, 0], bodies.points[0, 20]
        np.testing.assert_allclose([wrist, tip], [[60 + step, 80], [100 + step, 80]], atol=1)
        assert bodies.scores[0] == pytest.approx(np.full(21, 0.8))
        highest = np.unravel_index(bodies.heatmaps[0, 0].argmax(), (56, 56))
        cell = bodies.framings[0].to_input(wrist)[::-1] / hands.STRIDE
        np.testing.assert_allclose(highest, cell, atol=1)
        assert net.heat(_picture(((60, 80), (100, 80)))).max() > 0.9
    for wrist, knuckle in fingers.seen:
        assert abs(wrist[0] - knuckle[0]) < 2
        assert knuckle[1] < wrist[1]
    assert len(film.predict([_picture()])[0].points) == 0
