"""Augmentation: the same label turned, scaled, moved, mirrored, dimmed and covered."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far each change may go; 0 switches it off."""

    rotation_deg: float = 25.0
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


def geometric_change(
    how: Augmentation, canvas: tuple[int, int], rng: np.random.Generator
) -> tuple[NDArray[np.float64], bool]:
    """A random (2, 3) change of input pixels about the canvas's middle, and whether it mirrors."""
    w, h = canvas
    angle = np.deg2rad(rng.uniform(-how.rotation_deg, how.rotation_deg))
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
