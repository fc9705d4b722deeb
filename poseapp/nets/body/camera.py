"""Cameras: x right, y down, z away from the camera; from points in space to pictures, in torch.

A body stands upright in such a camera when its root is turned by π about x: `FACING`. A weak
camera (s, tx, ty) gives points on a crop whose sides lie at -1 and 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

FACING = (math.pi, 0.0, 0.0)
"""Axis angle of a root that stands upright and looks into the camera."""

NEAREST_M = 0.05
"""What is nearer to a perspective camera, or behind it, counts as this far."""


def weak_perspective(points: Tensor, camera: Tensor) -> Tensor:
    """(B, K, 3) and (B, 3) → (B, K, 2) in crop units: s · (xy + t), as in HMR."""
    return camera[:, None, :1] * (points[..., :2] + camera[:, None, 1:])


def perspective(points: Tensor, intrinsics: Tensor) -> Tensor:
    """(B, K, 3) metres in the camera's axes and (B, 3, 3) → (B, K, 2) pixels.

    x = fx · X/Z + cx, y = fy · Y/Z + cy; the matrix may hold a skew too.
    """
    depth = points[..., 2:].clamp(min=NEAREST_M)
    flat = torch.cat([points[..., :2] / depth, torch.ones_like(depth)], dim=-1)
    return (flat @ intrinsics.transpose(-1, -2))[..., :2]


def intrinsics_of(focal_px: Tensor, width: int, height: int) -> Tensor:
    """(B,) focal lengths in pixels → (B, 3, 3) of a camera that looks at a picture's middle."""
    matrix = torch.eye(3, dtype=focal_px.dtype, device=focal_px.device).repeat(len(focal_px), 1, 1)
    matrix[:, 0, 0] = matrix[:, 1, 1] = focal_px
    matrix[:, 0, 2], matrix[:, 1, 2] = (width - 1) / 2, (height - 1) / 2
    return matrix


def crop_to_pixels(points: Tensor, middle: Tensor, side: Tensor) -> Tensor:
    """(B, K, 2) crop units → pixels, for crops with (B, 2) middles and (B,) sides in pixels."""
    return middle[:, None] + points * side[:, None, None] / 2


def pixels_to_crop(points: Tensor, middle: Tensor, side: Tensor) -> Tensor:
    """The inverse of `crop_to_pixels`."""
    return (points - middle[:, None]) * 2 / side[:, None, None]


def translation_of_weak(camera: Tensor, middle: Tensor, side: Tensor, intrinsics: Tensor) -> Tensor:
    """(B, 3) metres that put a body before a perspective camera as the weak camera saw it.

    Depth is where the focal length makes one metre as long as the weak camera did, 2 f / (s ·
    side); there the body's origin is moved to where it was seen. Both cameras agree on points
    at that depth.
    """
    scale = camera[:, 0] * side / 2
    focal = intrinsics[:, 0, 0]
    depth = focal / scale
    seen = crop_to_pixels(weak_perspective(torch.zeros_like(camera)[:, None], camera), middle, side)
    ahead = (seen[:, 0] - intrinsics[:, :2, 2]) / intrinsics[:, [0, 1], [0, 1]]
    return torch.cat([ahead * depth[:, None], depth[:, None]], dim=1)
