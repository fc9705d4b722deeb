"""A mesh as a picture to lay over another: shaded, transparent or as wires."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from poseapp.media.mesh_raster import View, rasterise

Floats = NDArray[np.floating]
Picture = NDArray[np.uint8]


class Style(StrEnum):
    """How a mesh is painted."""

    SHADED = "shaded"
    """Like a plaster cast."""
    TRANSPARENT = "transparent"
    """Like glass: its rim stands out, and what is behind shows through."""
    WIRE = "wire"
    """The edges of its triangles."""


@dataclass(frozen=True, slots=True)
class Paint:
    """What a mesh is painted with."""

    style: Style = Style.SHADED
    opacity: float = 0.75
    """Of what is most opaque, in 0..1."""
    colour: tuple[float, float, float] = (0.86, 0.72, 0.62)
    """Blue, green, red in 0..1 where light falls straight."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A painted rectangle of a picture."""

    left: int
    top: int
    pixels: Picture
    """(h, w, 4) blue, green, red, opacity; the colours are multiplied by the opacity."""

    def over(self, picture: Picture) -> Picture:
        """A copy of a (H, W, 3) BGR picture with this on it."""
        made = picture.copy()
        h, w = self.pixels.shape[:2]
        under = made[self.top : self.top + h, self.left : self.left + w]
        shows = 255 - self.pixels[..., 3:].astype(np.uint16)
        under[:] = self.pixels[..., :3] + ((under * shows + 127) // 255).astype(np.uint8)
        return made


_LIGHTS = (((-0.45, -0.65, -0.6), 0.62), ((0.75, -0.1, -0.65), 0.22))
"""Towards the key light, from the upper left, and the fill light; and how bright they are."""
_AMBIENT = 0.2
_WIRE_PX = 0.6
_GLASS = 0.16
"""Share of the opacity where glass is seen straight on."""


def painted(vertices: ArrayLike, faces: ArrayLike, view: View, paint: Paint) -> Overlay:
    """A mesh in camera axes as the camera sees it; see `rasterise` for the arguments."""
    xyz, triangles = np.asarray(vertices, np.float32), np.asarray(faces)
    raster = rasterise(xyz, triangles, view)
    pixel, corners, weights = raster.seen(xyz, triangles)
    normals = vertex_normals(xyz, triangles)
    light = _mean(_lit(normals), corners, weights)
    match paint.style:
        case Style.SHADED:
            strength = np.ones_like(light)
        case Style.TRANSPARENT:
            strength = _mean(_glass(xyz, normals), corners, weights)
        case Style.WIRE:
            strength = _wire(view.project(xyz), corners, weights)
            light = np.ones_like(light)  # thin lines in shadow would not be seen
    strength = 255 * np.float32(paint.opacity) * strength
    shaded = np.empty((len(pixel), 4), np.float32)
    for channel, value in enumerate(paint.colour):
        shaded[:, channel] = np.minimum(light * np.float32(value), 1) * strength
    shaded[:, 3] = strength
    pixels = np.zeros((raster.face.size, 4), np.uint8)
    pixels[pixel] = np.rint(shaded)
    return Overlay(raster.left, raster.top, pixels.reshape(*raster.face.shape, 4))


def vertex_normals(vertices: Floats, faces: NDArray) -> Floats:
    """(V, 3) unit vectors out of the mesh: the mean over triangles, weighted by their area."""
    x, y, z = (vertices[:, axis][faces.T] for axis in range(3))
    (ux, vx), (uy, vy), (uz, vz) = ((p[1] - p[0], p[2] - p[0]) for p in (x, y, z))
    across = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
    corners, count = faces.T.ravel(), len(vertices)
    normals = np.stack([np.bincount(corners, np.tile(c, 3), count) for c in across], axis=1)
    length = np.sqrt((normals**2).sum(axis=1, keepdims=True))
    return (normals / np.maximum(length, 1e-12)).astype(np.float32)


def _mean(values: Floats, corners: NDArray, weights: Floats) -> Floats:
    """(N,) of (V,) values at the corners."""
    a, b, c = (values[corners[n]] * weights[n] for n in range(3))
    return a + b + c


def _lit(normals: Floats) -> Floats:
    """(V,) how bright each vertex is."""
    light = np.full(len(normals), _AMBIENT, np.float32)
    for towards, brightness in _LIGHTS:
        unit = np.array(towards, np.float32) / np.float32(np.linalg.norm(towards))
        light += brightness * np.maximum((normals * unit).sum(axis=1), 0)
    return light


def _glass(xyz: Floats, normals: Floats) -> Floats:
    """(V,) how opaque glass is: the more, the more it turns away."""
    straight = -(normals * xyz).sum(axis=1) / np.sqrt((xyz**2).sum(axis=1))
    return _GLASS + (1 - _GLASS) * (1 - np.clip(straight, 0, 1)) ** 2


def _wire(xy: Floats, corners: NDArray, weights: Floats) -> Floats:
    """(N,) how much of a pixel the nearest edge of its triangle covers."""
    x, y = xy[:, 0][corners], xy[:, 1][corners]
    doubled = np.abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]))
    nearest = np.full(len(doubled), np.inf, np.float32)
    for n in range(3):
        a, b = (n + 1) % 3, (n + 2) % 3
        edge = np.hypot(x[a] - x[b], y[a] - y[b])
        nearest = np.minimum(nearest, weights[n] * doubled / np.maximum(edge, 1e-6))
    return np.clip(_WIRE_PX + 0.5 - nearest, 0, 1)
