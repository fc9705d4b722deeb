"""Paint for made-up bodies: patterned shapes with a dark edge, before a muddled background."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Drawing:
    """A shape that is filled with a cloth."""

    outline: NDArray
    """(N, 2) pixels."""
    cloth: NDArray[np.uint8]
    """(S, S, 3) BGR, repeated."""

    def __call__(self, picture: NDArray[np.uint8]) -> None:
        """Paint the outline with the cloth, which moves with it, and a dark edge."""
        left, top = np.floor(self.outline.min(axis=0)).astype(int) - 1
        right, bottom = np.ceil(self.outline.max(axis=0)).astype(int) + 2
        height, width = picture.shape[:2]
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
        if x0 >= x1 or y0 >= y1:
            return
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        sixteenth = np.round((self.outline - (x0, y0)) * 16).astype(np.int32)
        cv2.fillPoly(mask, [sixteenth], 255, cv2.LINE_AA, shift=4)
        size = self.cloth.shape[0]
        rows = np.arange(y0 - top, y1 - top)[:, None] % size
        columns = np.arange(x0 - left, x1 - left)[None] % size
        weight = mask[..., None].astype(np.float32) / 255
        area = picture[y0:y1, x0:x1]
        mixed = area * (1 - weight) + self.cloth[rows, columns] * weight
        picture[y0:y1, x0:x1] = mixed.astype(np.uint8)
        edge = [np.round(self.outline * 16).astype(np.int32)]
        cv2.polylines(picture, edge, True, (30, 30, 34), 1, cv2.LINE_AA, shift=4)


def circle(centre: NDArray, radius: float, corners: int = 16) -> NDArray:
    """(corners, 2) points around it."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return centre + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def capsule(start: NDArray, end: NDArray, start_px: float, end_px: float) -> NDArray:
    """(N, 2) outline of a limb of two half widths."""
    rings = np.concatenate([circle(start, start_px), circle(end, end_px)])
    return cv2.convexHull(rings.astype(np.float32))[:, 0]


def inside(outline: NDArray, point: NDArray) -> bool:
    """Whether the outline surrounds the point."""
    at = (float(point[0]), float(point[1]))
    return cv2.pointPolygonTest(outline.astype(np.float32), at, measureDist=False) > 0


def _clouds(rng: np.random.Generator, height: int, width: int, cell: int) -> NDArray[np.float32]:
    """Smooth noise in 0..1 whose blobs are about `cell` pixels wide."""
    coarse = rng.random((height // cell + 3, width // cell + 3)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)


def cloth(rng: np.random.Generator, colour: NDArray, size: int = 96) -> NDArray[np.uint8]:
    """(size, size, 3) a blotched and striped pattern of one colour (BGR)."""
    pattern = 0.6 * _clouds(rng, size, size, 6) + 0.4 * _clouds(rng, size, size, 24)
    stripes = 0.5 + 0.5 * np.sin(np.arange(size) * rng.uniform(0.3, 0.9))[:, None]
    shade = 0.55 + 0.45 * pattern + 0.2 * stripes
    return np.clip(shade[..., None] * colour, 0, 255).astype(np.uint8)


def _muted(rng: np.random.Generator, low: float, high: float) -> NDArray[np.float64]:
    """A colour (BGR) that is more grey than not, so that the figure is not the only pale thing."""
    return 0.65 * rng.uniform(low, high) + 0.35 * rng.uniform(low, high, 3)


def background(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """A picture wider than the frame, so that the camera can pan: wall, ground, slabs and poles."""
    height, width = int(height * 1.15), int(width * 1.4)
    layers = np.zeros((height, width), np.float32)
    for weight, cell in ((0.5, 90), (0.3, 24), (0.2, 7)):
        layers += weight * _clouds(rng, height, width, cell)
    tint = np.where(
        np.arange(height)[:, None, None] < 0.62 * height,
        _muted(rng, 110, 190),
        _muted(rng, 70, 140),
    )
    picture = np.clip((0.55 + 0.6 * layers)[..., None] * tint, 0, 255).astype(np.uint8)
    for _ in range(26):
        colour = tuple(float(c) for c in _muted(rng, 40, 215))
        corner = rng.uniform((0, 0), (width, height)).astype(int)
        far = corner + rng.uniform((6, 20), (70, 150)).astype(int)
        cv2.rectangle(picture, corner.tolist(), far.tolist(), colour, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.uint8)
