"""A mesh before a camera, pixel by pixel: which triangle is in front, how far, and where in it.

Camera axes: x right, y down, z away from the camera, metres. The camera looks at the picture's
middle: x = f · X/Z + (width - 1)/2, y = f · Y/Z + (height - 1)/2, in image coordinates.

Triangles are cut into rows and rows into pixels, all at once in NumPy; no library of graphics is
needed, and without a graphics card one would not be faster (docs/decisions/0016).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

NEAREST_M = 0.05
"""Triangles with a corner nearer than this, or behind the camera, are not drawn."""
_EDGE_PX = 1e-3
"""Pixel centres this near to an edge belong to it, so that rounding leaves no cracks."""
_NO_AREA = 1e-12
"""px²: a triangle is seen edge on, and is as far as its first corner."""


@dataclass(frozen=True, slots=True)
class View:
    """A camera: focal length and size of the picture, in pixels."""

    focal_px: float
    width: int
    height: int

    def scaled(self, factor: int) -> View:
        """The same picture with so many pixels for one, across and down."""
        return View(self.focal_px * factor, self.width * factor, self.height * factor)

    def project(self, points: ArrayLike) -> Floats:
        """(..., 3) metres in camera axes → (..., 2) pixels; what is behind counts as very near."""
        xyz = np.asarray(points, np.float32)
        middle = np.array([self.width - 1, self.height - 1], np.float32) / 2
        depth = np.maximum(xyz[..., 2:], np.float32(NEAREST_M))
        return xyz[..., :2] * (np.float32(self.focal_px) / depth) + middle


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """What a rectangle of the picture shows of a mesh; (h, w) arrays of that rectangle."""

    view: View
    left: int
    top: int
    face: NDArray[np.int32]
    """(h, w) number of the triangle in front, -1 where there is none."""
    depth: Floats
    """(h, w) metres along z, infinite where there is nothing."""

    def seen(self, vertices: ArrayLike, faces: ArrayLike) -> tuple[Ints, NDArray, Floats]:
        """The N pixels that show something.

        Returns:
            (N,) their numbers in the rectangle, row by row; the (3, N) corners of what they show;
            and (3, N) how much each corner counts. Those are weights of the point in space, so a
            mean of the corners is right in perspective; they sum to 1.
        """
        pixel = np.flatnonzero(self.face.ravel() >= 0)
        corners = np.take(np.asarray(faces).T, self.face.ravel()[pixel], axis=1)
        row, column = np.divmod(pixel, self.face.shape[1])
        xyz = np.asarray(vertices, np.float32)
        x, y = self.view.project(xyz).T
        at = (column + self.left).astype(np.float32), (row + self.top).astype(np.float32)
        parts = _flat_weights(x[corners], y[corners], *at) / xyz[:, 2][corners]
        parts /= parts[0] + parts[1] + parts[2]
        return pixel, corners, parts

    def weights(self, vertices: ArrayLike, faces: ArrayLike) -> Floats:
        """(h, w, 3) how much each corner of the triangle in front counts, NaN where there is none.

        They are those of `seen`.
        """
        pixel, _, parts = self.seen(vertices, faces)
        made = np.full((self.face.size, 3), np.nan, np.float32)
        made[pixel] = parts.T
        return made.reshape(*self.face.shape, 3)

    def spread(self) -> tuple[NDArray[np.int32], Floats]:
        """(H, W) faces and depth over the whole picture."""
        size = self.view.height, self.view.width
        face, depth = np.full(size, -1, np.int32), np.full(size, np.inf, np.float32)
        h, w = self.face.shape
        face[self.top : self.top + h, self.left : self.left + w] = self.face
        depth[self.top : self.top + h, self.left : self.left + w] = self.depth
        return face, depth


@dataclass(frozen=True, slots=True, eq=False)
class _Corners:
    """The corners of T triangles in the rectangle, each of them (3, T)."""

    x: Floats
    y: Floats
    inverse: Floats
    """1/z"""

    def downwards(self) -> tuple[list[Floats], list[Floats]]:
        """Where the corners are across and down, from the highest to the lowest."""
        x, y = list(self.x), list(self.y)
        for a, b in ((0, 1), (1, 2), (0, 1)):
            swap = y[a] > y[b]
            x[a], x[b] = np.where(swap, x[b], x[a]), np.where(swap, x[a], x[b])
            y[a], y[b] = np.where(swap, y[b], y[a]), np.where(swap, y[a], y[b])
        return x, y

    def inverse_along(
        self, owner: Ints, row: Floats, start: Floats, end: Floats
    ) -> tuple[Floats, Floats]:
        """1/z at both ends of rows: in the picture it is linear, 1/z = a + b · x + c · y."""
        (x, x1, x2), (y, y1, y2), (w, w1, w2) = self.x, self.y, self.inverse
        ux, uy, vx, vy = x1 - x, y1 - y, x2 - x, y2 - y
        area = ux * vy - vx * uy
        area = np.where(np.abs(area) < _NO_AREA, np.float32(np.inf), area)
        b = ((w1 - w) * vy - (w2 - w) * uy) / area
        c = ((w2 - w) * ux - (w1 - w) * vx) / area
        low = np.minimum(np.minimum(w, w1), w2)[owner]
        high = np.maximum(np.maximum(w, w1), w2)[owner]
        across, left = b[owner], x[owner]
        at_left = w[owner] + c[owner] * (row - y[owner])
        at_start = np.clip(at_left + across * (start - left), low, high)
        return at_start, np.clip(at_left + across * (end - left), low, high)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The rows of pixels of all triangles."""

    owner: Ints
    """Whose it is."""
    first: Ints
    """Number of its first pixel in the rectangle."""
    count: Ints
    """How many pixels."""
    at_start: Floats
    """1/z at its first pixel."""
    at_end: Floats


