"""Detectors that see small pictures: a large one is scanned whole and in tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from poseapp.infer.people.regions import Region
from poseapp.infer.people.sighting import RunAll
from poseapp.nets.framing import Framing, crop, letterbox

LEAST_TILE_PX = 192
_ALIKE = 0.3
"""Boxes that share so much of their union are one thing."""
_BATCH = 8


@dataclass(frozen=True)
class Detector:
    """One of the detectors: what its outputs mean."""

    side: int
    """Of its input, in pixels."""
    layers: tuple[tuple[int, int], ...]
    """Cells along a side, and places a cell."""
    least_score: float
    region: Callable[[NDArray[np.float64], NDArray[np.float64]], Region]
    """From the (2, 2) corners of a box and the (P, 2) points in it, picture pixels."""

    @cached_property
    def anchors(self) -> NDArray[np.float64]:
        """(A, 2) middles of the cells that the outputs are relative to, in 0..1."""
        found = []
        for cells, each in self.layers:
            middles = (np.arange(cells) + 0.5) / cells
            grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
            found.append(np.repeat(grid, each, axis=0))
        return np.concatenate(found)


def views(width: int, height: int, detector: Detector) -> list[Framing]:
    """The whole picture, then overlapping squares as high as it, then ones half as high."""
    canvas = detector.side, detector.side
    found = [letterbox((width, height), canvas)]
    short = min(width, height)
    for side in (short, short / 2):
        if side < LEAST_TILE_PX or (side == short and max(width, height) < 1.2 * short):
            continue
        columns, rows = (_steps(length, side) for length in (width, height))
        middles = ((x + (side - 1) / 2, y + (side - 1) / 2) for y in rows for x in columns)
        found += [crop(x, y, detector.side / side, canvas) for x, y in middles]
    return found


def _steps(length: float, side: float) -> NDArray[np.float64]:
    """Where tiles begin, so that neighbours share a third at least."""
    count = int(np.ceil((length - side) / (side * 2 / 3) - 1e-9)) + 1
    return np.linspace(0, length - side, count)


def scan(picture: NDArray[np.uint8], net: RunAll, detector: Detector) -> list[tuple[Region, float]]:
    """Regions and scores of what the detector finds in a BGR picture, surest first."""
    framings = views(picture.shape[1], picture.shape[0], detector)
    found = []
    for first in range(0, len(framings), _BATCH):
        group = framings[first : first + _BATCH]
        boxes, scores = net(np.stack([framing.cut(picture) for framing in group]))
        for framing, box, score in zip(group, boxes, scores[..., 0], strict=True):
            found.append(_in_picture(box, score, framing, detector))
    return [
        (detector.region(*np.split(row[:-1].reshape(-1, 2), [2])), float(row[-1]))
        for row in merged(np.concatenate(found))
    ]


def _in_picture(
    outputs: NDArray[np.float32],
    logits: NDArray[np.float32],
    framing: Framing,
    detector: Detector,
) -> NDArray[np.float64]:
    """(N, 5 + 2 P) corners, points and score of what one view shows, in picture pixels."""
    scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
    sure = scores >= detector.least_score
    values = outputs[sure].astype(np.float64)
    middles = detector.side * detector.anchors[sure] - 0.5
    centre, half = values[:, :2] + middles, values[:, 2:4] / 2
    points = values[:, 4:].reshape(len(values), values.shape[1] // 2 - 2, 2) + middles[:, None]
    all_points = np.concatenate([(centre - half)[:, None], (centre + half)[:, None], points], 1)
    placed = framing.to_picture(all_points).reshape(values.shape)
    return np.column_stack([placed, scores[sure]])


def merged(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """One row a thing: the mean, weighted by score, of those that overlap the surest one."""
    found = found[np.argsort(-found[:, -1])]
    things = []
    while len(found):
        same = _overlap(found[0, :4], found[:, :4]) > _ALIKE
        same[0] = True
        weights = found[same, -1:]
        mean = (found[same, :-1] * weights).sum(axis=0) / weights.sum()
        things.append(np.append(mean, found[0, -1]))
        found = found[~same]
    return np.array(things).reshape(-1, found.shape[1])


def _overlap(box: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shared area over the area of both, of (4,) and (N, 4) corners."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = (high - low).clip(0).prod(axis=1)
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
    return shared / np.maximum(areas - shared, 1e-9)
