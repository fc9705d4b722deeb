from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from poseapp.domain.errors import VideoMissingError
from poseapp.domain.report import SilentReport
from poseapp.learn.train.plan import make_plan, make_samples, middle
from tests.fixtures.blobs import BlobFilm


def test_one_body_that_fills_the_frame_is_seen_whole():
    plan = make_plan(BlobFilm(32, 24).labels(range(20)), 128, 96, 64)
    assert plan.crop_px is None
    assert plan.pose == (128, 96)


def test_one_small_body_is_looked_at_through_crops():
    plan = make_plan(BlobFilm(320, 240).labels(range(20)), 256, 160, 128)
    assert plan.crop_px is not None
    assert 16 < plan.crop_px < 32
    assert plan.pose == (64, 64)
    assert plan.centroid == (128, 96)
    assert plan.instances == 1


def test_several_bodies_are_looked_at_through_crops_whatever_their_size():
    plan = make_plan(BlobFilm(96, 48, bodies=2).labels(range(20)), 256, 160, 128)
    assert plan.crop_px is not None
    assert plan.instances == 2


def test_a_film_that_was_never_there_costs_a_sentence():
    labels = BlobFilm(96, 48).labels(range(20))
    gone = [replace(labels.videos[0], path=Path("/films/walk.mp4"), width=0, height=0)]
    with pytest.raises(VideoMissingError, match=r"walk\.mp4 is not there. Choose where"):
        make_plan(replace(labels, videos=tuple(gone)), 256, 160, 128)


def test_a_crop_holds_its_body_with_a_margin():
    film = BlobFilm(320, 240)
    labels = film.labels(range(30))
    plan = make_plan(labels, 256, 160, 128)
    for body in labels.points():
        (framing,) = plan.framings((320, 240), [body])
        inside = framing.to_input(body)
        assert inside.min() > 0
        assert (inside < np.array(plan.pose) - 1).all()
        assert framing.to_input(middle(body)) == pytest.approx((np.array(plan.pose) - 1) / 2)


def test_samples_are_one_a_body_for_the_pose_net_and_one_a_frame_for_the_centroid_net():
    film = BlobFilm(96, 48, bodies=2)
    labels = film.labels(range(5))
    samples = make_samples(labels, film, make_plan(labels, 256, 160, 128), SilentReport())
    assert len(samples["pose"]) == 10
    assert len(samples["centroid"]) == 5
    assert samples["centroid"][0].points == pytest.approx(
        np.array([middle(body) for body in film.points(0)])
    )
