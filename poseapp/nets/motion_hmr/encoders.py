"""From one pair of frames to a feature vector: a ResNet over pictures, or an MLP over points."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from poseapp.nets.motion_hmr.architecture import INPUT_KEYPOINTS, Architecture
from poseapp.nets.motion_hmr.clips import Clips

SIGMA_SHARE = 10 / 224
"""Standard deviation of a keypoint's heatmap over the side of the picture."""
_GROUPS = 32
_KERNEL, _STRIDE = 7, 2
"""Of the first convolution."""
_TRUNKS = {
    "resnet50": ((3, 4, 6, 3), (64, 128, 256, 512), 4),
    "light": ((1, 1, 1, 1), (16, 32, 64, 128), 1),
}
"""Blocks of each stage, their channels, and how many times wider they end."""


class PointEncoder(nn.Module):
    """The keypoints of both frames of a pair, in the box of the first; which are shown; flags."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.width = hidden
        count = len(INPUT_KEYPOINTS)
        self._layers = nn.Sequential(
            nn.Linear(2 * (3 * count + 1), hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.LayerNorm(hidden),
            nn.ReLU(),
        )

    def forward(self, clips: Clips) -> Tensor:
        """Features (B, T - 1, width)."""
        shown, occluded = clips.shown.float(), clips.occluded.float()[..., None]
        now = (clips.points[:, :-1].flatten(2), shown[:, :-1], occluded[:, :-1])
        then = (clips.following.flatten(2), shown[:, 1:], occluded[:, 1:])
        return self._layers(torch.cat([*now, *then], dim=2))


class PictureEncoder(nn.Module):
    """A ResNet over flow or RGB, heatmaps of the keypoints and the flag, averaged over the crop.

    All but the paper's trunk have the keypoints' numbers beside it: a small net that begins with
    nothing need not learn to read places from heatmaps, only what the picture shows there.
    Groups are normalised, not batches: a batch of three clips has no statistics to speak of.
    Heatmaps are normal distributions of height 1, zero where a keypoint is not shown. They are
    never drawn: along each axis a heatmap, and the flag too, is a profile, and the first
    convolution of an outer product is two small products of matrices.

    Clips whose pictures are not there, to a net of pictures, have no features but the numbers'.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self._keypoints = architecture.keypoints
        self._pictures = bool(architecture.picture)
        self._side = architecture.side_px
        self._resnet, self.width = resnet(architecture.trunk, architecture.channels)
        self.numbers = None
        """Their features come last."""
        if architecture.keypoints and architecture.trunk != "resnet50":
            self.numbers = PointEncoder(architecture.hidden)
            self.width += self.numbers.width

    def forward(self, clips: Clips) -> Tensor:
        """Features (B, T - 1, width)."""
        pairs = clips.following.shape[:2]
        if self._pictures and clips.pictures is None:
            known = 0 if self.numbers is None else self.numbers.width
            seen = clips.points.new_zeros(*pairs, self.width - known)
        else:
            seen = self._averaged(clips).unflatten(0, pairs)
        return seen if self.numbers is None else torch.cat([seen, self.numbers(clips)], dim=2)

    def _averaged(self, clips: Clips) -> Tensor:
        """(B (T - 1), C) what the ResNet sees."""
        occluded = clips.occluded[:, :-1, None, None]
        flag = occluded.float().expand(-1, -1, 1, self._side)
        across, down = flag, flag
        if self._keypoints:
            maps = profiles(clips.points[:, :-1], clips.shown[:, :-1], self._side)
            across, down = (torch.cat(pair, dim=2) for pair in zip(maps, (flag, flag), strict=True))
        stem, *layers = self._resnet
        assert isinstance(stem, nn.Conv2d)
        drawn = stem.in_channels - across.shape[2]
        seen = convolved_profiles(across.flatten(0, 1), down.flatten(0, 1), stem.weight[:, drawn:])
        if clips.pictures is not None:
            pictures = (clips.pictures * ~occluded[..., None]).flatten(0, 1)
            pictures = pictures.contiguous(memory_format=torch.channels_last)
            weight = stem.weight[:, :drawn].contiguous(memory_format=torch.channels_last)
            seen = seen + conv2d(pictures, weight, stride=_STRIDE, padding=_KERNEL // 2)
        for layer in layers:
            seen = layer(seen)
        return seen


def profiles(points: Tensor, shown: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Across and down, (..., K, side): their outer product is a heatmap of (..., K, 2) crop units.

    A keypoint that is not shown has zeros.
    """
    pixels = torch.arange(side, device=points.device, dtype=points.dtype)
    at = (points + 1) * side / 2 - 0.5
    along = torch.exp(-0.5 * ((pixels - at[..., None]) / (SIGMA_SHARE * side)) ** 2)
    along = along * shown[..., None, None]
    return along[..., 0, :], along[..., 1, :]


def convolved_profiles(across: Tensor, down: Tensor, weight: Tensor) -> Tensor:
    """(N, O, S/2, S/2) what the first convolution makes of the pictures down · acrossᵀ.

    Args:
        across: (N, K, S)
        down: (N, K, S)
        weight: (O, K, 7, 7)
    """
    columns, rows = _windows(across), _windows(down)
    along = columns.unsqueeze(2) @ weight.permute(1, 2, 3, 0)
    made = rows.transpose(1, 2).flatten(2) @ along.flatten(1, 2).flatten(2)
    return made.unflatten(2, (-1, len(weight))).permute(0, 3, 1, 2)


def _windows(profile: Tensor) -> Tensor:
    """(..., S) → (..., S/2, 7) what each place of the first convolution sees."""
    return pad(profile, (_KERNEL // 2, _KERNEL // 2)).unfold(-1, _KERNEL, _STRIDE)


def resnet(trunk: str, channels: int) -> tuple[nn.Sequential, int]:
    """A trunk from (N, channels, S, S) to (N, width), and the width.

    "resnet50": the paper's. "light": basic blocks of 16 to 128 channels, one a stage.
    """
    stages, widths, wide = _TRUNKS[trunk]
    layers: list[nn.Module] = [
        nn.Conv2d(channels, widths[0], _KERNEL, _STRIDE, _KERNEL // 2, bias=False),
        _norm(widths[0]),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    before = widths[0]
    for number, (blocks, width) in enumerate(zip(stages, widths, strict=True)):
        for block in range(blocks):
            stride = 2 if number and not block else 1
            layers.append(_Block(before, width, width * wide, stride))
            before = width * wide
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), before


class _Block(nn.Module):
    """A basic block, or a bottleneck where it ends wider than it is."""

    def __init__(self, before: int, width: int, after: int, stride: int) -> None:
        super().__init__()
        if after > width:
            kernels = ((before, width, 1, 1), (width, width, 3, stride), (width, after, 1, 1))
        else:
            kernels = ((before, width, 3, stride), (width, width, 3, 1))
        layers: list[nn.Module] = []
        for start, end, kernel, step in kernels:
            layers += [
                nn.Conv2d(start, end, kernel, step, kernel // 2, bias=False),
                _norm(end),
                nn.ReLU(),
            ]
        self._layers = nn.Sequential(*layers[:-1])
        self._past: nn.Module = nn.Identity()
        if stride > 1 or before != after:
            self._past = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), _norm(after)
            )

    def forward(self, picture: Tensor) -> Tensor:
        return torch.relu(self._layers(picture) + self._past(picture))


def _norm(channels: int) -> nn.Module:
    return nn.GroupNorm(min(_GROUPS, channels // 2), channels)
