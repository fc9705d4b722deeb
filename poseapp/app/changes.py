"""Changes: what an edit touched, so that every view refreshes only what it shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from poseapp.domain.ids import FrameRef, VideoId


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from before."""

    frames: frozenset[FrameRef] = frozenset()
    """Frames whose labels differ; after a new skeleton or video list, look at all."""
    videos: bool = False
    skeleton: bool = False
    suggestions: bool = False
    runs: bool = False
    tracks: bool = False
    predictions: frozenset[VideoId] = frozenset()
    """Videos whose predictions differ."""
    meshes: frozenset[VideoId] = frozenset()
    """Videos whose meshes differ."""

    def __or__(self, other: Changes) -> Changes:
        return Changes.merged((self, other))

    @staticmethod
    def merged(parts: Iterable[Changes]) -> Changes:
        """All that any of the parts touched."""
        parts = tuple(parts)
        return Changes(
            frozenset[FrameRef]().union(*(part.frames for part in parts)),
            any(part.videos for part in parts),
            any(part.skeleton for part in parts),
            any(part.suggestions for part in parts),
            any(part.runs for part in parts),
            any(part.tracks for part in parts),
            frozenset[VideoId]().union(*(part.predictions for part in parts)),
            frozenset[VideoId]().union(*(part.meshes for part in parts)),
        )
