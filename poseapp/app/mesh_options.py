"""How bodies are to be fitted: which body, and how smoothly it moves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from poseapp.domain.errors import BodyError
from poseapp.nets.body.arrays import ANNY
from poseapp.nets.motion_hmr.choice import KEYPOINTS_NET

if TYPE_CHECKING:
    from poseapp.domain.run import Run

ROUGHEST, SMOOTHEST = 0.25, 4.0
"""Between these smoothing may lie: hidden limbs need some, and a person who glides is no use."""


@dataclass(frozen=True, slots=True)
class MeshOptions:
    """What a mesh run is told."""

    body: str = ANNY
    """Anny's name, or the path of an `.npz` file of the SMPL family."""
    smoothing: float = 1.0
    """How wide a stretch of time is smoothed, against the usual one."""
    net: str = KEYPOINTS_NET
    """That the fit begins with: one that comes with the app, `NO_NET`, or the path of a file."""

    def __post_init__(self) -> None:
        if not ROUGHEST <= self.smoothing <= SMOOTHEST:
            raise BodyError(
                f"Motion cannot be smoothed {self.smoothing:g} times as much as usual. Choose "
                f"something between {ROUGHEST:g} and {SMOOTHEST:g}."
            )

    @classmethod
    def of(cls, run: Run) -> MeshOptions:
        """What a run was told; those of before there was a choice had the usual one."""
        told = run.config
        return cls(
            str(told["body"]),
            float(told.get("smoothing", 1.0)),
            str(told.get("net", KEYPOINTS_NET)),
        )

    def config(self) -> dict[str, Any]:
        """As a run keeps it."""
        return asdict(self)
