"""Rotations between their ways of being written, in torch, with gradients that stay finite.

A rotation matrix turns column vectors: `R @ v`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize


def matrix_of_axis_angle(axis_angle: Tensor) -> Tensor:
    """(..., 3) axis times angle in radians → (..., 3, 3), by Rodrigues' formula.

    R = I + sin(θ)/θ · K + (1 - cos(θ))/θ² · K², K the cross product with the vector itself.
    """
    squared = (axis_angle**2).sum(dim=-1)[..., None, None]
    small = squared < 1e-6
    safe = torch.where(small, 1.0, squared)
    angle = safe.sqrt()
    first = torch.where(small, 1 - squared / 6, angle.sin() / angle)
    second = torch.where(small, 0.5 - squared / 24, (1 - angle.cos()) / safe)
    k = _cross_matrix(axis_angle)
    return torch.eye(3, dtype=k.dtype, device=k.device) + first * k + second * (k @ k)


def axis_angle_of_matrix(matrix: Tensor) -> Tensor:
    """(..., 3, 3) → (..., 3) axis times angle in 0..π radians; by way of the quaternion."""
    w, vector = _quaternion(matrix)
    length = vector.norm(dim=-1, keepdim=True)
    angle = 2 * torch.atan2(length, w)
    small = length < 1e-6
    return vector * torch.where(small, 2.0, angle / torch.where(small, 1.0, length))


def matrix_of_six(six: Tensor) -> Tensor:
    """(..., 6) → (..., 3, 3): two columns made orthonormal, the third is their cross product.

    Zhou and others, "On the continuity of rotation representations in neural networks", eq. 12.
    """
    first = normalize(six[..., :3], dim=-1)
    along = (first * six[..., 3:]).sum(dim=-1, keepdim=True)
    second = normalize(six[..., 3:] - along * first, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def six_of_matrix(matrix: Tensor) -> Tensor:
    """(..., 3, 3) → (..., 6): its first two columns."""
    return matrix[..., :2].transpose(-1, -2).flatten(-2)


def mirrored(axis_angle: Tensor, order: Tensor) -> Tensor:
    """(..., J, 3) the pose as a mirror at x = 0 shows it; `order` swaps left and right joints."""
    sign = torch.tensor([1.0, -1.0, -1.0], dtype=axis_angle.dtype, device=axis_angle.device)
    return axis_angle[..., order, :] * sign


def _cross_matrix(vector: Tensor) -> Tensor:
    x, y, z = vector.unbind(dim=-1)
    zero = torch.zeros_like(x)
    rows = [zero, -z, y, z, zero, -x, -y, x, zero]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def _quaternion(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """(..., 1) and (..., 3) of the unit quaternion with w ≥ 0.

    Each row of the symmetric matrix below is the quaternion times one of its own parts; the
    longest row is read, so that nothing is divided by a number near zero.
    """
    m = matrix
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    wx, wy, wz = (
        m[..., 2, 1] - m[..., 1, 2],
        m[..., 0, 2] - m[..., 2, 0],
        m[..., 1, 0] - m[..., 0, 1],
    )
    xy, xz, yz = (
        m[..., 0, 1] + m[..., 1, 0],
        m[..., 0, 2] + m[..., 2, 0],
        m[..., 1, 2] + m[..., 2, 1],
    )
    rows = [1 + xx + yy + zz, wx, wy, wz]
    rows += [wx, 1 + xx - yy - zz, xy, xz]
    rows += [wy, xy, 1 - xx + yy - zz, yz]
    rows += [wz, xz, yz, 1 - xx - yy + zz]
    products = torch.stack(rows, dim=-1).unflatten(-1, (4, 4))
    best = products.diagonal(dim1=-2, dim2=-1).argmax(dim=-1)[..., None, None]
    row = products.gather(-2, best.expand(*best.shape[:-1], 4)).squeeze(-2)
    unit = normalize(row, dim=-1)
    unit = torch.where(unit[..., :1] < 0, -unit, unit)
    return unit[..., :1], unit[..., 1:]
