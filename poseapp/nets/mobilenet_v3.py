"""MobileNetV3 small and large, with the parameter names of torchvision's weight files."""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn
from torch.nn import functional

from poseapp.nets.backbone import IMAGENET_MEAN, IMAGENET_STD, Backbone

_Row = tuple[int, int, int, bool, bool, int]
"""kernel, wide, channels, squeezes, hard-swish (or ReLU), stride"""

_SMALL: tuple[_Row, ...] = (
    (3, 16, 16, True, False, 2),
    (3, 72, 24, False, False, 2),
    (3, 88, 24, False, False, 1),
    (5, 96, 40, True, True, 2),
    (5, 240, 40, True, True, 1),
    (5, 240, 40, True, True, 1),
    (5, 120, 48, True, True, 1),
    (5, 144, 48, True, True, 1),
    (5, 288, 96, True, True, 2),
    (5, 576, 96, True, True, 1),
    (5, 576, 96, True, True, 1),
)
_LARGE: tuple[_Row, ...] = (
    (3, 16, 16, False, False, 1),
    (3, 64, 24, False, False, 2),
    (3, 72, 24, False, False, 1),
    (5, 72, 40, True, False, 2),
    (5, 120, 40, True, False, 1),
    (5, 120, 40, True, False, 1),
    (3, 240, 80, False, True, 2),
    (3, 200, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 184, 80, False, True, 1),
    (3, 480, 112, True, True, 1),
    (3, 672, 112, True, True, 1),
    (5, 672, 160, True, True, 2),
    (5, 960, 160, True, True, 1),
    (5, 960, 160, True, True, 1),
)


class MobileNetV3(Backbone):
    """Inverted residual blocks, some with squeeze-and-excitation."""

    mean = IMAGENET_MEAN
    std = IMAGENET_STD

    def __init__(self, rows: tuple[_Row, ...]) -> None:
        super().__init__()
        self.features = nn.ModuleList([_convolution(3, 16, 3, 2, act=nn.Hardswish)])
        before = 16
        for row in rows:
            self.features.append(_InvertedResidual(before, row))
            before = row[2]
        halvings = [n + 1 for n, row in enumerate(rows) if row[5] == 2]
        self._ends = [*(n - 1 for n in halvings), len(rows)][-4:]
        a, b, c, d = (rows[n - 1][2] for n in self._ends)
        self.channels = (a, b, c, d)
        self.early = tuple(f"features.{n}" for n in range(self._ends[0] + 1))

    def forward(self, picture: Tensor) -> list[Tensor]:
        x, maps = picture, []
        for n, layer in enumerate(self.features):
            x = layer(x)
            if n in self._ends:
                maps.append(x)
        return maps


class _InvertedResidual(nn.Module):
    def __init__(self, before: int, row: _Row) -> None:
        super().__init__()
        kernel, wide, after, squeezes, hard, stride = row
        act = nn.Hardswish if hard else nn.ReLU
        layers: list[nn.Module] = []
        if wide != before:
            layers.append(_convolution(before, wide, 1, act=act))
        layers.append(_convolution(wide, wide, kernel, stride, groups=wide, act=act))
        if squeezes:
            layers.append(_SqueezeExcitation(wide))
        layers.append(_convolution(wide, after, 1))
        self.block = nn.Sequential(*layers)
        self.skips = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x) if self.skips else self.block(x)


class _SqueezeExcitation(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = _eighths(channels // 4)
        self.fc1 = nn.Conv2d(channels, narrow, 1)
        self.fc2 = nn.Conv2d(narrow, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=(2, 3), keepdim=True)
        return x * functional.hardsigmoid(self.fc2(functional.relu(self.fc1(mean))))


def _eighths(channels: int) -> int:
    """The nearest multiple of eight that is not much less."""
    rounded = max(8, (channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def _convolution(
    before: int,
    after: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    act: type[nn.Module] | None = None,
) -> nn.Sequential:
    convolution = nn.Conv2d(
        before, after, kernel, stride, padding=kernel // 2, groups=groups, bias=False
    )
    norm = nn.BatchNorm2d(after, eps=1e-3, momentum=0.01)
    return nn.Sequential(convolution, norm, *([act()] if act else []))


mobilenet_v3_small = partial(MobileNetV3, _SMALL)
mobilenet_v3_large = partial(MobileNetV3, _LARGE)
