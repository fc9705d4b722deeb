"""HRNet-w18-small (its first version): branches of four resolutions that keep exchanging maps.

Parameter names are those of the public classification weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from poseapp.nets.backbone import IMAGENET_MEAN, IMAGENET_STD, Backbone
from poseapp.nets.resnet import BasicBlock, Bottleneck

_WIDTHS = (16, 32, 64, 128)


class HRNetW18Small(Backbone):
    """A stem to stride 4, then two, three and four branches side by side."""

    channels = _WIDTHS
    early = ("conv1", "bn1", "conv2", "bn2", "layer1")
    mean = IMAGENET_MEAN
    std = IMAGENET_STD

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, 2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Bottleneck(64, 32, 1))
        before = (128,)
        for n in (2, 3, 4):
            widths = _WIDTHS[:n]
            self.add_module(f"transition{n - 1}", _transition(before, widths))
            self.add_module(f"stage{n}", nn.Sequential(_Exchange(widths)))
            before = widths

    def forward(self, picture: Tensor) -> list[Tensor]:
        x = torch.relu(self.bn1(self.conv1(picture)))
        maps = [self.layer1(torch.relu(self.bn2(self.conv2(x))))]
        for n in (2, 3, 4):
            transition = self.get_submodule(f"transition{n - 1}")
            maps = self.get_submodule(f"stage{n}")(_branched(transition, maps))
        return maps


def _branched(transition: nn.Module, maps: list[Tensor]) -> list[Tensor]:
    """One map more than before: the new one comes from the coarsest."""
    return [
        step(maps[min(n, len(maps) - 1)]) if isinstance(step, nn.Sequential) else maps[n]
        for n, step in enumerate(transition.children())
    ]


def _transition(before: Sequence[int], after: Sequence[int]) -> nn.ModuleList:
    steps: list[nn.Module] = []
    for n, width in enumerate(after):
        if n < len(before):
            same = before[n] == width
            steps.append(nn.Identity() if same else _convolution(before[n], width, 3))
        else:
            steps.append(nn.Sequential(_convolution(before[-1], width, 3, stride=2)))
    return nn.ModuleList(steps)


class _Exchange(nn.Module):
    """Two blocks on every branch, then every branch gets the sum of all."""

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Sequential(BasicBlock(width, width, 1), BasicBlock(width, width, 1))
            for width in widths
        )
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_bridge(widths, source, target) for source in range(len(widths)))
            for target in range(len(widths))
        )

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        maps = [branch(x) for branch, x in zip(self.branches, maps, strict=True)]
        return [
            torch.relu(_met(bridges, maps, target))
            for target, bridges in enumerate(self.fuse_layers)
        ]


def _met(bridges: nn.Module, maps: list[Tensor], target: int) -> Tensor:
    """The sum of all maps at the target's resolution; growing is by nearest cells."""
    total: Tensor | float = 0.0
    for source, (bridge, x) in enumerate(zip(bridges.children(), maps, strict=True)):
        y = bridge(x)
        if source > target:
            y = functional.interpolate(y, scale_factor=2.0 ** (source - target))
        total = total + y
    return torch.as_tensor(total)


def _bridge(widths: Sequence[int], source: int, target: int) -> nn.Module:
    """From one branch's resolution and width to another's; growing is left to `_met`."""
    if source == target:
        return nn.Identity()
    if source > target:
        return _convolution(widths[source], widths[target], 1, act=False)
    steps = [
        _convolution(widths[source], widths[source], 3, stride=2)
        for _ in range(target - source - 1)
    ]
    return nn.Sequential(*steps, _convolution(widths[source], widths[target], 3, 2, act=False))


def _convolution(
    before: int, after: int, kernel: int, stride: int = 1, *, act: bool = True
) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), *([nn.ReLU()] if act else []))
