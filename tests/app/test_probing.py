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


class Counted:
    """A reader that notes which frames it was asked for."""

    def __init__(self, frames):
        self.frames, self.asked = frames, []

    def read_many(self, refs, unreadable=None):
        self.asked.extend(refs)
        return self.frames.read_many(refs, unreadable)


def ask(tmp_path, shown, aspects, cache=None):
    folder, skeleton = tmp_path / "run", shown.labels.skeleton
    told = probed(folder, skeleton, shown, aspects, "cpu", SilentReport(), cache)
    assert told is not None
    return told


def test_what_was_looked_at_before_comes_from_the_cache_and_is_the_same(tmp_path, shown):
    write_trained(tmp_path / "run", shown.labels.skeleton)
    aspects, cache = set(Aspect), tmp_path / "cache"
    ask(tmp_path, replace(shown, candidates=shown.candidates[:4]), aspects, cache)
    reader = Counted(shown.frames)
    again = ask(tmp_path, replace(shown, frames=reader), aspects, cache)
    beside = {n + step for n in (ref.frame for ref in shown.candidates[4:]) for step in (-1, 0, 1)}
    assert {ref.frame for ref in reader.asked} - {ref.frame for ref in shown.labelled} == (
        beside - {ref.frame for ref in shown.labelled}
    )
    fresh = ask(tmp_path, shown, aspects)
    assert again.candidates.keys() == fresh.candidates.keys()
    for aspect, rows in fresh.candidates.items():
        np.testing.assert_allclose(again.candidates[aspect], rows, rtol=1e-4, atol=1e-5)


def test_other_labels_are_compared_with_anew_and_other_nets_forgotten(tmp_path, shown):
    write_trained(tmp_path / "run", shown.labels.skeleton)
    aspects, cache = {Aspect.EXPECTED_GRADIENT, Aspect.EMBEDDING}, tmp_path / "cache"
    ask(tmp_path, shown, aspects, cache)
    files = {file.name for file in (cache / "probed").glob("*.npz")}
    fewer = replace(shown, labelled=shown.labelled[:3])
    again = ask(tmp_path, fewer, aspects, cache)
    assert again.candidates[Aspect.EXPECTED_GRADIENT].shape == (6, 3)
    left = {file.name for file in (cache / "probed").glob("*.npz")}
    assert len(left) == len(files) == 2
    assert len(left & files) == 1
    (tmp_path / "run" / "net.onnx").write_bytes(b"another")
    ask(tmp_path, shown, aspects, cache)
    assert not left & {file.name for file in (cache / "probed").glob("*.npz")}


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
