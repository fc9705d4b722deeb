"""What makes one Motion-HMR net: what it sees, and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

from poseapp.domain.human import LIMB_KEYPOINTS

CLIP = 31
"""Frames that are looked at together."""
INPUT_KEYPOINTS = LIMB_KEYPOINTS
"""The twelve that the net is given."""
MEASURED_KEYPOINTS = (*LIMB_KEYPOINTS, "neck", "head top")
"""The fourteen that losses and errors are about."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """The choices of a net; the defaults are the paper's flow + keypoints."""

    keypoints: bool = True
    picture: str = "flow"
    """Beside keypoints: "flow", "rgb" or "" for nothing."""
    trunk: str = "resnet50"
    """"resnet50", "light", or "points": no pictures of keypoints but their numbers, for a
    net that sees nothing else."""
    side_px: int = 224
    """Of the pictures."""
    memory: int = 1024
    """Units of the LSTM, in each direction."""
    hidden: int = 1024
    """Units of heads and regressor."""
    dropout: float = 0.5
    """In the regressor."""

    def __post_init__(self) -> None:
        if self.picture not in ("", "flow", "rgb") or not (self.picture or self.keypoints):
            raise ValueError("a net must see flow, rgb or keypoints")
        if self.trunk not in ("resnet50", "light", "points"):
            raise ValueError(f"there is no trunk {self.trunk!r}")
        if self.trunk == "points" and self.picture:
            raise ValueError("a net of points sees no pictures")

    @property
    def channels(self) -> int:
        """Of the pictures of one pair: three, a heatmap a keypoint, and the total occlusion."""
        return 3 * bool(self.picture) + len(INPUT_KEYPOINTS) * self.keypoints + 1


LIGHT_KEYPOINTS = Architecture(picture="", trunk="points", memory=256, hidden=384, dropout=0.1)
"""The instant one."""
LIGHT = Architecture(trunk="light", side_px=64, memory=256, hidden=384, dropout=0.1)
"""Flow + keypoints at a size that a CPU trains; it can begin as the instant one."""
