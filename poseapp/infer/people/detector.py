"""Detectors that see small pictures: a large one is scanned whole and in tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


@dataclass(frozen=True, slots=True)
class Detector:
    """One of the detectors: what its outputs mean."""

    side: int
    """Of its input, in pixels."""
    read: Callable[[Sequence[NDArray[np.float32]]], NDArray[np.float64]]
    """From all outputs for one view: (N, 5 + 2 P) corners of boxes, points in them, and scores in
    0..1 of what is there, in pixels of the input."""
    region: Callable[[NDArray[np.float64], NDArray[np.float64]], Region]
    """From the (2, 2) corners of a box and the (P, 2) points in it, picture pixels."""


@dataclass(frozen=True)
class Anchors:
    """Places that the outputs of a single-shot detector are relative to."""

    side: int
    """Of its input, in pixels."""
    layers: tuple[tuple[int, int], ...]
    """Cells along a side, and places a cell."""
    least_score: float

    @cached_property
    def places(self) -> NDArray[np.float64]:
        """(A, 2) middles of the cells, pixels of the input."""
        found = []
        for cells, each in self.layers:
            middles = (np.arange(cells) + 0.5) / cells
            grid = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
            found.append(np.repeat(grid, each, axis=0))
        return self.side * np.concatenate(found) - 0.5

    def read(self, outputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
        """See `Detector.read`; from (A, 4 + 2 P) boxes and points and (A, 1) logits."""
        boxes, logits = outputs[:2]
        scores = 1 / (1 + np.exp(-np.clip(logits[:, 0], -80, 80)))
        sure = scores >= self.least_score
        values = boxes[sure].astype(np.float64)
        places = self.places[sure]
        centre, half = values[:, :2] + places, values[:, 2:4] / 2
        points = values[:, 4:].reshape(len(values), values.shape[1] // 2 - 2, 2) + places[:, None]
        corners = np.stack([centre - half, centre + half], axis=1)
        flat = np.concatenate([corners, points], axis=1).reshape(values.shape)
        return np.column_stack([flat, scores[sure]])


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
        outputs = net(np.stack([framing.cut(picture) for framing in group]))
        for n, framing in enumerate(group):
            rows = detector.read([output[n] for output in outputs])
            count, width = rows.shape
            placed = framing.to_picture(rows[:, :-1].reshape(count, width // 2, 2))
            found.append(np.column_stack([placed.reshape(count, width - 1), rows[:, -1]]))
    return [
        (detector.region(*np.split(row[:-1].reshape(-1, 2), [2])), float(row[-1]))
        for row in merged(np.concatenate(found))
    ]


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
