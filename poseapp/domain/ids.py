"""Names for things: small values that cannot be mixed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

VideoId = NewType("VideoId", int)
InstanceId = NewType("InstanceId", int)
TrackId = NewType("TrackId", int)
RunId = NewType("RunId", str)
SuggestionId = NewType("SuggestionId", int)


@dataclass(frozen=True, slots=True, order=True)
class FrameRef:
    """One frame of one video; frames count from 0 in presentation order."""

    video: VideoId
    frame: int

    def __post_init__(self) -> None:
        if self.frame < 0:
            raise ValueError(f"frame {self.frame} is negative")
