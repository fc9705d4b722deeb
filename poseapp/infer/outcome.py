"""What a run over videos says besides its predictions; read where no net is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from poseapp.domain.ids import VideoId


@dataclass(frozen=True, slots=True)
class VideoDone:
    """Every readable frame of this video was predicted and sent."""

    video: VideoId


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the whole run."""

    frames: int
    """That were predicted."""
    damaged: int
    """That could not be read and were left out."""
    frames_per_s: float
    stopped: bool
