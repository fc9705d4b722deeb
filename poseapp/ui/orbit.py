"""The camera of the view that can be turned: where it stands, and lines as it sees them.

World axes: x right, y up, z towards the viewer, metres; the video's camera stands at the origin
and looks along -z.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poseapp.media.mesh_raster import View

Floats = NDArray[np.floating]

WORLD = np.array([1.0, -1.0, -1.0])
"""Times points in the axes of a video's camera gives points in the world."""
_STEEPEST = np.pi / 2 - 0.02
_NEAR_M, _FAR_M = 0.4, 60.0
_NEAR_PLANE_M = 0.1
_FOCAL = 1.5
"""Of the height of the view."""


@dataclass(frozen=True, slots=True)
class Orbit:
    """A camera that looks at a point from somewhere round it."""

    target: tuple[float, float, float] = (0.0, 0.9, -4.0)
    yaw: float = 0.6
    """Radians to the right of where the video's camera stands."""
    pitch: float = 0.25
    """Radians up."""
    distance: float = 4.2

    def turned(self, across: float, down: float) -> Orbit:
        """Go round by radians."""
        pitch = float(np.clip(self.pitch + down, -_STEEPEST, _STEEPEST))
        return replace(self, yaw=self.yaw - across, pitch=pitch)

    def zoomed(self, factor: float) -> Orbit:
        """Go nearer or farther."""
        return replace(self, distance=float(np.clip(self.distance * factor, _NEAR_M, _FAR_M)))

    def moved(self, across: float, down: float) -> Orbit:
        """Shift what is seen by shares of the view's height."""
        right, below, _ = self._axes()
        shift = (-across * right - down * below) * self.distance / _FOCAL
        x, y, z = (np.array(self.target) + shift).tolist()
        return replace(self, target=(x, y, z))

    def looking_at(self, point: ArrayLike) -> Orbit:
        """The same view of another point."""
        x, y, z = np.asarray(point, float).tolist()
        return replace(self, target=(x, y, z))

    def seen(self, points: ArrayLike) -> Floats:
        """(N, 3) points of the world in the axes of this camera: x right, y down, z away."""
        axes = self._axes()
        eye = np.array(self.target) - self.distance * axes[2]
        return (np.asarray(points) - eye) @ axes.T

    def lines(self, starts: ArrayLike, ends: ArrayLike, view: View) -> Floats:
        """(M, 4) x, y, x, y in pixels of what is before the camera of (N, 3) lines of the world."""
        a, b = self.seen(starts), self.seen(ends)
        shown = (a[:, 2] > _NEAR_PLANE_M) | (b[:, 2] > _NEAR_PLANE_M)
        a, b = a[shown], b[shown]
        a, b = _cut(a, b), _cut(b, a)
        return np.concatenate([view.project(a), view.project(b)], axis=1)

    def _axes(self) -> Floats:
        """(3, 3) rows: to the right, down and ahead."""
        outwards = np.array(
            [
                np.cos(self.pitch) * np.sin(self.yaw),
                np.sin(self.pitch),
                np.cos(self.pitch) * np.cos(self.yaw),
            ]
        )
        right = np.array([np.cos(self.yaw), 0.0, -np.sin(self.yaw)])
        return np.stack([right, np.cross(-outwards, right), -outwards])


def view_of(width: int, height: int) -> View:
    """The pixels of a view of this size."""
    return View(_FOCAL * height, max(width, 1), max(height, 1))


def grid(
    middle: ArrayLike, floor: float, step: float = 0.5, reach: int = 8
) -> tuple[Floats, Floats]:
    """Starts and ends (N, 3) of lines on a floor round a point, on whole steps."""
    x, _, z = np.round(np.asarray(middle, float) / step) * step
    along = np.arange(-reach, reach + 1) * step
    far = reach * step
    one = np.full_like(along, 1.0)
    starts = np.concatenate(
        [
            np.stack([x + along, floor * one, (z - far) * one], axis=1),
            np.stack([(x - far) * one, floor * one, z + along], axis=1),
        ]
    )
    ends = np.concatenate(
        [
            np.stack([x + along, floor * one, (z + far) * one], axis=1),
            np.stack([(x + far) * one, floor * one, z + along], axis=1),
        ]
    )
    return starts, ends


def _cut(points: Floats, others: Floats) -> Floats:
    """Points behind the near plane moved onto it, towards their others."""
    away = others[:, 2] - points[:, 2]
    share = (_NEAR_PLANE_M - points[:, 2]) / np.where(np.abs(away) < 1e-9, 1.0, away)
    behind = points[:, 2] < _NEAR_PLANE_M
    return np.where(behind[:, None], points + share[:, None] * (others - points), points)
