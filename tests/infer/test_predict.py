import numpy as np
import pytest

from poseapp.domain.errors import InferenceError
from poseapp.infer.predict import Predictor, digest
from poseapp.infer.session import Net
from poseapp.nets.card import FILE, Card, NetFile
from tests.infer.made_up_nets import SKELETON, draw, write_run

BODY = np.array([[40.0, 60.0], [61.5, 80.25], [80.0, 60.0]])


@pytest.fixture
def predictor(tmp_path):
    return Predictor.load(write_run(tmp_path / "run"), device="cpu", threads=1)


def test_keypoints_are_found_to_a_fraction_of_a_pixel(predictor):
    (bodies,) = predictor.predict([draw(BODY[None])])
    assert bodies.points.shape == (1, 3, 2)
    np.testing.assert_allclose(bodies.points[0], BODY, atol=0.6)
    assert (bodies.scores > 0.5).all()


def test_pictures_of_different_sizes_go_together(predictor):
    small = draw(BODY[None] / 2, (128, 96))
    found = predictor.predict([draw(BODY[None]), small])
    np.testing.assert_allclose(found[1].points[0], BODY / 2, atol=0.6)


def test_a_top_down_net_finds_each_body(tmp_path):
    folder = write_run(tmp_path / "run", instances=3, crop_px=100.0)
    predictor = Predictor.load(folder, device="cpu", threads=1)
    other = BODY + np.array([110.0, 70.0])
    (bodies,) = predictor.predict([draw(np.stack([BODY, other]))])
    assert len(bodies.points) == 2
    left_first = bodies.points[np.argsort(bodies.points[:, 0, 0])]
    np.testing.assert_allclose(left_first, np.stack([BODY, other]), atol=0.6)


def test_a_picture_without_bodies_has_none(tmp_path):
    folder = write_run(tmp_path / "run", instances=3, crop_px=100.0)
    predictor = Predictor.load(folder, device="cpu", threads=1)
    (bodies,) = predictor.predict([np.zeros((192, 256, 3), np.uint8)])
    assert bodies.points.shape == (0, 3, 2)


def test_the_device_is_told_as_it_is(tmp_path):
    folder = write_run(tmp_path / "run")
    assert Predictor.load(folder, device="cpu", threads=1).device == "CPU, 1 thread"
    assert Predictor.load(folder, device="cpu", threads=2).device == "CPU, 2 threads"


def test_a_gpu_that_is_not_there_gives_way_to_the_cpu(tmp_path):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there may be a GPU here")
    net = Net(write_run(tmp_path / "run") / "net.onnx", device="cuda:0", threads=1)
    assert net.device == "CPU, 1 thread"


def test_memory_that_runs_out_halves_the_batch(tmp_path):
    net = Net(write_run(tmp_path / "run") / "net.onnx", device="cpu", threads=1)
    pictures = np.random.default_rng(0).integers(0, 255, (5, 96, 128, 3), np.uint8)
    expected = net(pictures)
    session = net._session

    class Small:
        def run(self, names, inputs):
            if len(inputs["pictures"]) > 2:
                raise RuntimeError("Failed to allocate memory for requested buffer")
            return session.run(names, inputs)

    net._session = Small()
    np.testing.assert_allclose(net(pictures), expected, atol=1e-6)


def test_a_run_without_its_net_is_refused_in_a_sentence(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "net.onnx").write_bytes(b"not a net")
    with pytest.raises(InferenceError, match=r"net\.onnx is not a net"):
        Predictor.load(folder)
    (folder / "net.onnx").unlink()
    with pytest.raises(InferenceError, match="is not there"):
        Predictor.load(folder)
    (folder / FILE).unlink()
    with pytest.raises(InferenceError, match=r"card\.json"):
        Predictor.load(folder)


def test_a_picture_that_a_net_cannot_take_is_refused_in_a_sentence(tmp_path):
    net = Net(write_run(tmp_path / "run") / "net.onnx", device="cpu")
    with pytest.raises(InferenceError, match="cannot be run on CPU"):
        net(np.zeros((2, 96, 128), np.uint8))


def test_the_digest_tells_nets_apart(tmp_path):
    first, same = write_run(tmp_path / "a"), write_run(tmp_path / "b")
    assert digest(first) == digest(same)
    (same / "net.onnx").write_bytes(b"another")
    assert digest(first) != digest(same)


def test_the_predictions_are_those_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    from poseapp.nets.export import export, run_torch
    from poseapp.nets.pipeline import estimate
    from poseapp.nets.pose_net import build

    torch.manual_seed(5)
    net = build("efficientnet-lite0", len(SKELETON)).eval()
    card = Card(SKELETON, NetFile("net.onnx", 128, 96, 4, "softmax"), pretrained="none")
    export(net, tmp_path / "net.onnx")
    (tmp_path / FILE).write_text(card.to_json(), encoding="utf-8")
    pictures = [draw(BODY[None]), draw(BODY[None] + 30)]
    found = Predictor.load(tmp_path, device="cpu", threads=1).predict(pictures)
    expected = estimate(pictures, card, lambda inputs: run_torch(net, inputs))
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine.heatmaps, theirs.heatmaps, rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(mine.points, theirs.points, atol=0.05)
