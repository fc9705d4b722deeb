"""Backdrops: pieces of real video, and how the camera moved while they were filmed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.nets.motion_hmr.pictures import flow_between

Floats = NDArray[np.floating]
Frames = NDArray[np.uint8]


def cut_out(
    film: Sequence[Frames], size: tuple[int, int], frames: int, rng: np.random.Generator
) -> Frames:
    """(frames, height, width, 3): a piece of a film, cropped by chance to width and height.

    The film is first shrunk or grown until one side is as wanted, as the paper does. A film that
    is too short runs on backwards.
    """
    width, height = size
    filmed_height, filmed_width = film[0].shape[:2]
    scale = max(width / filmed_width, height / filmed_height)
    grown = (max(round(filmed_width * scale), width), max(round(filmed_height * scale), height))
    left = int(rng.integers(0, grown[0] - width, endpoint=True))
    top = int(rng.integers(0, grown[1] - height, endpoint=True))
    first = int(rng.integers(0, max(len(film) - frames, 0), endpoint=True))
    numbers = _there_and_back(np.arange(first, first + frames), len(film))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cut = [
        cv2.resize(film[n], grown, interpolation=way)[top : top + height, left : left + width]
        for n in numbers
    ]
    return np.stack(cut).astype(np.uint8)


def camera_motion(frames: Frames) -> Floats:
    """(T, 2) pixels by which the picture has moved since the centre frame.

    The median of the flow between two frames is what the camera did; it is added up from the
    centre of the clip to both ends.
    """
    steps = [np.median(flow_between(a, b, "fast"), axis=(0, 1)) for a, b in pairwise(frames)]
    moved = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])
    return moved - moved[len(frames) // 2]


def _there_and_back(numbers: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    if count == 1:
        return np.zeros_like(numbers)
    around = numbers % (2 * count - 2)
    return np.minimum(around, 2 * count - 2 - around)