def rasterise(vertices: ArrayLike, faces: ArrayLike, view: View, *, closed: bool = True) -> Raster:
    """Look at a mesh.

    Args:
        vertices: (V, 3) metres in camera axes.
        faces: (F, 3) vertex numbers, counterclockwise from outside.
        view: the camera.
        closed: the mesh has an inside that nobody sees, so triangles that face away are left out.

    Returns:
        the rectangle of the picture that the mesh takes up; it may be empty.
    """
    xyz = np.asarray(vertices, np.float32)
    xy = view.project(xyz)
    triangles, kept = _in_front(xyz, xy, np.asarray(faces), closed=closed)
    left, top, width, height = _bounds(xyz, xy, view)
    x, y = xy[:, 0] - np.float32(left), xy[:, 1] - np.float32(top)
    inverse = 1 / np.maximum(xyz[:, 2], np.float32(NEAREST_M))
    corners = _Corners(x[triangles.T], y[triangles.T], inverse[triangles.T])
    nearest = _drawn(_rows(corners, width, height), height, width)
    return _raster(nearest, kept, view, left, top)


def visible_vertices(
    raster: Raster, vertices: ArrayLike, faces: ArrayLike, within_m: float = 0.02
) -> NDArray[np.bool_]:
    """(V,) which vertices the picture shows: inside of it, and nothing of the mesh before them.

    A vertex counts as shown where it lies no more than `within_m` behind what is in front there.
    """
    xyz = np.asarray(vertices, np.float32)
    xy = np.round(raster.view.project(xyz)).astype(np.int64) - (raster.left, raster.top)
    h, w = raster.face.shape
    shown = (xy >= 0).all(axis=1) & (xy[:, 0] < w) & (xy[:, 1] < h) & (xyz[:, 2] >= NEAREST_M)
    shown &= _faces_camera(xyz, np.asarray(faces))
    x, y = xy[shown].T
    shown[shown] = xyz[shown, 2] <= raster.depth[y, x] + within_m
    return shown


def _faces_camera(xyz: Floats, faces: NDArray) -> NDArray[np.bool_]:
    """(V,) whether any triangle at a vertex is turned to the camera."""
    a, b, c = (xyz[faces[:, n]] for n in range(3))
    towards = (np.cross(b - a, c - a) * a).sum(axis=1) < 0
    turned = np.zeros(len(xyz), bool)
    turned[faces[towards]] = True
    return turned


def _in_front(
    xyz: Floats, xy: Floats, faces: NDArray, *, closed: bool
) -> tuple[NDArray, NDArray[np.int32]]:
    """The (T, 3) corners of what may be seen, and which triangles they are.

    Counterclockwise from outside is clockwise to an eye outside with y down: a negative area.
    """
    a, b, c = faces.T
    before = xyz[:, 2] >= NEAREST_M
    kept = before[a] & before[b] & before[c]
    if closed:
        x, y = xy[:, 0], xy[:, 1]
        xa, ya = x[a], y[a]
        kept &= (x[b] - xa) * (y[c] - ya) < (x[c] - xa) * (y[b] - ya)
    return faces[kept], np.flatnonzero(kept).astype(np.int32)


