"""From one pair of frames to a feature vector: a ResNet over pictures, or an MLP over points."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from poseapp.nets.motion_hmr.architecture import INPUT_KEYPOINTS, Architecture
from poseapp.nets.motion_hmr.clips import Clips

SIGMA_SHARE = 10 / 224
"""Standard deviation of a keypoint's heatmap over the side of the picture."""
_GROUPS = 32


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

    Groups are normalised, not batches: a batch of three clips has no statistics to speak of.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self._keypoints = architecture.keypoints
        self._side = architecture.side_px
        self._resnet, self.width = resnet(architecture.trunk, architecture.channels)

    def forward(self, clips: Clips) -> Tensor:
        """Features (B, T - 1, width)."""
        layers = [] if clips.pictures is None else [clips.pictures]
        if self._keypoints:
            layers.append(heatmaps(clips.points[:, :-1], clips.shown[:, :-1], self._side))
        occluded = clips.occluded[:, :-1, None, None, None]
        flag = occluded.float().expand(-1, -1, 1, self._side, self._side)
        seen = torch.cat(layers, dim=2) * ~occluded
        pairs = torch.cat([seen, flag], dim=2)
        return self._resnet(pairs.flatten(0, 1)).view(*pairs.shape[:2], self.width)


def heatmaps(points: Tensor, shown: Tensor, side: int) -> Tensor:
    """(..., K, side, side) normal distributions of height 1 at (..., K, 2) crop units.

    A keypoint that is not shown has a map of zeros.
    """
    pixels = torch.arange(side, device=points.device, dtype=points.dtype)
    at = (points + 1) * side / 2 - 0.5
    along = torch.exp(-0.5 * ((pixels - at[..., None]) / (SIGMA_SHARE * side)) ** 2)
    maps = along[..., 1, :, None] * along[..., 0, None, :]
    return maps * shown[..., None, None]


def resnet(trunk: str, channels: int) -> tuple[nn.Module, int]:
    """A trunk from (N, channels, S, S) to (N, width), and the width.

    "resnet50": the paper's. "light": basic blocks of 32 to 256 channels, two a stage.
    """
    if trunk == "resnet50":
        stages, widths, wide = (3, 4, 6, 3), (64, 128, 256, 512), 4
    else:
        stages, widths, wide = (2, 2, 2, 2), (32, 64, 128, 256), 1
    layers: list[nn.Module] = [
        nn.Conv2d(channels, widths[0], 7, stride=2, padding=3, bias=False),
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
