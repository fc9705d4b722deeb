"""Clothes, skin and light for made-up people: a colour for each vertex of a body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.nets.body.body import Body

Floats = NDArray[np.floating]

_SHIRT = ("spine", "collar", "shoulder")
_TROUSERS = ("pelvis", "hip")
_SLEEVES, _LEGS, _SHOES = ("elbow",), ("knee",), ("ankle",)
_WAVES = 12


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


def random_light(rng: np.random.Generator) -> Light:
    """From anywhere above and before the person, of any strength."""
    towards = rng.normal((0.0, -0.8, -0.8), 1.0)
    return Light(towards / np.linalg.norm(towards), rng.uniform(0.3, 0.9), rng.uniform(0.25, 0.7))


def random_clothes(body: Body, rng: np.random.Generator) -> NDArray[np.float32]:
    """(V, 3) BGR in 0..1 by vertex: shirt, trousers, shoes, hair and skin, each with its pattern.

    Sleeves and trouser legs are long or short.
    """
    rest = body.template.numpy()
    owner = np.array(body.joint_names)[body.skin.argmax(dim=1).numpy()]
    kind = np.array([name.split()[-1].rstrip("123") for name in owner])
    tone = rng.uniform(0.25, 0.95)
    skin = tone * np.array([0.62, 0.74, 1.0]) * rng.uniform(0.9, 1.1, 3)
    colours = np.tile(skin, (len(rest), 1))
    shirt = np.isin(kind, _SHIRT + _SLEEVES * int(rng.random() < 0.5))
    trousers = np.isin(kind, _TROUSERS + _LEGS * int(rng.random() < 0.7))
    crown = body.regressor[body.keypoint_names.index("head top")].numpy() @ rest
    hair = np.linalg.norm(rest - crown - (0, -0.02, -0.05), axis=1) < rng.uniform(0.05, 0.13)
    for worn in (shirt, trousers, np.isin(kind, _SHOES)):
        colours[worn] = _cloth(rest[worn], rng)
    colours[hair] = rng.uniform(0.02, 0.5) * np.array([0.5, 0.7, 1.0])
    return np.clip(colours, 0, 1).astype(np.float32)


def _cloth(places: Floats, rng: np.random.Generator) -> Floats:
    """(N, 3) a colour with waves of other colours through it: plain, striped or blotched."""
    base, other = rng.uniform(0.03, 1, 3), rng.uniform(0.03, 1, 3)
    pattern = rng.integers(3)
    if pattern == 0:
        return base + 0.05 * np.sin(places @ rng.normal(0, 60, (3, 1)))
    if pattern == 1:
        direction = rng.normal(size=3)
        waves = np.sin(places @ (direction / np.linalg.norm(direction)) * rng.uniform(40, 200))
    else:
        waves = np.sin(places @ rng.normal(0, 25, (3, _WAVES)) + rng.uniform(0, 6, _WAVES)).mean(1)
        waves = 3 * waves
    share = (0.5 + 0.5 * np.clip(3 * waves, -1, 1))[:, None]
    return share * base + (1 - share) * other
