"""The simulated annotator: knows every label of a project and tells those it is asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance
from poseapp.domain.video import Video, VideoKind
from poseapp.learn.batches import held_out


@dataclass(frozen=True, slots=True, eq=False)
class Annotator:
    """Knows every label; frames of the pool may be asked for, held-out ones only measure."""

    labels: LabelSet
    pool: tuple[FrameRef, ...]
    """Sorted."""
    held_out: tuple[FrameRef, ...]
    """Sorted; no selector sees them, nor frames close to them."""

    def bodies(self, refs: Iterable[FrameRef]) -> NDArray[np.float64]:
        """(M, K, 2) the true points of all bodies in these frames, frame by frame."""
        found = [body.points for ref in refs for body in self.bodies_in(ref)]
        return np.stack(found) if found else np.empty((0, len(self.labels.skeleton), 2))

    def bodies_in(self, ref: FrameRef) -> list[Instance]:
        """Those that have a keypoint."""
        return [body for body in self.labels.at(ref) if body.present.any()]


def annotator(
    labels: LabelSet,
    *,
    share: float = 0.25,
    groups: Mapping[VideoId, str] | None = None,
    measured_on: Collection[FrameRef] | None = None,
) -> Annotator:
    """Hide the labels and hold part of the frames out: the same part for everybody.

    Args:
        labels: of every frame that may be asked for.
        share: of the frames to hold out; whole videos where there are enough, else blocks of time.
        groups: videos of the same scene by name, which are held out together or not at all.
        measured_on: the frames to hold out, where a split is given.

    Raises:
        SelectionError: when there are too few labelled frames to hide any.
    """
    frames = tuple(
        ref for ref in labels.frames if any(body.present.any() for body in labels.at(ref))
    )
    if measured_on is not None:
        measured = [ref for ref in frames if ref in set(measured_on)]
        pool = [ref for ref in frames if ref not in set(measured_on)]
    else:
        pool, measured = _split(labels, frames, share, groups or {})
    if not pool or not measured:
        raise SelectionError(
            f"{len(frames)} labelled frames are too few to hide some and measure on others. "
            "Label more frames, in more videos or at other times."
        )
    return Annotator(labels.only([*pool, *measured]), tuple(sorted(pool)), tuple(sorted(measured)))


def apart(video: Video) -> int:
    """Frames of a video that are nearer to each other look too much alike to hold one out."""
    return max(2, round(video.fps / 2)) if video.kind is VideoKind.FILE else 2


def _split(
    labels: LabelSet, frames: Collection[FrameRef], share: float, groups: Mapping[VideoId, str]
) -> tuple[list[FrameRef], list[FrameRef]]:
    """Videos of a group stand in one row, as if they were one video."""
    names = {video.id: groups.get(video.id, f"video {video.id}") for video in labels.videos}
    number = {name: VideoId(n) for n, name in enumerate(sorted(set(names.values())))}
    end: dict[VideoId, int] = dict.fromkeys(number.values(), 0)
    moved: dict[FrameRef, FrameRef] = {}
    for video in labels.videos:
        group = number[names[video.id]]
        for ref in (ref for ref in frames if ref.video == video.id):
            moved[FrameRef(group, end[group] + ref.frame)] = ref
        end[group] += video.frame_count
    gap = {number[names[video.id]]: apart(video) for video in labels.videos}
    taught, measured = held_out(
        tuple(moved), share, lambda group: gap[group], np.random.default_rng(0)
    )
    return [moved[ref] for ref in taught], [moved[ref] for ref in measured]
