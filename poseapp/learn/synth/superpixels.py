"""SLIC over a video: blobs of like colour that are followed through it, as things to hide behind.

Achanta and others, "SLIC superpixels compared to state-of-the-art superpixel methods", as appendix
A of Motion-HMR uses it: clusters of pixels of the 4-D video by colour and place, where the place is
taken against the camera's motion, so that blobs stay on the things that they are part of. Centres
are found on few pixels; then every pixel goes to the nearest centre.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

Floats = NDArray[np.floating]

PLACE = (4e-4, 6e-4)
"""What a pixel of distance counts against colour in 0..1, from and to."""
COUNTS = (10, 30)
"""Superpixels of a video, from and to."""
_COARSE, _ROUNDS = 4, 10


def superpixels(
    frames: NDArray[np.uint8], camera: Floats, rng: np.random.Generator
) -> NDArray[np.int32]:
    """(T, H, W) numbers of the blobs.

    Args:
        frames: (T, H, W, 3).
        camera: (T, 2) how far the picture has moved since the centre frame, pixels.
        rng: decides how many blobs there are, where they begin, and what place counts.
    """
    count = int(rng.integers(*COUNTS, endpoint=True))
    weight = rng.uniform(*PLACE)
    coarse = np.stack([_shrunk(frame) for frame in frames])
    few = _features(coarse, camera, _COARSE, weight).reshape(-1, 5)
    centres = few[rng.choice(len(few), count, replace=False)]
    for _ in range(_ROUNDS):
        nearest = _nearest(few, centres)
        total = np.bincount(nearest, minlength=count)
        sums = [np.bincount(nearest, column, minlength=count) for column in few.T]
        centres = np.where(
            total[:, None] > 0, np.stack(sums, 1) / np.maximum(total, 1)[:, None], centres
        )
    every = [
        _nearest(_features(frame[None], camera[[n]], 1, weight).reshape(-1, 5), centres)
        for n, frame in enumerate(frames)
    ]
    return np.stack(every).reshape(frames.shape[:3]).astype(np.int32)


def one_piece(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """(T, H, W) the piece of a blob that hangs together through space and time, by its size.

    SLIC's clusters may be in several pieces; a thing is in one.
    """
    pieces: NDArray[np.int32] = np.zeros(mask.shape, np.int32)
    label(mask, output=pieces)
    sizes = np.bincount(pieces.ravel())[1:].astype(float)
    if len(sizes) < 2:
        return mask
    return pieces == 1 + rng.choice(len(sizes), p=sizes / sizes.sum())


def _shrunk(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    size = (width // _COARSE, height // _COARSE)
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _features(frames: NDArray[np.uint8], camera: Floats, step: int, weight: float) -> Floats:
    """(T, H, W, 5) colour in 0..1, and place against the camera times `weight`."""
    height, width = frames.shape[1:3]
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    place = np.stack([columns, rows], axis=-1) * step + (step - 1) / 2
    against = place[None] - camera[:, None, None]
    return np.concatenate([frames / 255, weight * against], axis=-1).astype(np.float32)


def _nearest(features: Floats, centres: Floats) -> NDArray[np.intp]:
    """(N,) the centre that each is nearest to."""
    own = np.asarray(centres, np.float32)
    return ((own**2).sum(axis=1) - 2 * features @ own.T).argmin(axis=1)
