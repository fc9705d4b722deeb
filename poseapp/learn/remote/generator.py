"""The transform generator: a frame's body moved into another pose, by pose-attentional blocks.

Two streams go through the blocks, one of the picture and one of the poses; in each block the poses
say where the picture may change, and are told in turn what it became. This is the generator of Zhu
and others, "Progressive pose attention transfer for person image generation", 2019, on which
REMOTE builds.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from poseapp.learn.remote.motion import moved
from poseapp.learn.remote.settings import AsPrinted, Drawing

_PAINTED_AT_FIRST = -3.0
"""Logit of the mask: paint of a generator that has learnt little hides where the body was put."""


class Generator(nn.Module):
    """Pictures in -1..1 and poses as heatmaps → pictures in -1..1.

    It sees the source as it is and as `moved` moves it. What it draws is as large as `Drawing.side`
    says; the rest comes from the moved source.
    """

    def __init__(self, keypoints: int, drawing: Drawing, as_printed: AsPrinted) -> None:
        super().__init__()
        self.side = drawing.side
        self.source_pose = not as_printed.target_pose_only
        self.moves = self.source_pose and not as_printed.unmoved
        self.whole_picture = as_printed.whole_picture
        width = drawing.width
        poses = 2 * keypoints if self.source_pose else keypoints
        self.picture = _narrowed(6 if self.moves else 3, width)
        self.poses = _narrowed(poses, width)
        self.blocks = nn.ModuleList(
            PoseAttention(4 * width, 4 * width if n == 0 else 8 * width)
            for n in range(drawing.blocks)
        )
        self.paint = nn.Sequential(
            *_widened(4 * width, 2 * width), *_widened(2 * width, width), _colours_and_mask(width)
        )

    def forward(self, pictures: Tensor, source: Tensor, target: Tensor) -> Tensor:
        """The bodies of (B, 3, H, W), which stand as `source` says, as `target` wants them.

        Both poses are (B, K, h, w) with bells of height 1.
        """
        size = drawn_size(pictures, self.side)
        poses = torch.cat([source, target], dim=1) if self.source_pose else target
        kept = moved(pictures, source, target) if self.moves else pictures
        shown = torch.cat([kept, pictures], dim=1) if self.moves else pictures
        x = self.picture(resized(shown, size))
        guide = self.poses(resized(poses, size))
        for block in self.blocks:
            x, guide = block(x, guide)
        painted = resized(self.paint(x), tuple(pictures.shape[2:]))
        colours = painted[:, :3].tanh()
        if self.whole_picture:
            return colours
        new = painted[:, 3:].sigmoid()
        return new * colours + (1 - new) * kept


class PoseAttention(nn.Module):
    """x + f(x) · σ(g(guide)), and the guide told of it."""

    def __init__(self, channels: int, guiding: int) -> None:
        super().__init__()
        self.change = _twice(channels, channels)
        self.attend = _twice(guiding, channels)

    def forward(self, x: Tensor, guide: Tensor) -> tuple[Tensor, Tensor]:
        attention = self.attend(guide)
        x = x + self.change(x) * attention.sigmoid()
        return x, torch.cat([attention, x], dim=1)


def drawn_size(pictures: Tensor, side: int | None) -> tuple[int, int]:
    """(height, width), multiples of 4, with the longer one as asked and never larger."""
    height, width = pictures.shape[2:]
    if side is None or side >= max(height, width):
        return height, width
    share = side / max(height, width)
    high, wide = (max(4, 4 * round(share * length / 4)) for length in (height, width))
    return high, wide


def resized(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    """(B, C, h, w) as large as `size`; differentiable."""
    if tuple(maps.shape[2:]) == size:
        return maps
    return functional.interpolate(maps, size, mode="bilinear", antialias=True)


def channels_last(maps: Tensor) -> Tensor:
    """The same numbers, those of one place side by side: convolutions of a CPU are faster so."""
    return maps.contiguous(memory_format=torch.channels_last)


def normalised(channels: int) -> nn.Module:
    """Instance normalisation: nothing of a batch remains in it."""
    return nn.InstanceNorm2d(channels, affine=True)


def _narrowed(before: int, width: int) -> nn.Sequential:
    """A 7×7 layer and two that halve the sides."""
    layers: list[nn.Module] = [
        nn.Conv2d(before, width, 7, padding=3, padding_mode="reflect"),
        normalised(width),
        nn.ReLU(inplace=True),
    ]
    for n in (1, 2):
        layers += [
            nn.Conv2d(width * n, 2 * width * n, 3, stride=2, padding=1),
            normalised(2 * width * n),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


def _colours_and_mask(before: int) -> nn.Conv2d:
    """Blue, green, red, and the mask's logit, which lets little be painted at first."""
    last = nn.Conv2d(before, 4, 7, padding=3, padding_mode="reflect")
    assert last.bias is not None
    with torch.no_grad():
        last.weight[3].mul_(0.1)
        last.bias[3] = _PAINTED_AT_FIRST
    return last


def _widened(before: int, after: int) -> list[nn.Module]:
    return [
        nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=1),
        normalised(after),
        nn.ReLU(inplace=True),
    ]


def _twice(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1),
        normalised(after),
        nn.ReLU(inplace=True),
        nn.Conv2d(after, after, 3, padding=1),
        normalised(after),
    )
