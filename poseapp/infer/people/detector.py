"""BlazePose's detector: where people are, by the middle of their hips and how far they reach.

It sees people that fill a good part of its input, so a picture is scanned whole and in tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from poseapp.infer.people.regions import Region
from poseapp.nets.framing import Framing, crop, letterbox

SIZE = 224
LEAST_SCORE = 0.35
"""Low, since the landmark net is asked again whether somebody is there."""
LEAST_TILE_PX = 192
_ALIKE = 0.3
"""Boxes that share so much of their union are one person."""
_BATCH = 8
_LAYERS = ((28, 2), (14, 2), (7, 6))
"""Cells along a side, and places a cell."""

RunAll = Callable[[NDArray[np.uint8]], Sequence[NDArray[np.float32]]]
"""(N, height, width, 3) BGR → every output."""


def anchors() -> NDArray[np.float64]:
    """(2254, 2) middles of the cells that the detector's outputs are relative to, in 0..1."""
    layers = []
    for cells, each in _LAYERS:
        middles = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
        layers.append(np.repeat(grid, each, axis=0))
    return np.concatenate(layers)


_ANCHORS = anchors()


def views(width: int, height: int) -> list[Framing]:
    """The whole picture, then overlapping squares as high as it, then ones half as high."""
    found = [letterbox((width, height), (SIZE, SIZE))]
    short = min(width, height)
    for side in (short, short / 2):
        if side < LEAST_TILE_PX or (side == short and max(width, height) < 1.2 * short):
            continue
        columns, rows = (_steps(length, side) for length in (width, height))
        middles = ((x + (side - 1) / 2, y + (side - 1) / 2) for y in rows for x in columns)
        found += [crop(x, y, SIZE / side, (SIZE, SIZE)) for x, y in middles]
    return found


def _steps(length: float, side: float) -> NDArray[np.float64]:
    """Where tiles begin, so that neighbours share a third at least."""
    count = int(np.ceil((length - side) / (side * 2 / 3) - 1e-9)) + 1
    return np.linspace(0, length - side, count)


def scan(picture: NDArray[np.uint8], detect: RunAll) -> list[tuple[Region, float]]:
    """Regions and scores of people in a BGR picture, surest first."""
    framings = views(picture.shape[1], picture.shape[0])
    found = [np.empty((0, 13))]
    for first in range(0, len(framings), _BATCH):
        group = framings[first : first + _BATCH]
        boxes, scores = detect(np.stack([framing.cut(picture) for framing in group]))
        for framing, box, score in zip(group, boxes, scores[..., 0], strict=True):
            found.append(_in_picture(box, score, framing))
    people = merged(np.concatenate(found))
    return [(Region.around(p[4:6], p[6:8]), float(p[12])) for p in people]


def _in_picture(
    outputs: NDArray[np.float32], logits: NDArray[np.float32], framing: Framing
) -> NDArray[np.float64]:
    """(N, 13) corners, four points and score of what one view shows, in picture pixels."""
    scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
    sure = scores >= LEAST_SCORE
    values = outputs[sure].astype(np.float64)
    middles = SIZE * _ANCHORS[sure] - 0.5
    centre, half = values[:, :2] + middles, values[:, 2:4] / 2
    points = values[:, 4:].reshape(-1, 4, 2) + middles[:, None]
    all_points = np.concatenate([(centre - half)[:, None], (centre + half)[:, None], points], 1)
    placed = framing.to_picture(all_points).reshape(-1, 12)
    return np.column_stack([placed, scores[sure]])


def merged(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """One row a person: the mean, weighted by score, of those that overlap the surest one."""
    found = found[np.argsort(-found[:, 12])]
    people = []
    while len(found):
        same = _overlap(found[0, :4], found[:, :4]) > _ALIKE
        same[0] = True
        weights = found[same, 12:]
        mean = (found[same, :12] * weights).sum(axis=0) / weights.sum()
        people.append(np.append(mean, found[0, 12]))
        found = found[~same]
    return np.array(people).reshape(-1, 13)


def _overlap(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shared area over the area of both, of (4,) and (N, 4) corners."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return shared / np.maximum(areas - shared, 1e-9)
