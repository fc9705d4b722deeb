import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from poseapp.domain.errors import TrainingError
from poseapp.learn.train import outcome
from poseapp.nets.card import Card, NetFile
from poseapp.nets.heads import LightHead
from poseapp.nets.heatmaps import gaussians, pixel_to_cell
from poseapp.nets.pose_net import PoseNet
from tests.fixtures.blobs import BlobFilm
from tests.fixtures.tiny_net import TinyBackbone


class Seeing(nn.Module):
    """A net that is told what it sees: fixed heatmaps, whatever the picture."""

    readout = "softmax"

    def __init__(self, maps):
        super().__init__()
        self.maps = nn.Parameter(torch.from_numpy(maps))

    def forward(self, pictures):
        return self.maps.expand(len(pictures), *self.maps.shape[1:])

    def heatmaps(self, raw):
        return raw


def whole_frame_card(film, labels):
    return Card(labels.skeleton, NetFile("net.onnx", film.width, film.height, 4, "softmax"))


def test_errors_are_measured_from_the_picture_to_the_points():
    """The blobs' true places of frame 0 are 'predicted' in both frames, moved by 2 px in x."""
    film = BlobFilm(96, 64)
    labels = film.labels([0])
    cells = pixel_to_cell(film.points(0)[0] + [2.0, 0.0], 4)
    net = Seeing(gaussians(cells, (24, 16), 1.5)[None])
    card = whole_frame_card(film, labels)
    result = outcome.judge(card, {"pose": net}, labels, film.read_many(labels.frames))
    assert result["held_out_px"] == pytest.approx(2.0, abs=0.05)
    assert result["held_out_p95_px"] == pytest.approx(2.0, abs=0.05)
    assert result["within_5"] == 1.0
    assert result["found"] == 1.0
    assert result["px_by_keypoint"]["nose"] == pytest.approx(2.0, abs=0.05)


def test_no_held_out_frames_give_no_figures():
    film = BlobFilm()
    labels = film.labels([0])
    card = whole_frame_card(film, labels)
    assert (
        outcome.judge(card, {"pose": Seeing(np.ones((1, 3, 16, 24), np.float32))}, labels, []) == {}
    )


def test_each_labelled_body_gets_the_found_one_that_costs_least_in_all():
    truth = np.array([[[0.0, 0.0]], [[10.0, 0.0]], [[50.0, 0.0]]])
    found = np.array([[[11.0, 0.0]], [[4.0, 0.0]]])
    matched = outcome._assigned(found, truth)
    assert matched[0] == pytest.approx(found[1])
    assert matched[1] == pytest.approx(found[0])
    assert np.isnan(matched[2]).all()


def test_no_found_body_leaves_every_label_without_one():
    truth = np.zeros((2, 3, 2))
    assert np.isnan(outcome._assigned(np.empty((0, 3, 2)), truth)).all()


def tiny():
    backbone = TinyBackbone()
    return PoseNet(backbone, LightHead(backbone.channels, 3)).eval()


def test_the_folder_holds_weights_onnx_and_the_card(tmp_path):
    net, labels = tiny(), BlobFilm().labels([0])
    card = whole_frame_card(BlobFilm(), labels)
    outcome.write(tmp_path, card, {"pose": net})
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "card.json",
        "net.onnx",
        "weights.safetensors",
    ]
    assert Card.read(tmp_path) == card
    saved = load_file(tmp_path / "weights.safetensors")
    assert all(torch.equal(saved[k], v) for k, v in net.state_dict().items())


def test_a_full_disk_leaves_no_card_of_an_unfinished_run(tmp_path, monkeypatch):
    def full(tensors, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outcome, "save_file", full)
    card = whole_frame_card(BlobFilm(), BlobFilm().labels([0]))
    with pytest.raises(TrainingError, match=r"No space left.*Free some disk space"):
        outcome.write(tmp_path, card, {"pose": tiny()})
    assert not (tmp_path / "card.json").exists()


def test_a_net_that_the_card_does_not_name_is_a_mistake(tmp_path):
    card = dataclasses.replace(whole_frame_card(BlobFilm(), BlobFilm().labels([0])), centroid=None)
    with pytest.raises(ValueError, match="does not name the centroid net"):
        outcome.write(tmp_path, card, {"centroid": tiny()})
