"""Augmentation: the same label turned, scaled, moved, mirrored, dimmed and covered."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far each change may go; 0 switches it off."""

    rotation_deg: float | None = None
    """Either way; None takes `turning` of the labels."""
    scale: float = 0.2
    """Sizes vary between 1 / (1 + scale) and 1 + scale."""
    shift: float = 0.08
    """Share of the input's sides."""
    brightness: float = 0.25
    contrast: float = 0.25
    noise: float = 0.03
    """Standard deviation, share of white."""
    blur: float = 0.15
    """How often a picture is blurred a little."""
    cutout: float = 0.3
    """How often a rectangle is covered."""
    flip: bool = False
    """Mirror every second picture and swap left with right."""


NONE = Augmentation(0, 0, 0, 0, 0, 0, 0, 0)


def turning(bodies: NDArray[np.float64]) -> float:
    """How far labelled bodies turn in the picture, in degrees either way: 15 at least, 180 freely.

    Each body's angle is the one that lays it best over the mean body; the answer is twice the
    circular standard deviation of the angles.

    Args:
        bodies: (N, K, 2) pixels, NaN where absent.
    """
    places = bodies @ np.array([1.0, 1j])
    present = np.isfinite(places)
    middles = np.where(present, places, 0).sum(axis=1) / present.sum(axis=1).clip(1)
    offsets = np.where(present, places - middles[:, None], 0)
    mean = offsets[np.abs(offsets).sum(axis=1).argmax()]
    turns = np.ones(len(bodies), complex)
    for _ in range(10):
        turns = np.exp(1j * np.angle(offsets @ mean.conj()))
        mean = (offsets * turns.conj()[:, None]).mean(axis=0)
    agreement = abs(turns.mean())
    deviation = np.sqrt(-2 * np.log(agreement.clip(1e-9, 1.0)))
    return float(np.clip(2 * np.rad2deg(deviation), 15.0, 180.0))


def geometric_change(
    how: Augmentation, canvas: tuple[int, int], rng: np.random.Generator
) -> tuple[NDArray[np.float64], bool]:
    """A random (2, 3) change of input pixels about the canvas's middle, and whether it mirrors."""
    w, h = canvas
    widest = np.deg2rad(how.rotation_deg or 0.0)
    angle = rng.uniform(-widest, widest)
    size = (1 + how.scale) ** rng.uniform(-1, 1)
    mirrored = how.flip and rng.random() < 0.5
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn = turn @ np.diag([-1.0, 1.0])
    middle = np.array([(w - 1) / 2, (h - 1) / 2])
    shift = rng.uniform(-how.shift, how.shift, 2) * (w, h)
    return np.column_stack([turn, middle + shift - turn @ middle]), mirrored


def changed_light(
    picture: NDArray[np.uint8], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """The picture brighter or darker, flatter or harder, noisy, blurred or partly covered."""
    values: NDArray = picture.astype(np.float32)
    gain = 1 + rng.uniform(-how.contrast, how.contrast)
    values = (values - 128) * gain + 128 + 255 * rng.uniform(-how.brightness, how.brightness)
    if rng.random() < how.blur:
        values = cv2.GaussianBlur(values, (0, 0), rng.uniform(0.4, 1.2))
    if how.noise:
        deviation = 255 * how.noise * rng.random()
        values = values + rng.standard_normal(values.shape, np.float32) * np.float32(deviation)
    if rng.random() < how.cutout:
        _cover(values, rng)
    return values.clip(0, 255).astype(np.uint8)


def _cover(values: NDArray, rng: np.random.Generator) -> None:
    h, w = values.shape[:2]
    high, wide = (rng.uniform(0.05, 0.25, 2) * (h, w)).astype(int)
    y, x = rng.integers(0, h - high), rng.integers(0, w - wide)
    values[y : y + high, x : x + wide] = rng.uniform(0, 255)
