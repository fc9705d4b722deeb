"""Heads: from feature maps at strides 4, 8, 16 and 32 to one raw map per keypoint at stride 4."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 4
"""Input pixels per cell of every head's maps."""


class Head(nn.Module):
    """Feature maps → raw maps: the last layer is a 1×1 convolution of what `shared` gives."""

    @property
    def last(self) -> nn.Conv2d:
        """The last layer."""
        raise NotImplementedError

    def shared(self, maps: Sequence[Tensor]) -> Tensor:
        """(N, C, h, w) from which the last layer reads every keypoint."""
        raise NotImplementedError

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        return self.last(self.shared(maps))


class DeconvHead(Head):
    """SimpleBaseline: three 4×4 deconvolutions on the deepest map, then a 1×1 convolution."""

    def __init__(self, channels: Sequence[int], keypoints: int, width: int = 256) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels[-1]
        for _ in range(3):
            layers += [
                nn.ConvTranspose2d(before, width, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            ]
            before = width
        self.deconv_layers = nn.Sequential(*layers)
        self.final_layer = nn.Conv2d(width, keypoints, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, std=0.001)
        nn.init.zeros_(self.final_layer.bias) if self.final_layer.bias is not None else None

    @property
    def last(self) -> nn.Conv2d:
        return self.final_layer

    def shared(self, maps: Sequence[Tensor]) -> Tensor:
        return self.deconv_layers(maps[-1])


class LightHead(Head):
    """Every map narrowed by a 1×1 convolution, added on the way up, mixed by a depthwise one."""

    def __init__(self, channels: Sequence[int], keypoints: int, width: int = 64) -> None:
        super().__init__()
        self.narrow = nn.ModuleList(nn.Conv2d(c, width, 1) for c in channels)
        self.mix = nn.ModuleList(_Mix(width) for _ in channels)
        self.final = nn.Conv2d(width, keypoints, 1)
        nn.init.normal_(self.final.weight, std=0.001)

    @property
    def last(self) -> nn.Conv2d:
        return self.final

    def shared(self, maps: Sequence[Tensor]) -> Tensor:
        x = self.mix[-1](self.narrow[-1](maps[-1]))
        for n in reversed(range(len(maps) - 1)):
            finer = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = self.mix[n](self.narrow[n](maps[n]) + finer)
        return x


class _Mix(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 5, padding=2, groups=width, bias=False)
        self.pointwise = nn.Conv2d(width, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.pointwise(self.depthwise(x))))
