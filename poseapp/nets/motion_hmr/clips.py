"""Clips of one person as Motion-HMR sees them: boxes, keypoints in boxes, pairs of frames.

A clip of T frames is T - 1 pairs, each a frame and the one after it in the same box. A net says
two things of a pair, its present and its future; of a clip that makes 2 (T - 1) bodies, of which
the presents and the last future are the T that count.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from poseapp.domain.human import ENOUGH_LIMB_KEYPOINTS

BOX_OF_PERSON = 224 / 150 * 1.15
"""A box's side over the extent of the keypoints in it: a person of 150 px in 224, whose head and
feet reach beyond wrists and ankles."""
SMOOTHING = 2.0
"""Frames, of the normal distribution that steadies the way of the boxes."""
_LARGE = 0.8
"""Quantile of a clip's extents that makes the box: hidden limbs must not shrink it."""


@dataclass(frozen=True, slots=True, eq=False)
class Clips:
    """B clips of T frames with K keypoints."""

    points: Tensor
    """(B, T, K, 2) crop units: the box's sides are at -1 and 1; zero where not shown."""
    following: Tensor
    """(B, T - 1, K, 2) the next frame's in the box of this one."""
    shown: Tensor
    """(B, T, K) bool"""
    occluded: Tensor
    """(B, T) bool: fewer than seven keypoints are shown, so nothing of the frame is."""
    middle: Tensor
    """(B, T, 2) pixels, of the boxes."""
    side: Tensor
    """(B,) pixels."""
    pictures: Tensor | None = None
    """(B, T - 1, 3, S, S) flow with its length, over 20 px at S = 224, or RGB in -1..1."""

    def window(self, first: int, frames: int) -> Clips:
        """So many frames from one of them on, in the boxes that they have."""
        part, pairs = slice(first, first + frames), slice(first, first + frames - 1)
        return Clips(
            self.points[:, part],
            self.following[:, pairs],
            self.shown[:, part],
            self.occluded[:, part],
            self.middle[:, part],
            self.side,
            None if self.pictures is None else self.pictures[:, pairs],
        )

    def to(self, device: torch.device) -> Clips:
        """The same on another device."""
        return Clips(
            self.points.to(device),
            self.following.to(device),
            self.shown.to(device),
            self.occluded.to(device),
            self.middle.to(device),
            self.side.to(device),
            None if self.pictures is None else self.pictures.to(device),
        )


def make_clips(points: Tensor, shown: Tensor) -> Clips:
    """Boxes round what is shown, and the keypoints in them.

    Args:
        points: (B, T, K, 2) pixels, finite everywhere.
        shown: (B, T, K) bool.
    """
    occluded = shown.sum(dim=2) < ENOUGH_LIMB_KEYPOINTS
    shown = shown & ~occluded[..., None]
    middle, side = boxes(points, shown)
    half = side[:, None, None, None] / 2
    cropped = (points - middle[:, :, None]) / half
    following = (points[:, 1:] - middle[:, :-1, None]) / half
    known, next_known = shown[..., None], shown[:, 1:, :, None]
    zero = torch.zeros((), dtype=points.dtype, device=points.device)
    return Clips(
        torch.where(known, cropped, zero),
        torch.where(next_known, following, zero),
        shown,
        occluded,
        middle,
        side,
    )


def boxes(points: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:
    """(B, T, 2) middles and (B,) sides in pixels; a clip has one side, so that size is motion too.

    Frames that show nothing have their box between those of the frames around them.
    """
    far = torch.finfo(points.dtype).max
    known = shown[..., None]
    low = torch.where(known, points, far).amin(dim=2)
    high = torch.where(known, points, -far).amax(dim=2)
    seen = shown.any(dim=2)
    middle = torch.where(seen[..., None], (low + high) / 2, 0.0)
    extent = torch.where(seen, (high - low).amax(dim=2), torch.nan)
    side = torch.nanquantile(extent, _LARGE, dim=1).nan_to_num(1.0).clamp(min=1.0)
    return _steadied(middle, seen), side * BOX_OF_PERSON


def _steadied(middle: Tensor, seen: Tensor) -> Tensor:
    """(B, T, 2) means over time, of the frames that are seen, weighted by nearness in time."""
    frames = torch.arange(middle.shape[1], dtype=middle.dtype, device=middle.device)
    apart = (frames[:, None] - frames[None]).abs()
    near = torch.exp(-0.5 * (apart / SMOOTHING) ** 2)
    # far frames count too, a little: a gap longer than the smoothing is bridged by its ends
    weights = (near + 1e-6 * torch.exp(-apart)) * seen[:, None]
    return weights @ middle / weights.sum(dim=2, keepdim=True).clamp(min=1e-30)


def of_frames(present: Tensor, future: Tensor) -> Tensor:
    """(B, T - 1, ...) twice → (B, T, ...): every present, and the last future."""
    return torch.cat([present, future[:, -1:]], dim=1)
