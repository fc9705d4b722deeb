"""What every backbone promises."""

from __future__ import annotations

from torch import Tensor, nn


class Backbone(nn.Module):
    """RGB pictures, normalised by `mean` and `std`, to maps at strides 4, 8, 16 and 32.

    The sides of the pictures must be multiples of 32.
    """

    channels: tuple[int, int, int, int]
    """Of the four maps."""
    early: tuple[str, ...]
    """Modules up to the first map, whose work is the same for every kind of picture."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    """Of RGB in 0..1, as the pretrained weights expect them."""

    def forward(self, picture: Tensor) -> list[Tensor]:
        """The four maps, finest first."""
        raise NotImplementedError


IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
