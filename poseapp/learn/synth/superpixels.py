"""SLIC over a video: blobs of like colour that are followed through it, as things to hide behind.

Achanta and others, "SLIC superpixels compared to state-of-the-art superpixel methods", as appendix
A of Motion-HMR uses it: clusters of pixels of the 4-D video by colour and place, where the place is
taken against the camera's motion, so that blobs stay on the things that they are part of. Centres
are found on few pixels; then every pixel goes to the nearest centre.
"""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, eq=False)
class Superpixels:
    """Blobs of a video: every pixel belongs to the nearest centre."""

    frames: NDArray[np.uint8]
    """(T, H, W, 3)"""
    camera: Floats
    """(T, 2) pixels by which the picture has moved since the centre frame."""
    weight: float
    """What a pixel of distance counts against colour."""
    centres: Floats
    """(N, 5) features."""

    def __len__(self) -> int:
        return len(self.centres)

    def mask(self, number: int) -> NDArray[np.bool_]:
        """(T, H, W) the pixels of one blob, frame by frame to save memory."""
        found = []
        for frame, moved in zip(self.frames, self.camera, strict=True):
            features = _features(frame[None], moved[None], 1, self.weight)
            apart = _apart(features.reshape(-1, 5), self.centres)
            found.append(apart[number] == apart.min(axis=0))
        return np.stack(found).reshape(self.frames.shape[:3])


def superpixels(frames: NDArray[np.uint8], camera: Floats, rng: np.random.Generator) -> Superpixels:
    """Divide a video into blobs.

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
        apart = _apart(few, centres)
        nearest = (apart == apart.min(axis=0)).argmax(axis=0)  # much faster than argmin
        total = np.bincount(nearest, minlength=count)
        sums = [np.bincount(nearest, column, minlength=count) for column in few.T]
        centres = np.where(
            total[:, None] > 0, np.stack(sums, 1) / np.maximum(total, 1)[:, None], centres
        )
    return Superpixels(frames, camera, weight, centres)


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
    features = np.empty((*frames.shape[:3], 5), np.float32)
    np.divide(frames, 255, out=features[..., :3])
    features[..., 3:] = weight * (place[None] - camera[:, None, None])
    return features


def _apart(features: Floats, centres: Floats) -> Floats:
    """(C, N) squared distances from (C, 5) centres, less what is the same for all centres."""
    own = np.asarray(centres, np.float32)
    apart = (-2 * own) @ features.T
    apart += (own**2).sum(axis=1)[:, None]
    return apart
