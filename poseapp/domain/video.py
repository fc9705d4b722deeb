"""Video: a film, a folder of pictures or a list of pictures, as the project knows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from poseapp.domain.ids import VideoId


class VideoKind(StrEnum):
    """What stands behind a video."""

    FILE = "file"
    IMAGES = "images"
    """Pictures in a folder; `Video.images` gives their order."""


@dataclass(frozen=True, slots=True)
class Video:
    """Where a video is and what was read of it; frames are reached through `media`."""

    id: VideoId
    path: Path
    """Absolute: the film, or the folder that `images` are relative to."""
    width: int
    height: int
    frame_count: int
    fps: float
    kind: VideoKind = VideoKind.FILE
    images: tuple[str, ...] = ()
    """Posix paths relative to `path`, one a frame; empty for films."""
    fingerprint: str = ""
    """Says whether a file found elsewhere is the same video."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def pace(self) -> float:
        """Frames in a second, at which it is played; 25 where it does not say."""
        return self.fps or 25.0

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its frames in pixels."""
        return (self.width - 1) / 2, (self.height - 1) / 2
