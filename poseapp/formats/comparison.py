"""Whether labels that were written and read again are the same: the last check of every export."""

from __future__ import annotations

from collections import Counter

from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet
from poseapp.domain.video import VideoKind

_Place = tuple[str, str | int]


def differences(asked: LabelSet, got: LabelSet) -> list[str]:
    """What is not the same, in words; empty when an import gives back what was asked for.

    Frames of films are compared by number; pictures by name, since a folder may hold more of them
    than are labelled. Bones and pairs count where the labels have any. Nothing is rounded.
    """
    found = []
    if asked.skeleton.names != got.skeleton.names:
        found.append("the keypoints")
    if asked.skeleton.bones and asked.skeleton.bones != got.skeleton.bones:
        found.append("the bones")
    if asked.skeleton.pairs and set(asked.skeleton.pairs) != set(got.skeleton.pairs):
        found.append("the left/right pairs")
    wanted, read = _labels(asked), _labels(got)
    lost, new = (wanted - read).total(), (read - wanted).total()
    if lost or new:
        found.append(f"{max(lost, new)} labels")
    if _empty(asked) != _empty(got):
        found.append("the empty frames")
    return found


def _labels(labels: LabelSet) -> Counter[tuple[object, ...]]:
    names = {track.id: track.name for track in labels.tracks}
    place_of = {ref: _place(labels, ref) for ref in labels.frames}
    return Counter(
        (
            place_of[i.frame],
            None if i.track is None else names.get(i.track),
            i.visibility.tobytes(),
            tuple(i.points[i.present].ravel().tolist()),
        )
        for i in labels.instances
    )


def _empty(labels: LabelSet) -> set[_Place]:
    return {_place(labels, ref) for ref in labels.empty_frames}


def _place(labels: LabelSet, ref: FrameRef) -> _Place:
    video = labels.video(ref.video)
    if video.kind is VideoKind.IMAGES:
        picture = video.path / video.images[ref.frame]
        return picture.parent.name, picture.name
    return f"{labels.videos.index(video)} {video.name}", ref.frame
