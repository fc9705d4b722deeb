"""From pictures to bodies: framing, nets, decoding. The nets are callables, whoever runs them.

Training measures held-out frames through this with torch, inference through onnxruntime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.nets.card import Card, NetFile
from poseapp.nets.framing import Framing, crop, letterbox
from poseapp.nets.heatmaps import cell_to_pixel, decode, local_maxima

RunNet = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""(N, height, width, 3) BGR → (N, K, h, w) heatmaps."""

LEAST_CENTROID = 0.2
"""A centroid peak below this height is no body."""


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """What was found in one picture, surest first."""

    points: NDArray[np.float64]
    """(I, K, 2) picture pixels."""
    scores: NDArray[np.float32]
    """(I, K) in 0..1."""
    heatmaps: NDArray[np.float32]
    """(I, K, h, w) that they were read from."""
    framings: tuple[Framing, ...] = ()
    """How the net's input of each lay in the picture."""


def estimate(
    pictures: Sequence[NDArray[np.uint8]], card: Card, pose: RunNet, centroid: RunNet | None = None
) -> list[Bodies]:
    """The bodies in each picture; pictures may differ in size."""
    if card.centroid is None or centroid is None:
        framings = [[letterbox(_size(picture), card.pose.canvas)] for picture in pictures]
    else:
        framings = _crops(pictures, card, centroid)
    inputs = [f.cut(p) for p, around in zip(pictures, framings, strict=True) for f in around]
    maps = pose(np.stack(inputs)) if inputs else _no_maps(card)
    found, first = [], 0
    for around in framings:
        found.append(_read(maps[first : first + len(around)], around, card.pose))
        first += len(around)
    return found


def _crops(
    pictures: Sequence[NDArray[np.uint8]], card: Card, centroid: RunNet
) -> list[list[Framing]]:
    """A square around each body's middle."""
    net, side = card.centroid, card.crop_px
    if net is None or side is None:
        raise ValueError("the card of a top-down net lacks its centroid net or its crop")
    framings = [letterbox(_size(picture), net.canvas) for picture in pictures]
    maps = centroid(np.stack([f.cut(p) for f, p in zip(framings, pictures, strict=True)]))
    crops = []
    for framing, heatmap in zip(framings, maps[:, 0], strict=True):
        found = local_maxima(heatmap, LEAST_CENTROID)[: card.instances]
        if not len(found) and card.instances == 1:
            found = local_maxima(heatmap, heatmap.max())[:1]
        middles = framing.to_picture(cell_to_pixel(found[:, :2], net.stride))
        scale = card.pose.width / side
        crops.append([crop(x, y, scale, card.pose.canvas) for x, y in middles])
    return crops


def _read(maps: NDArray[np.float32], framings: list[Framing], net: NetFile) -> Bodies:
    cells, scores = decode(maps, net.readout)
    pixels = cell_to_pixel(cells, net.stride)
    points = [framing.to_picture(p) for framing, p in zip(framings, pixels, strict=True)]
    return Bodies(np.array(points).reshape(cells.shape), scores, maps, tuple(framings))


def _no_maps(card: Card) -> NDArray[np.float32]:
    side = card.pose.height // card.pose.stride, card.pose.width // card.pose.stride
    return np.empty((0, len(card.skeleton), *side), np.float32)


def _size(picture: NDArray[np.uint8]) -> tuple[int, int]:
    return picture.shape[1], picture.shape[0]
