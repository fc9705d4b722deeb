import numpy as np
import pytest

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.report import SilentReport
from poseapp.infer import trunk
from poseapp.infer.features import SmallCopies, best_descriptor, features
from poseapp.infer.trunk import Trunk
from tests.infer.made_up_nets import DrawnFrames, draw, walking

VIDEO = VideoId(1)


def test_frames_that_look_alike_are_near():
    frames = DrawnFrames({VIDEO: walking(30)})
    refs = [FrameRef(VIDEO, n) for n in (0, 1, 25)]
    rows = features(refs, [frames.video(1)], frames, SilentReport(), SmallCopies())
    near, far = np.linalg.norm(rows[1] - rows[0]), np.linalg.norm(rows[2] - rows[0])
    assert rows.shape == (3, 384)
    assert near < far / 2


def test_rows_follow_the_refs_and_come_from_the_cache_the_second_time(tmp_path):
    frames = DrawnFrames({VIDEO: walking(12)}, damaged=[4])
    refs = [FrameRef(VIDEO, n) for n in (9, 4, 2)]
    first = features(refs, [frames.video(1)], frames, SilentReport(), SmallCopies(), tmp_path)
    again = features(refs, [frames.video(1)], frames, SilentReport(), SmallCopies(), tmp_path)
    np.testing.assert_array_equal(first, again)
    assert frames.read_count == 2
    assert np.isnan(first).all(axis=1).tolist() == [False, True, False]
    alone = SmallCopies()([draw(walking(12)[2])])[0]
    np.testing.assert_array_equal(first[2], alone)


def test_edges_that_run_another_way_are_told_apart():
    across = np.zeros((64, 64, 3), np.uint8)
    across[::8] = 255
    down = np.ascontiguousarray(across.transpose(1, 0, 2))
    rows = SmallCopies()([across, down])
    histograms = rows[:, 256:].reshape(2, 16, 8)
    assert np.abs(histograms[0] * histograms[1]).max() < 0.05
    assert (np.linalg.norm(histograms, axis=2) <= 1).all()


def test_without_weights_small_copies_stand_in(tmp_path, monkeypatch):
    monkeypatch.setattr(trunk, "find_spec", lambda package: None)
    assert isinstance(best_descriptor(tmp_path), SmallCopies)
    assert list(tmp_path.iterdir()) == []


def test_the_trunk_sees_what_torch_sees_and_is_exported_once(tmp_path):
    torch = pytest.importorskip("torch")
    weights = pytest.importorskip("poseapp.nets.weights")
    from poseapp.nets.pose_net import build

    net = build("efficientnet-lite0", 1).eval()
    if not weights.load_imagenet(net, "efficientnet-lite0").startswith("ImageNet"):
        pytest.skip("the ImageNet weights are not installed")
    eyes = best_descriptor(tmp_path, device="cpu", threads=1)
    assert isinstance(eyes, Trunk)
    (written,) = tmp_path.iterdir()
    stamp = written.stat().st_mtime_ns
    picture = np.random.default_rng(0).integers(0, 255, (trunk.SIDE, trunk.SIDE, 3), np.uint8)
    seen = eyes([picture, draw(walking(1)[0])])
    with torch.no_grad():
        maps = net.features(torch.from_numpy(picture[None]).permute(0, 3, 1, 2).float())
    np.testing.assert_allclose(seen[0], maps[-1].mean(dim=(2, 3))[0].numpy(), atol=1e-3)
    best_descriptor(tmp_path, device="cpu", threads=1)
    assert written.stat().st_mtime_ns == stamp
