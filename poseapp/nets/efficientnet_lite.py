"""EfficientNet-Lite0: mobile bottlenecks with ReLU6 and no squeeze-and-excitation.

Parameter names are those of the public weight files, which therefore load unchanged.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from poseapp.nets.backbone import Backbone

_STAGES = (
    # blocks, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class EfficientNetLite0(Backbone):
    """Sixteen bottlenecks in seven stages."""

    channels = (24, 40, 112, 320)
    early = ("_conv_stem", "_bn0", "_blocks.0", "_blocks.1", "_blocks.2")
    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, 32, 3, 2)
        self._bn0 = _norm(32)
        self._blocks = nn.ModuleList(_blocks())

    def forward(self, picture: Tensor) -> list[Tensor]:
        x = torch.nn.functional.relu6(self._bn0(self._conv_stem(picture)))
        maps = []
        for n, block in enumerate(self._blocks):
            x = block(x)
            if n in _LAST_OF_STRIDE:
                maps.append(x)
        return maps


_LAST_OF_STRIDE = (2, 4, 10, 15)
"""The last block before the next halving."""


def _blocks() -> list[_Bottleneck]:
    blocks, before = [], 32
    for count, kernel, stride, expansion, channels in _STAGES:
        for n in range(count):
            blocks.append(_Bottleneck(before, channels, kernel, stride if n == 0 else 1, expansion))
            before = channels
    return blocks


class _Bottleneck(nn.Module):
    """1×1 up, depthwise, 1×1 down, with a skip where shapes allow."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = before * expansion
        self.expands = expansion != 1
        self.skips = stride == 1 and before == after
        if self.expands:
            self._expand_conv = nn.Conv2d(before, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = _SameConv(wide, wide, kernel, stride, groups=wide)
        self._bn1 = _norm(wide)
        self._project_conv = nn.Conv2d(wide, after, 1, bias=False)
        self._bn2 = _norm(after)

    def forward(self, x: Tensor) -> Tensor:
        relu6 = torch.nn.functional.relu6
        y = relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skips else y


class _SameConv(nn.Conv2d):
    """A convolution padded as the weights were trained: for even sizes, more right and below."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(before, after, kernel, stride, groups=groups, bias=False)
        spare = kernel - stride
        first, last = spare // 2, spare - spare // 2
        self.same_padding = (first, last, first, last)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name is torch's
        return super().forward(torch.nn.functional.pad(input, self.same_padding))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)