def _bounds(xyz: Floats, xy: Floats, view: View) -> tuple[int, int, int, int]:
    """Left, top, width and height of the part of the picture in which vertices lie."""
    points = xy[xyz[:, 2] >= NEAREST_M]
    if not len(points):
        return 0, 0, 0, 0
    left, right = max(int(points[:, 0].min()), 0), min(int(points[:, 0].max()) + 1, view.width - 1)
    top, bottom = max(int(points[:, 1].min()), 0), min(int(points[:, 1].max()) + 1, view.height - 1)
    return left, top, max(right - left + 1, 0), max(bottom - top + 1, 0)


def _raster(
    nearest: NDArray[np.uint64], kept: NDArray[np.int32], view: View, left: int, top: int
) -> Raster:
    hit = nearest > 0
    face = np.full(nearest.shape, -1, np.int32)
    face[hit] = kept[(nearest[hit] & np.uint64(0xFFFFFFFF)).astype(np.int64)]
    inverse = (nearest >> np.uint64(32)).astype(np.uint32).view(np.float32)
    depth = np.full(nearest.shape, np.inf, np.float32)
    np.divide(1, inverse, out=depth, where=hit)
    return Raster(view, left, top, face, depth)


def _rows(corners: _Corners, width: int, height: int) -> _Rows:
    """Cut triangles into rows of pixels."""
    (x0, x1, x2), (y0, y1, y2) = corners.downwards()
    first = np.maximum(np.ceil(y0 - _EDGE_PX), 0).astype(np.int64)
    last = np.minimum(np.floor(y2 + _EDGE_PX), height - 1).astype(np.int64)
    owner, local = _expanded(last - first + 1)
    row = first[owner] + local
    top, middle = y0[owner], y1[owner]
    at = np.clip(row.astype(np.float32), top, y2[owner])
    straight = x0[owner] + _slope(x0, y0, x2, y2)[owner] * (at - top)
    below = at >= middle
    slope = np.where(below, _slope(x1, y1, x2, y2)[owner], _slope(x0, y0, x1, y1)[owner])
    bent = np.where(below, x1[owner], x0[owner]) + slope * (at - np.where(below, middle, top))
    start = np.ceil(np.minimum(straight, bent) - _EDGE_PX)
    end = np.floor(np.maximum(straight, bent) + _EDGE_PX)
    start, end = np.maximum(start, 0), np.minimum(end, width - 1)
    seen = end >= start
    owner, row, start, end = owner[seen], row[seen], start[seen], end[seen]
    inverse = corners.inverse_along(owner, row.astype(np.float32), start, end)
    return _Rows(
        owner, row * width + start.astype(np.int64), (end - start).astype(np.int64) + 1, *inverse
    )


def _drawn(rows: _Rows, height: int, width: int) -> NDArray[np.uint64]:
    """(h, w) the largest 1/z and, below it, the triangle that has it; 0 where there is nothing.

    The bits of a positive float32 order like an integer, so one maximum decides both.
    """
    owner, local = _expanded(rows.count)
    step = (rows.at_end - rows.at_start) / np.maximum(rows.count - 1, 1).astype(np.float32)
    inverse = rows.at_start[owner] + step[owner] * local.astype(np.float32)
    key = inverse.view(np.uint32).astype(np.uint64) << np.uint64(32)
    key |= rows.owner[owner].astype(np.uint64)
    nearest = np.zeros(height * width, np.uint64)
    np.maximum.at(nearest, rows.first[owner] + local, key)
    return nearest.reshape(height, width)


def _expanded(counts: Ints) -> tuple[Ints, Ints]:
    """Each number as often as it counts, and 0, 1, 2… along each."""
    counts = np.maximum(counts, 0)
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]


def _slope(x: Floats, y: Floats, to_x: Floats, to_y: Floats) -> Floats:
    """(T,) dx/dy of edges that go down; 0 for one that lies along a row."""
    rise = to_y - y
    return (to_x - x) / np.where(rise > 0, rise, np.float32(np.inf))


def _flat_weights(x: Floats, y: Floats, at_x: Floats, at_y: Floats) -> Floats:
    """(3, N) barycentric coordinates in the picture of N points in triangles with (3, N) corners.

    A point just outside, as far as rounding takes it, counts as on the edge.
    """
    ux, uy, vx, vy = x[1] - x[0], y[1] - y[0], x[2] - x[0], y[2] - y[0]
    px, py = at_x - x[0], at_y - y[0]
    area = ux * vy - vx * uy
    area = np.where(np.abs(area) < _NO_AREA, np.float32(np.inf), area)
    second, third = (px * vy - vx * py) / area, (ux * py - px * uy) / area
    return np.clip(np.stack([1 - second - third, second, third]), 0, 1)
