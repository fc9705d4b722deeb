"""The discriminator: whether a picture is a real one, and shows the body in the pose it is told."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from poseapp.learn.remote.generator import channels_last, drawn_size, resized
from poseapp.learn.remote.settings import Drawing

_BLOCKS = 3


class Discriminator(nn.Module):
    """Equation 7, p = D([F, P]): one logit for every patch of the picture.

    It does not normalise: that would take the mean of a picture's patches from what it can tell.
    """

    def __init__(self, keypoints: int, drawing: Drawing) -> None:
        super().__init__()
        width = drawing.width
        self.side = drawing.side
        layers: list[nn.Module] = [nn.Conv2d(3 + keypoints, width, 7, padding=3)]
        for n in (1, 2):
            layers += [
                nn.LeakyReLU(0.2, inplace=True),
                nn.Conv2d(width * n, 2 * width * n, 3, stride=2, padding=1),
            ]
        layers += [_Residual(4 * width) for _ in range(_BLOCKS)]
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(0.2), nn.Conv2d(4 * width, 1, 1))

    def forward(self, pictures: Tensor, poses: Tensor) -> Tensor:
        """(B, 1, h, w) logits of (B, 3, H, W) pictures in -1..1 with (B, K, …) heatmaps."""
        size = drawn_size(pictures, self.side)
        shown = torch.cat([resized(pictures, size), resized(poses, size)], dim=1)
        return self.layers(channels_last(shown))


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)
