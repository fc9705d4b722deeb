"""A worker shows frames to a net that was trained here, and asks its insides."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from poseapp.app.probing import Shown, _Follower, probed
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.report import SilentReport
from poseapp.learn.select.probed import Aspect
from poseapp.media.reader import FrameReader
from poseapp.nets.card import FILE, Card, NetFile
from poseapp.nets.heads import LightHead
from poseapp.nets.pipeline import Bodies
from poseapp.nets.pose_net import BACKBONES, PoseNet
from tests.app.conftest import FRAMES, SIZE, walker
from tests.fixtures.tiny_net import TinyBackbone

VIDEO = VideoId(1)


def write_trained(folder, skeleton, crop_px=None):
    """A run's folder as far as probing reads it; a net of random weights."""
    folder.mkdir()
    torch.manual_seed(0)
    nets = {"weights": PoseNet(TinyBackbone(), LightHead(TinyBackbone.channels, len(skeleton)))}
    centroid = None
    if crop_px is not None:
        nets["centroid"] = PoseNet(TinyBackbone(), LightHead(TinyBackbone.channels, 1))
        centroid = NetFile("centroid.onnx", *SIZE, 4, "sigmoid")
    side = SIZE if crop_px is None else (64, 64)
    pose = NetFile("net.onnx", *side, 4, "softmax")
    card = Card(skeleton, pose, centroid, crop_px, 1, net="tiny", metrics={"pck": 0.75})
    (folder / FILE).write_text(card.to_json(), encoding="utf-8")
    for name, net in nets.items():
        torch.nn.init.normal_(net.head.last.weight)
        save_file(net.state_dict(), folder / f"{name}.safetensors")
    return nets["weights"].eval()


@pytest.fixture
def shown(session, monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TinyBackbone)
    labels = session.project.labels.snapshot()
    others = [n for n in range(FRAMES) if n % 3]
    frames = FrameReader(labels.videos, session.project.cache_folder)
    return Shown(
        tuple(FrameRef(VIDEO, n) for n in others[:6]),
        labels.frames[:4],
        labels,
        labels.videos,
        frames,
    )


def test_every_candidate_and_label_has_a_row(tmp_path, session, shown):
    net = write_trained(tmp_path / "run", session.project.skeleton)
    told = probed(
        tmp_path / "run", session.project.skeleton, shown, set(Aspect), "cpu", SilentReport()
    )
    assert told is not None
    assert {len(rows) for rows in told.candidates.values()} == {6}
    assert {len(rows) for rows in told.labelled.values()} == {4}
    assert np.isfinite(told.candidates[Aspect.CONTINUITY]).all()
    assert told.candidates[Aspect.EXPECTED_GRADIENT].shape == (6, 4)
    assert told.skill == 0.75
    picture = shown.frames.read(shown.candidates[2])
    with torch.inference_mode():
        wanted = net.head.shared(net.seen(picture[None]))[0].mean(dim=(1, 2))
    np.testing.assert_allclose(told.candidates[Aspect.EMBEDDING][2], wanted, rtol=1e-4)


def test_labels_come_in_the_net_s_keypoints(tmp_path, session, shown):
    ours = session.project.skeleton
    theirs = replace(ours, keypoints=ours.keypoints[2:] + ours.keypoints[:1], bones=(), pairs=())
    write_trained(tmp_path / "run", theirs)
    asked = {Aspect.POSE, Aspect.LOSS}
    told = probed(tmp_path / "run", theirs, shown, asked, "cpu", SilentReport())
    assert told is not None
    np.testing.assert_allclose(told.labelled[Aspect.POSE][1], walker(3)[[2, 0]])
    assert (told.labelled[Aspect.LOSS] > 0).all()


def test_a_net_that_looks_at_crops_is_shown_crops(tmp_path, session, shown):
    write_trained(tmp_path / "run", session.project.skeleton, crop_px=90.0)
    asked = {Aspect.EMBEDDING, Aspect.LOSS}
    told = probed(tmp_path / "run", session.project.skeleton, shown, asked, "cpu", SilentReport())
    assert told is not None
    assert np.isfinite(told.candidates[Aspect.EMBEDDING]).all()
    assert np.isfinite(told.labelled[Aspect.LOSS]).all()


def test_a_net_without_weights_cannot_be_looked_into(tmp_path, session, shown):
    write_trained(tmp_path / "run", session.project.skeleton)
    (tmp_path / "run" / "weights.safetensors").unlink()
    asked = {Aspect.EMBEDDING}
    folder = tmp_path / "run"
    assert probed(folder, session.project.skeleton, shown, asked, "cpu", SilentReport()) is None


def test_bodies_are_followed_from_one_frame_to_the_next_only():
    def seen(*at):
        points = np.array([np.array([[0.0, 0], [9, 9]]) + place for place in at]).reshape(-1, 2, 2)
        return Bodies(points, np.ones(points.shape[:2], np.float32), np.zeros((len(at), 2, 4, 4)))

    follower = _Follower()
    first = follower.previous(VIDEO, [4, 5], [seen(0, 200), seen(201, 1)])
    assert first.tolist() == [-1, -1, 1, 0]
    assert follower.previous(VIDEO, [7], [seen(2)]).tolist() == [-1]  # frame 6 was not seen
    assert follower.previous(VideoId(2), [8], [seen(2)]).tolist() == [-1]
