"""Which unlabelled frames a labelled one may be paired with, and the rules that need no agent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from poseapp.learn.remote.settings import Partners

Frames = NDArray[np.intp]


def action_set(anchor: int, window: int, free: Frames) -> Frames:
    """A = [t_k - T, t_k + T], of which only free frames may be picked."""
    return free[np.abs(free - anchor) <= window]


def by_rule(rule: Partners, anchor: int, actions: Frames, chance: np.random.Generator) -> int:
    """The row of the action that chance takes, or that lies nearest to n frames before.

    Where the frame n before is labelled or not there, the nearest to it stands in; of two as near
    the earlier.
    """
    if rule.offset is None:
        return int(chance.integers(len(actions)))
    return int(np.abs(actions - (anchor - rule.offset)).argmin())
