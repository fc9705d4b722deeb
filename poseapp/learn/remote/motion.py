"""Motion between two poses: how far every place of a picture moves, and the picture moved so far.

The paper's generator has to find this out by itself, and begins with weights that 12,000 pictures
of people taught. The films of one project teach it that far too slowly: after hundreds of steps it
blurs what moved and ignores the pose. So the source is moved along with the keypoints before the
generator sees it, which needs no weights; what that leaves wrong is the generator's to paint.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_REACH = 0.15
"""How far a keypoint takes its surroundings along: standard deviation, in halves of the picture."""
_GROUND = 0.1
"""Weight of what stands still, everywhere."""


def moved(pictures: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """(B, 3, H, W) pictures whose bodies stand as `source` says, moved as `target` wants them.

    Both poses are (B, K, h, w) heatmaps, about 1 high where they are sure; a keypoint counts as
    much as both are. The gradient goes to where `target` says that keypoints are.
    """
    start, goal = places(source), places(target)
    sure = (_peaks(source) * _peaks(target)).detach()
    cells = _grid(target.shape[2], target.shape[3], pictures)
    apart = (cells - goal[:, :, None, None]).square().sum(dim=4)
    weight = sure[..., None, None] * torch.exp(-apart / (2 * _REACH**2))
    shift = torch.einsum("bkhw,bkc->bchw", weight, start - goal)
    shift = shift / (_GROUND + weight.sum(dim=1, keepdim=True))
    height, width = pictures.shape[2:]
    fine = functional.interpolate(shift, (height, width), mode="bilinear").permute(0, 2, 3, 1)
    grid = _grid(height, width, pictures) + fine
    return functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def places(heatmaps: Tensor) -> Tensor:
    """(B, K, 2) mean (x, y) of each map, in -1..1 from rim to rim; differentiable."""
    mass = heatmaps.sum(dim=(2, 3)).clamp(min=1e-6)
    cells = _grid(heatmaps.shape[2], heatmaps.shape[3], heatmaps)
    return torch.einsum("bkhw,hwc->bkc", heatmaps, cells) / mass[..., None]


def _peaks(heatmaps: Tensor) -> Tensor:
    """(B, K) how high each map is, at most 1."""
    return heatmaps.amax(dim=(2, 3)).clamp(max=1.0)


def _grid(height: int, width: int, like: Tensor) -> Tensor:
    """(height, width, 2) the middles of cells as (x, y) in -1..1."""
    y, x = ((torch.arange(n, device=like.device) + 0.5) * 2 / n - 1 for n in (height, width))
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
