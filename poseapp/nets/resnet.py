"""ResNet-18 and ResNet-50, with the parameter names of the public weight files."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from poseapp.nets.backbone import IMAGENET_MEAN, IMAGENET_STD, Backbone


class _Block(nn.Module):
    """A residual block; what it adds to its input is `change`."""

    widening: ClassVar[int]

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.downsample = (
            nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
            if stride != 1 or before != after
            else None
        )

    def change(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        kept = x if self.downsample is None else self.downsample(x)
        return torch.relu(self.change(x) + kept)


class BasicBlock(_Block):
    """Two 3×3 convolutions."""

    widening = 1

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__(before, width, stride)
        self.conv1 = nn.Conv2d(before, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def change(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(y))


class Bottleneck(_Block):
    """1×1 down, 3×3, 1×1 up; the stride is in the middle."""

    widening = 4

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__(before, 4 * width, stride)
        self.conv1 = nn.Conv2d(before, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)

    def change(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        return self.bn3(self.conv3(y))


class ResNet(Backbone):
    """A 7×7 stem and four stages of residual blocks."""

    early = ("conv1", "bn1", "layer1")
    mean = IMAGENET_MEAN
    std = IMAGENET_STD

    def __init__(self, block: type[_Block], blocks: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        widths = (64, 128, 256, 512)
        a, b, c, d = (width * block.widening for width in widths)
        self.channels = (a, b, c, d)
        before = 64
        for n, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            stage = []
            for m in range(count):
                stage.append(block(before, width, 2 if n and not m else 1))
                before = width * block.widening
            self.add_module(f"layer{n + 1}", nn.Sequential(*stage))

    def forward(self, picture: Tensor) -> list[Tensor]:
        x = self.maxpool(torch.relu(self.bn1(self.conv1(picture))))
        maps = []
        for n in range(1, 5):
            x = self.get_submodule(f"layer{n}")(x)
            maps.append(x)
        return maps


resnet18 = partial(ResNet, BasicBlock, (2, 2, 2, 2))
resnet50 = partial(ResNet, Bottleneck, (3, 4, 6, 3))
