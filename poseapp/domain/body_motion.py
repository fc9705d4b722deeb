"""BodyMotion: one individual's body through a video, as parameters before a camera.

Axes of the camera: x right, y down, z away from it, metres. With a body's vertices or keypoints
for `rotations` and `shape`, a point lies at `point + translation` in those axes and is seen at
x = f · X/Z + (width - 1)/2, y = f · Y/Z + (height - 1)/2: the camera looks at the picture's middle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NEIGHBOURS = 2
"""On each side of a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class BodyMotion:
    """T frames of one individual; frames that are not there are gaps."""

    body: str
    """Which body the parameters are of: the name of the model."""
    size: tuple[int, int]
    """Width and height of the pictures."""
    focal_px: float
    frames: NDArray[np.int64]
    """(T,) ascending frame numbers."""
    rotations: Floats
    """(T, J, 3) axis angles in radians, each against the joint's parent; the root, which comes
    first, against the camera's axes."""
    shape: Floats
    """(S,) standard deviations: one shape for all frames, since it is one person."""
    translation: Floats
    """(T, 3) metres from the camera to the body's origin."""
    error_px: Floats | None = None
    """(T,) mean distance of the body's keypoints from those seen; NaN where none was seen."""

    def __post_init__(self) -> None:
        count = len(self.frames)
        if self.rotations.shape != (count, *self.rotations.shape[1:2], 3):
            raise ValueError("rotations of a BodyMotion must be (T, J, 3)")
        if self.translation.shape != (count, 3) or self.shape.ndim != 1:
            raise ValueError("the arrays of a BodyMotion do not fit together")
        if self.error_px is not None and self.error_px.shape != (count,):
            raise ValueError("a BodyMotion needs one error for each frame")
        if (np.diff(self.frames) <= 0).any():
            raise ValueError("frames of a BodyMotion must ascend")
        if self.focal_px <= 0:
            raise ValueError("the focal length of a BodyMotion must be positive")

    def __len__(self) -> int:
        return len(self.frames)

    def place(self, frame: int) -> int | None:
        """Where a frame stands in the arrays; None where the individual is not in it."""
        at = int(np.searchsorted(self.frames, frame))
        return at if at < len(self.frames) and self.frames[at] == frame else None

    def neighbourhood(self, frame: int) -> BodyMotion:
        """A frame that it has, with up to two before and two after it."""
        at = int(np.searchsorted(self.frames, frame))
        return self.part(slice(max(at - _NEIGHBOURS, 0), at + _NEIGHBOURS + 1))

    def part(self, chosen: NDArray[np.bool_] | slice) -> BodyMotion:
        """Some of the frames."""
        return replace(
            self,
            frames=self.frames[chosen],
            rotations=self.rotations[chosen],
            translation=self.translation[chosen],
            error_px=None if self.error_px is None else self.error_px[chosen],
        )
