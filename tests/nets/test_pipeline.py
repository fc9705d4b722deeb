import dataclasses

import numpy as np
import pytest

from poseapp.nets.framing import letterbox
from poseapp.nets.heatmaps import gaussians, pixel_to_cell
from poseapp.nets.pipeline import estimate
from tests.nets.test_card import CARD

WHOLE = dataclasses.replace(CARD, centroid=None, crop_px=None, instances=1)


def seeing(pictures_to_points, stride=4):
    """A net that sees dots: white where a picture holds 255, as one map per keypoint."""

    def run(pictures):
        return np.stack([pictures_to_points(picture, stride) for picture in pictures])

    return run


def brightest(channels):
    """Bells at the centre of mass of each colour channel: a perfect pose net for coloured dots."""

    def maps(picture, stride):
        h, w = picture.shape[:2]
        points = []
        for channel in channels:
            mass = np.where(picture[:, :, channel] > 140, picture[:, :, channel] - 140.0, 0.0)
            rows, columns = np.mgrid[:h, :w]
            points.append([(mass * columns).sum() / mass.sum(), (mass * rows).sum() / mass.sum()])
        cells = pixel_to_cell(points, stride)
        return gaussians(cells, (w // stride, h // stride), 1.5)

    return seeing(maps)


def dotted(width, height, dots):
    """A picture with a soft dot per (x, y, channel)."""
    picture = np.full((height, width, 3), 100.0)
    rows, columns = np.mgrid[:height, :width]
    for x, y, channel in dots:
        bell = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 3.0**2))
        picture[:, :, channel] = np.maximum(picture[:, :, channel], 100 + 150 * bell)
    return picture.round().astype(np.uint8)


def test_points_are_given_in_the_pixels_of_each_picture_whatever_its_size():
    pictures = [
        dotted(200, 150, [(50.3, 60.7, 0), (120.2, 33.1, 1)]),
        dotted(90, 160, [(40.5, 100.2, 0), (61.7, 20.4, 1)]),
    ]
    found = estimate(pictures, WHOLE, brightest((0, 1)))
    assert found[0].points[0] == pytest.approx(np.array([[50.3, 60.7], [120.2, 33.1]]), abs=0.3)
    assert found[1].points[0] == pytest.approx(np.array([[40.5, 100.2], [61.7, 20.4]]), abs=0.3)


def middles_of(points):
    """A centroid net that knows where the bodies of a picture are."""

    def run(pictures):
        net = CARD.centroid
        maps = []
        for own in points:
            framing = letterbox((320, 240), net.canvas)
            cells = pixel_to_cell(framing.to_input(np.reshape(own, (-1, 2))), net.stride)
            size = net.width // net.stride, net.height // net.stride
            maps.append(gaussians(cells, size, 1.5).max(axis=0, keepdims=True, initial=0.0))
        return np.stack(maps)

    return run


def test_every_body_is_looked_at_in_a_crop_around_its_middle():
    picture = dotted(320, 240, [(60, 70, 0), (90, 80, 1), (230, 170, 0), (250, 140, 1)])
    found = estimate([picture], CARD, brightest((0, 1)), middles_of([[(75, 75), (240, 155)]]))
    points = sorted(found[0].points.tolist())
    assert points[0] == pytest.approx(np.array([[60, 70], [90, 80]]), abs=0.4)
    assert points[1] == pytest.approx(np.array([[230, 170], [250, 140]]), abs=0.4)


def test_no_more_bodies_are_looked_for_than_were_ever_labelled():
    card = dataclasses.replace(CARD, instances=1)
    picture = dotted(320, 240, [(60, 70, 0), (90, 80, 1), (230, 170, 0), (250, 140, 1)])
    found = estimate([picture], card, brightest((0, 1)), middles_of([[(75, 75), (240, 155)]]))
    assert found[0].points.shape == (1, 2, 2)


def test_a_picture_without_bodies_gives_none_and_the_others_keep_theirs():
    pictures = [dotted(320, 240, []), dotted(320, 240, [(60, 70, 0), (90, 80, 1)])]
    found = estimate(pictures, CARD, brightest((0, 1)), middles_of([[], [(75, 75)]]))
    assert found[0].points.shape == (0, 2, 2)
    assert found[1].points[0] == pytest.approx(np.array([[60, 70], [90, 80]]), abs=0.4)


def test_all_pictures_without_bodies_need_no_pose_net():
    def never(pictures):
        raise AssertionError

    found = estimate([dotted(320, 240, [])], CARD, never, middles_of([[]]))
    assert found[0].scores.shape == (0, 2)
