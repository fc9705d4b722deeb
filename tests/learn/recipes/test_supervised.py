import dataclasses
import json

import numpy as np
import onnxruntime
import pytest
from safetensors.torch import load_file

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.labels import LabelSet
from poseapp.domain.metrics import pixel_errors
from poseapp.domain.report import SilentReport
from poseapp.learn.augment import Augmentation
from poseapp.learn.recipes.supervised import Config, train
from poseapp.learn.train import outcome
from poseapp.nets.card import Card
from poseapp.nets.pipeline import estimate
from poseapp.nets.pose_net import BACKBONES
from tests.fixtures.blobs import BlobFilm
from tests.fixtures.tiny_net import TinyBackbone

GENTLE = Augmentation(rotation_deg=10, scale=0.1, shift=0.05, noise=0.01, blur=0, cutout=0)
QUICK = Config(
    net="tiny",
    long_side=64,
    crop_side=64,
    centroid_side=96,
    minutes=None,
    steps=120,
    batch=8,
    device="cpu",
    threads=1,
    augmentation=GENTLE,
)


@pytest.fixture(autouse=True)
def tiny_net(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TinyBackbone)


@pytest.fixture
def no_export(monkeypatch):
    """ONNX takes seconds to write and is not what the test is about."""
    monkeypatch.setattr(outcome, "export", lambda net, path: None)


def shipped(folder):
    """The exported nets as inference runs them."""
    card = Card.read(folder)

    def runner(file):
        session = onnxruntime.InferenceSession(folder / file)
        return lambda pictures: session.run(None, {"pictures": pictures})[0]

    centroid = runner(card.centroid.file) if card.centroid else None
    return lambda pictures: estimate(pictures, card, runner(card.pose.file), centroid)


def errors_of(folder, film, frames):
    """Pixel errors of unseen frames, and what always guessing the mean would give."""
    found = shipped(folder)([film.picture(n) for n in frames])
    truth = np.stack([film.points(n)[0] for n in frames])
    points = np.stack([bodies.points[0] for bodies in found])
    constant = np.broadcast_to(truth.mean(axis=0), truth.shape)
    return np.median(pixel_errors(points, truth)), np.median(pixel_errors(constant, truth))


def test_a_whole_frame_net_beats_a_constant_on_unseen_frames(tmp_path):
    film = BlobFilm(32, 32)
    trained = train(film.labels(range(40)), film, QUICK, SilentReport(), tmp_path)
    card = Card.read(tmp_path)
    assert card.kind == "whole-frame"
    error, constant = errors_of(tmp_path, film, range(500, 530))
    assert error < 0.25 * constant
    assert trained.metrics["held_out_px"] < 0.4 * constant
    assert trained.metrics["held_out_frames"] == 4
    assert not trained.stopped


def test_small_bodies_are_found_first_and_then_looked_at_closely(tmp_path):
    film = BlobFilm(128, 96)
    config = dataclasses.replace(QUICK, steps=200)
    train(film.labels(range(40)), film, config, SilentReport(), tmp_path)
    assert Card.read(tmp_path).kind == "top-down"
    error, constant = errors_of(tmp_path, film, range(500, 530))
    assert error < 0.2 * constant


def test_two_bodies_are_both_found(tmp_path):
    film = BlobFilm(160, 80, bodies=2)
    config = dataclasses.replace(QUICK, steps=200)
    trained = train(film.labels(range(40)), film, config, SilentReport(), tmp_path)
    card = Card.read(tmp_path)
    assert card.instances == 2
    assert trained.metrics["found"] > 0.85
    found = shipped(tmp_path)([film.picture(n) for n in range(500, 520)])
    assert np.mean([len(bodies.points) == 2 for bodies in found]) > 0.7


