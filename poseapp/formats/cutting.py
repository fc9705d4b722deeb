"""What formats lack: cut off the labels before an export, and said in its notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Visibility
from poseapp.domain.skeleton import guess_pairs
from poseapp.formats.base import count


def without_empty_bodies(labels: LabelSet, notes: list[str]) -> LabelSet:
    """Without instances whose keypoints are all absent."""
    kept = tuple(i for i in labels.instances if i.present.any())
    if len(kept) < len(labels.instances):
        dropped = count(len(labels.instances) - len(kept), "body", "bodies")
        notes.append(f"{dropped} without any keypoint left out.")
    return replace(labels, instances=kept)


def without_empty_frames(labels: LabelSet, notes: list[str]) -> LabelSet:
    """Without the marks of frames that show nobody."""
    if labels.empty_frames:
        marked = count(len(labels.empty_frames), "frame")
        notes.append(
            f"{marked} marked as empty left out: the format cannot tell them from frames that "
            "nobody looked at."
        )
    return replace(labels, empty_frames=frozenset())


def without_parts(labels: LabelSet, notes: list[str]) -> LabelSet:
    """Without body parts and keypoints' own colours."""
    skeleton = labels.skeleton
    if skeleton.parts:
        notes.append("Body parts left out: the format has none.")
    bare = tuple(replace(keypoint, colour=None) for keypoint in skeleton.keypoints)
    return replace(labels, skeleton=replace(skeleton, keypoints=bare, parts=()))


def without_pairs(labels: LabelSet, notes: list[str]) -> LabelSet:
    """Without left/right pairs, which an import guesses from the names again."""
    skeleton = labels.skeleton
    if set(skeleton.pairs) != set(guess_pairs(skeleton.names)):
        notes.append("Left/right pairs left out: the format has none, and the names do not tell.")
    return replace(labels, skeleton=replace(skeleton, pairs=()))


def without_bones(labels: LabelSet, notes: list[str]) -> LabelSet:
    """Without the lines between keypoints."""
    if labels.skeleton.bones:
        notes.append("Bones left out: the format has none.")
    return replace(labels, skeleton=replace(labels.skeleton, bones=()))


def without_tracks(labels: LabelSet, notes: list[str]) -> LabelSet:
    """Without the names of individuals."""
    if any(i.track is not None for i in labels.instances):
        notes.append("Tracks left out: there is no place for them in a file of one animal.")
    loose = tuple(i if i.track is None else replace(i, track=None) for i in labels.instances)
    return replace(labels, instances=loose, tracks=())


def without_hidden(labels: LabelSet, notes: list[str]) -> LabelSet:
    """With hidden keypoints turned into visible ones: their positions stay."""
    hidden = int((labels.visibility() == Visibility.OCCLUDED).sum())
    if not hidden:
        return labels
    notes.append(
        f"{count(hidden, 'hidden keypoint')} exported with position like visible ones: the format "
        "cannot mark a keypoint as hidden."
    )
    seen = tuple(
        replace(i, visibility=np.where(i.present, Visibility.VISIBLE, Visibility.ABSENT))
        for i in labels.instances
    )
    return replace(labels, instances=seen)
