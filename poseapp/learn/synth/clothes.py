"""Clothes, skin and light for made-up people: a colour for each vertex of a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from poseapp.nets.body.body import Body

Floats = NDArray[np.floating]

_SHIRT = ("spine", "collar", "shoulder")
_TROUSERS = ("pelvis", "hip")
_SLEEVES, _LEGS, _SHOES = ("elbow",), ("knee",), ("ankle",)
_WAVES = 12
_PIXELS_PER_M = (100, 400)
"""Of photographs that are worn."""

Cloth = Literal["plain", "striped", "blotched", "photograph"]


@dataclass(frozen=True, slots=True)
class Look:
    """What made-up people may wear, and how they are lit and filmed."""

    cloths: tuple[Cloth, ...] = ("plain", "striped", "blotched")
    lamp: tuple[float, float] = (0.3, 0.9)
    """Brightness of the lamp, from and to."""
    everywhere: tuple[float, float] = (0.25, 0.7)
    """Of the light from everywhere."""
    grain: float = 0.0
    """Standard deviation of the noise on the person, in grey levels."""


DRAWN_LOOK = Look()
OTHER_LOOK = Look(("photograph",), (0.7, 1.1), (0.1, 0.3), 4.0)
"""For people that are measured on: pieces of photographs, hard light and a noisy camera."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """One lamp and the light from everywhere."""

    towards: Floats
    """(3,) unit vector from the person to the lamp, camera axes."""
    lamp: float
    everywhere: float

    def shade(self, normals: Floats) -> Floats:
        """(V,) brightness of surfaces with these unit normals."""
        return self.everywhere + self.lamp * np.maximum(normals @ self.towards, 0)


def random_light(look: Look, rng: np.random.Generator) -> Light:
    """From anywhere above and before the person, as strong as the look allows."""
    towards = rng.normal((0.0, -0.8, -0.8), 1.0)
    towards /= np.linalg.norm(towards)
    return Light(towards, rng.uniform(*look.lamp), rng.uniform(*look.everywhere))


def random_clothes(
    body: Body, look: Look, photograph: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.float32]:
    """(V, 3) BGR in 0..1 by vertex: shirt, trousers, shoes, hair and skin, each with its pattern.

    Sleeves and trouser legs are long or short.

    Args:
        body: is dressed.
        look: says which cloths there are.
        photograph: (H, W, 3) of which pieces may be worn.
        rng: chooses.
    """
    rest = body.template.numpy()
    kinds = np.array([name.split()[-1].rstrip("123") for name in body.joint_names])
    kind = kinds[body.skin.argmax(dim=1).numpy()]
    tone = rng.uniform(0.25, 0.95)
    skin = tone * np.array([0.62, 0.74, 1.0]) * rng.uniform(0.9, 1.1, 3)
    colours = np.tile(skin, (len(rest), 1))
    shirt = np.isin(kind, _SHIRT + _SLEEVES * int(rng.random() < 0.5))
    trousers = np.isin(kind, _TROUSERS + _LEGS * int(rng.random() < 0.7))
    crown = body.regressor[body.keypoint_names.index("head top")].numpy() @ rest
    hair = np.linalg.norm(rest - crown - (0, -0.02, -0.05), axis=1) < rng.uniform(0.05, 0.13)
    for worn in (shirt, trousers, np.isin(kind, _SHOES)):
        colours[worn] = _cloth(rest[worn], look, photograph, rng)
    colours[hair] = rng.uniform(0.02, 0.5) * np.array([0.5, 0.7, 1.0])
    return np.clip(colours, 0, 1).astype(np.float32)


def _cloth(
    places: Floats, look: Look, photograph: NDArray[np.uint8], rng: np.random.Generator
) -> Floats:
    """(N, 3) colours: plain, with waves of another colour through it, or from a photograph."""
    base, other = rng.uniform(0.03, 1, 3), rng.uniform(0.03, 1, 3)
    cloth = look.cloths[rng.integers(len(look.cloths))]
    if cloth == "photograph":
        return _printed(places, photograph, rng)
    if cloth == "plain":
        return base + 0.05 * np.sin(places @ rng.normal(0, 60, (3, 1)))
    if cloth == "striped":
        direction = rng.normal(size=3)
        waves = np.sin(places @ (direction / np.linalg.norm(direction)) * rng.uniform(40, 200))
    else:
        waves = np.sin(places @ rng.normal(0, 25, (3, _WAVES)) + rng.uniform(0, 6, _WAVES)).mean(1)
        waves = 3 * waves
    share = (0.5 + 0.5 * np.clip(3 * waves, -1, 1))[:, None]
    return share * base + (1 - share) * other


def _printed(places: Floats, photograph: NDArray[np.uint8], rng: np.random.Generator) -> Floats:
    """(N, 3) a piece of the photograph, seen from the front; it is repeated beyond its edges."""
    height, width = photograph.shape[:2]
    scale, corner = rng.uniform(*_PIXELS_PER_M), rng.uniform(0, (width, height))
    across = np.floor(corner[0] + scale * places[:, 0]).astype(int) % width
    down = np.floor(corner[1] - scale * places[:, 1]).astype(int) % height
    return photograph[down, across] / 255