def test_the_card_tells_where_the_net_comes_from(tmp_path, no_export):
    film = BlobFilm(32, 32)
    labels = film.labels(range(0, 180, 30))
    config = dataclasses.replace(QUICK, steps=10, seed=5, pretrained=False)
    train(labels, film, config, SilentReport(), tmp_path)
    card = Card.read(tmp_path)
    assert card.pretrained.startswith("none")
    assert card.provenance["labels"] == labels.digest()
    assert card.provenance["config"]["seed"] == 5
    assert card.provenance["device"].startswith("cpu")
    assert sum(card.provenance["steps"].values()) == 10
    assert card.provenance["stopped"] is False
    assert json.loads((tmp_path / "card.json").read_text())["metrics"]["held_out_px"] > 0
    assert card.skeleton == labels.skeleton


def test_imagenet_weights_are_used_where_they_are_installed(tmp_path, no_export):
    film = BlobFilm(24, 24)
    config = dataclasses.replace(QUICK, net="efficientnet-lite0", steps=1, long_side=32)
    train(film.labels(range(2)), film, config, SilentReport(), tmp_path)
    assert Card.read(tmp_path).pretrained.startswith("ImageNet")


def test_a_run_goes_on_from_an_earlier_one(tmp_path, no_export):
    film = BlobFilm(32, 32)
    train(film.labels(range(30)), film, QUICK, SilentReport(), tmp_path / "one")
    config = dataclasses.replace(QUICK, steps=1, start_from=tmp_path / "one")
    trained = train(film.labels(range(30)), film, config, SilentReport(), tmp_path / "two")
    assert trained.metrics["held_out_px"] < 5
    assert Card.read(tmp_path / "two").pretrained == "run one"


class StopsAt(SilentReport):
    """A person who presses stop once a share of the work is done."""

    def __init__(self, share):
        self.share = share

    def progress(self, done, text=""):
        if done >= self.share:
            raise JobCancelled


def test_a_stopped_training_leaves_a_net_that_runs_and_says_it_was_stopped(tmp_path):
    film = BlobFilm(32, 32)
    trained = train(film.labels(range(20)), film, QUICK, StopsAt(0.3), tmp_path)
    assert trained.stopped
    assert Card.read(tmp_path).provenance["stopped"] is True
    assert shipped(tmp_path)([film.picture(3)])[0].points.shape == (1, 3, 2)


def test_a_training_that_is_stopped_before_it_began_leaves_no_card(tmp_path):
    film = BlobFilm(32, 32)
    with pytest.raises(JobCancelled):
        train(film.labels(range(20)), film, QUICK, StopsAt(0.0), tmp_path)
    assert not (tmp_path / "card.json").exists()


def test_a_broken_off_training_goes_on_where_it_was(tmp_path, no_export):
    film = BlobFilm(32, 32)
    labels = film.labels(range(20))
    config = dataclasses.replace(QUICK, steps=40)
    train(labels, film, config, SilentReport(), tmp_path / "whole")

    class PowerCut(SilentReport):
        def progress(self, done, text=""):
            if done >= 0.8:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(labels, film, config, PowerCut(), tmp_path / "cut")
    train(labels, film, config, SilentReport(), tmp_path / "cut")
    one = load_file(tmp_path / "whole" / "weights.safetensors")
    other = load_file(tmp_path / "cut" / "weights.safetensors")
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_nothing_labelled_is_said_in_a_sentence(tmp_path):
    labels = BlobFilm().labels(range(3))
    nothing = LabelSet(labels.skeleton, labels.videos, ())
    with pytest.raises(TrainingError, match="Label a few frames first"):
        train(nothing, BlobFilm(), QUICK, SilentReport(), tmp_path)


def test_one_labelled_frame_is_enough_to_begin(tmp_path, no_export):
    film = BlobFilm(32, 32)
    config = dataclasses.replace(QUICK, steps=2)
    trained = train(film.labels([7]), film, config, SilentReport(), tmp_path)
    assert trained.metrics == {}
    assert Card.read(tmp_path).metrics == {}
