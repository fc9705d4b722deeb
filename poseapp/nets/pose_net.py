"""PoseNet: a backbone, a head, and what turns raw maps into heatmaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poseapp.domain.errors import TrainingError
from poseapp.nets.backbone import Backbone
from poseapp.nets.efficientnet_lite import EfficientNetLite0
from poseapp.nets.heads import DeconvHead, Head, LightHead
from poseapp.nets.heatmaps import Readout
from poseapp.nets.hrnet import HRNetW18Small
from poseapp.nets.mobilenet_v3 import mobilenet_v3_large, mobilenet_v3_small
from poseapp.nets.resnet import resnet18, resnet50


class PoseNet(nn.Module):
    """BGR pictures (N, 3, H, W) in 0..255 → raw maps (N, K, H/4, W/4); `heatmaps` reads them."""

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: Backbone, head: Head, readout: Readout = "softmax") -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head
        self.readout: Readout = readout
        self.settled = False
        self.register_buffer("mean", 255 * _per_channel(backbone.mean), persistent=False)
        self.register_buffer("std", 255 * _per_channel(backbone.std), persistent=False)

    def settle(self) -> None:
        """Keep what the backbone has learnt elsewhere: its statistics and its first layers.

        Small batches would blur the statistics; the first layers see edges and colours, which are
        the same everywhere, and cost most of a step.
        """
        self.settled = True
        for name in self.backbone.early:
            self.backbone.get_submodule(name).requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> PoseNet:
        """As torch's, but a settled backbone keeps its statistics."""
        super().train(mode)
        if self.settled:
            self.backbone.eval()
        return self

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The backbone's maps."""
        return self.backbone((pictures.flip(1) - self.mean) / self.std)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.features(pictures))

    def seen(self, pictures: NDArray[np.uint8]) -> list[Tensor]:
        """The backbone's maps of (N, H, W, 3) BGR pictures, to look at and not to learn from."""
        planes = torch.from_numpy(pictures).to(self.mean.device).permute(0, 3, 1, 2)
        with torch.inference_mode():
            return self.features(planes.float())

    def told(self, maps: Sequence[Tensor]) -> NDArray[np.float32]:
        """(N, K, H/4, W/4) the heatmaps of what the backbone has seen."""
        with torch.inference_mode():
            return self.heatmaps(self.head(maps)).cpu().numpy()

    def heatmaps(self, raw: Tensor) -> Tensor:
        """Raw maps as probabilities."""
        if self.readout == "sigmoid":
            return raw.sigmoid()
        weight = (raw - raw.amax(dim=(2, 3), keepdim=True)).exp()
        return weight / weight.sum(dim=(2, 3), keepdim=True)


def _per_channel(values: Sequence[float]) -> Tensor:
    return torch.tensor(values).view(3, 1, 1)


BACKBONES: dict[str, Callable[[], Backbone]] = {
    "efficientnet-lite0": EfficientNetLite0,
    "mobilenet-v3-small": mobilenet_v3_small,
    "mobilenet-v3-large": mobilenet_v3_large,
    "resnet-18": resnet18,
    "resnet-50": resnet50,
    "hrnet-w18-small": HRNetW18Small,
}

HEADS: dict[str, Callable[..., Head]] = {"light": LightHead, "deconv": DeconvHead}


def build(net: str, keypoints: int, readout: Readout = "softmax") -> PoseNet:
    """A net by name, "backbone" or "backbone+head", with random weights.

    Raises:
        TrainingError: when there is none of the name.
    """
    backbone_name, plus, head_name = net.partition("+")
    if not plus:
        head_name = "light"
    if backbone_name not in BACKBONES or head_name not in HEADS:
        raise TrainingError(
            f"There is no net {net!r}. Choose one of {', '.join(BACKBONES)}, "
            f"with +{' or +'.join(HEADS)} behind it for another head."
        )
    backbone = BACKBONES[backbone_name]()
    head = HEADS[head_name](backbone.channels, keypoints)
    return PoseNet(backbone, head, readout)
