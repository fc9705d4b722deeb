import numpy as np
import onnxruntime
import pytest
import torch

from poseapp.domain.errors import TrainingError
from poseapp.nets import export as exports
from poseapp.nets.export import export, run_torch
from poseapp.nets.pose_net import BACKBONES, build


def shaken(net):
    """Weights and statistics that are not the tame first ones."""
    torch.manual_seed(0)
    for name, value in net.state_dict().items():
        if name.endswith(("running_mean", "bias")):
            value.normal_(0, 0.1)
        elif name.startswith("head.final"):
            value.normal_(0, 0.3)
    return net.eval()


LONG = {"mobilenet-v3-large", "resnet-50", "hrnet-w18-small"}
EVERY_NET = [
    *(pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in BACKBONES),
    "resnet-18+deconv",
]


@pytest.mark.parametrize("name", EVERY_NET)
def test_onnxruntime_computes_what_torch_computes_at_every_size(name, tmp_path):
    net = shaken(build(name, keypoints=3))
    export(net, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    rng = np.random.default_rng(0)
    for shape in ((1, 64, 96, 3), (3, 96, 32, 3), (2, 160, 160, 3)):
        pictures = rng.integers(0, 256, shape, dtype=np.uint8)
        (got,) = session.run(["heatmaps"], {"pictures": pictures})
        wanted = run_torch(net, pictures)
        assert got.shape == (shape[0], 3, shape[1] // 4, shape[2] // 4)
        assert np.abs(got - wanted).max() < 1e-4 * wanted.max()


def test_a_sigmoid_net_is_exported_as_one(tmp_path):
    net = shaken(build("mobilenet-v3-small", 1, "sigmoid"))
    export(net, tmp_path / "net.onnx")
    pictures = np.zeros((1, 64, 64, 3), np.uint8)
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    (got,) = session.run(None, {"pictures": pictures})
    assert got == pytest.approx(run_torch(net, pictures), abs=1e-5)


def test_an_export_that_computes_something_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "run_torch", lambda net, p: 2 * run_torch(net, p))
    with pytest.raises(TrainingError, match="does not compute what the trained one does"):
        export(build("mobilenet-v3-small", 1), tmp_path / "net.onnx")


def test_an_export_into_a_folder_that_is_gone_says_so(tmp_path):
    with pytest.raises(TrainingError, match="could not be written"):
        export(build("mobilenet-v3-small", 1), tmp_path / "gone" / "net.onnx")
