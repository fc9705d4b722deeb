"""Captured motion: a tree of joints, and how each is turned in every frame.

Metres, x to the left of a person who looks along z, y up, as bodies have it. At rest nothing is
turned; a joint's rotation turns all that hangs on it, about axes that lie as they do at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """T frames of J joints."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    """(J,) each before its children; -1 for the root, which comes first."""
    offsets: Floats
    """(J, 3) from the parent, at rest."""
    rotations: Floats
    """(T, J, 3, 3) against the parent."""
    root: Floats
    """(T, 3) where the root is."""
    fps: float

    def __len__(self) -> int:
        return len(self.root)

    def positions(self) -> Floats:
        """(T, J, 3) by forward kinematics: p = p_parent + R_parent · offset."""
        places, turns = [self.root], [self.rotations[:, 0]]
        for joint, parent in enumerate(self.parents[1:], start=1):
            places.append(places[parent] + turns[parent] @ self.offsets[joint])
            turns.append(turns[parent] @ self.rotations[:, joint])
        return np.stack(places, axis=1)
