"""MoveNet's maps as people: places by hand, and found by the whole of the program."""

import numpy as np
import pytest

from poseapp.app.people import people_card
from poseapp.app.presets import preset
from poseapp.infer.people import crowd
from poseapp.infer.people.names import CROWD_FILE
from poseapp.infer.people.people import People
from tests.infer.people.test_people import BLUE, RED, Landmarks, _picture, _spot

CELLS = crowd.SIDE // crowd.STRIDE
UPRIGHT = np.zeros((17, 2))
"""(y, x) cells from the middle: shoulders above, hips below, the nose highest, ankles lowest."""
UPRIGHT[0], UPRIGHT[5:7], UPRIGHT[11:13], UPRIGHT[15:] = (-8, 0), (-4, 0), (2, 0), (10, 0)
UPRIGHT[[5, 11], 1], UPRIGHT[[6, 12], 1] = 1, -1


def _maps(*people):
    """Of people at cells (row, column) with a score each."""
    middles = np.zeros((1, CELLS, CELLS), np.float32)
    ways = np.zeros((34, CELLS, CELLS), np.float32)
    for row, column, score in people:
        middles[0, row, column] = score
        middles[0, row, column + 1] = score / 2  # beside a peak
        ways[:, row, column] = UPRIGHT.ravel()
    return middles, ways


def test_people_stand_where_the_maps_say():
    rows = crowd.DETECTOR.read(_maps((20, 30, 0.9), (40, 10, 0.5), (50, 50, 0.1)))
    assert rows.shape == (2, 39)
    np.testing.assert_allclose(rows[:, -1], [0.9, 0.5], rtol=1e-6)
    nose, hips = rows[0, 4:6], rows[0, 4:-1].reshape(17, 2)[11:13].mean(axis=0)
    np.testing.assert_allclose([nose, hips], [[120, 48], [120, 88]])
    low, high = rows[0, :2], rows[0, 2:4]
    np.testing.assert_allclose((low + high) / 2, [120, 76])  # amid shoulders and hips
    np.testing.assert_allclose(high - low, [36, 36])  # half of 18 cells of 4 px


def test_nobody_is_an_empty_list():
    assert crowd.DETECTOR.read(_maps()).shape == (0, 39)


def test_a_person_is_looked_at_upright_and_whole():
    rows = crowd.DETECTOR.read(_maps((20, 30, 0.9)))
    region = crowd.DETECTOR.region(*np.split(rows[0, :-1].reshape(-1, 2), [2]))
    assert (region.x, region.y) == pytest.approx((120, 88))
    assert (region.up_x, region.up_y) == pytest.approx((0, -1))
    assert region.side == pytest.approx(2 * 1.25 * 1.15 * 40)  # the nose is 40 px off the hips


class Crowd:
    """Sees a red spot as hips, and a blue one above it as the nose."""

    device = "CPU"

    def outputs(self, pictures):
        found = []
        for picture in pictures:
            hips, rim = _spot(picture, RED), _spot(picture, BLUE)
            if hips is None or rim is None:
                found.append(_maps())
                continue
            middles, ways = _maps()
            column, row = np.round(hips / crowd.STRIDE).astype(int)
            points = np.tile(hips, (17, 1))
            points[0] = rim
            points[5:7] = (hips + rim) / 2
            middles[0, row, column] = 0.8
            ways[:, row, column] = (points / crowd.STRIDE - [column, row])[:, ::-1].ravel()
            found.append((middles, ways))
        return [np.stack(outputs) for outputs in zip(*found, strict=True)]


def test_limbs_of_who_is_found_come_from_the_landmarks():
    net = People(people_card(preset("walker")), Landmarks(), Crowd(), CROWD_FILE)
    film = net.film()
    for step in range(3):
        picture = _picture(((90 + step, 100), (90 + step, 60)))
        (bodies,) = film.predict([picture])
        names = net.card.skeleton.names
        points = dict(zip(names, bodies.points[0], strict=True))
        np.testing.assert_allclose(points["nose"], [90 + step, 60], atol=0.7)
        np.testing.assert_allclose(points["neck"], [90 + step, 100], atol=0.7)
    assert len(net.predict([_picture()])[0].points) == 0
