"""SLEAP: `.slp` projects and `.pkg.slp` packages, which are HDF5.

Positions are pixels with (0, 0) in the centre of the top-left pixel since format 1.1. Before, the
labels a person made counted from that pixel's corner and are moved by half a pixel here; the
predictions in those files already counted from the centre, so SLEAP does not move them, nor do we.

A position marked as not visible is a hidden keypoint, no position an absent one: all three states
are kept. SLEAP's mark `complete`, that somebody looked at a point, has no counterpart; what is
written is complete. Predicted instances become predictions, its negative frames empty frames, and
the frames it suggests suggestions. A package whose film is gone brings its pictures with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import FormatError
from poseapp.domain.ids import FrameRef, RunId, TrackId, VideoId
from poseapp.domain.labels import LabelSet, Track
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.skeleton import Skeleton, guess_pairs
from poseapp.formats import sleap_skeleton
from poseapp.formats.base import (
    Format,
    Imported,
    checked_points,
    checked_scores,
    count,
    guessed_pairs,
    read_json,
    reading,
    run_of,
)
from poseapp.formats.hdf import array, attribute, text
from poseapp.formats.sleap_export import fit, save
from poseapp.formats.sleap_videos import SleapVideos, read_videos

_CENTRED_SINCE = 1.1
_NOT_YET = 3.0
_USER, _PREDICTED = 0, 1

_INSTANCE_FIELDS = (
    "instance_id",
    "instance_type",
    "frame_id",
    "skeleton",
    "track",
    "from_predicted",
    "score",
    "point_id_start",
    "point_id_end",
)
_FRAME_FIELDS = ("frame_id", "video", "frame_idx", "instance_id_start", "instance_id_end")
_POINT_FIELDS = ("x", "y", "visible", "complete")


@dataclass(frozen=True, slots=True, eq=False)
class _Bodies:
    """The instances of one kind, n of them with k keypoints each."""

    refs: list[FrameRef]
    points: NDArray[np.float64]
    """(n, k, 2) pixels"""
    visible: NDArray[np.bool_]
    """(n, k)"""
    scores: NDArray[np.float64]
    """(n, k), 0 for what a person made"""
    tracks: list[int]
    """Places in the file's list of tracks, -1 for none."""


def read(path: Path) -> Imported:
    """Read a project or a package.

    Raises:
        FormatError: when it is none, is damaged, or comes from a SLEAP that is too new.
    """
    with reading(path, "a SLEAP file"), h5py.File(path, "r") as file:
        version = float(attribute(file["metadata"], "format_id"))
        if version >= _NOT_YET:
            raise FormatError(
                f"{path.name} was written in SLEAP's format {version:g}, which is newer than can "
                "be read here. Save it in an older format, or update."
            )
        skeletons = sleap_skeleton.decoded(read_json(text(attribute(file["metadata"], "json"))))
        return _imported(file, path, skeletons, version)


def _imported(
    file: h5py.File, path: Path, skeletons: Sequence[Skeleton], version: float
) -> Imported:
    frames = _columns(file, "frames", _FRAME_FIELDS)
    rows = _columns(file, "instances", _INSTANCE_FIELDS)
    skeleton, orders = _one_skeleton(skeletons, rows["skeleton"])
    found = read_videos(file, path, set(frames["video"].tolist()))
    refs = _refs(frames, found, len(rows["skeleton"]))
    user, predicted = (
        _bodies(rows, _columns(file, name, fields), refs, orders, kind)
        for kind, name, fields in (
            (_USER, "points", _POINT_FIELDS),
            (_PREDICTED, "pred_points", (*_POINT_FIELDS, "score")),
        )
    )
    if version < _CENTRED_SINCE:
        user.points[:] -= 0.5
    for bodies in (user, predicted):
        bodies.points[:] += _corners(bodies.refs, found)
    tracks = [str(read_json(row)[1]) for row in array(file, "tracks_json")]
    instances = _instances(user, tracks)
    empty = _negative(file, found) - {i.frame for i in instances}
    suggested = _suggested(file, found)
    labels = LabelSet(
        skeleton,
        tuple(found.videos),
        instances,
        tuple(Track(TrackId(n), name) for n, name in enumerate(tracks, 1)),
        frozenset(empty),
    )
    notes = [*found.notes, *_hidden(labels), *_without_picture(refs)]
    if not any(known.pairs for known in skeletons):
        notes += guessed_pairs(skeleton)
    predictions = _predictions(predicted, tracks, run_of(path))
    return Imported(labels, predictions, tuple(notes), suggested, tuple(found.packed))


def _columns(file: h5py.File, name: str, fields: Sequence[str]) -> dict[str, NDArray]:
    """A table by columns; some writers keep it as numbers in rows without names."""
    rows = array(file, name)
    if rows.dtype.names:
        return {field: _plain(rows[field], field) for field in fields}
    if rows.ndim != 2:
        rows = rows.reshape(len(rows), -1 if rows.size else len(fields))
    return {field: _plain(rows[:, n], field) for n, field in enumerate(fields)}


def _plain(column: NDArray, field: str) -> NDArray:
    if field in {"x", "y", "score"}:
        return column.astype(np.float64)
    return column.astype(np.bool_ if field in {"visible", "complete"} else np.int64)


def _one_skeleton(
    skeletons: Sequence[Skeleton], used: NDArray[np.int64]
) -> tuple[Skeleton, dict[int, list[int]]]:
    """The skeleton that is labelled with, and for each that is used the order of its keypoints."""
    if not skeletons:
        raise FormatError("The SLEAP file has no skeleton yet. Make one in SLEAP, or start anew.")
    numbers = sorted(set(used.tolist())) or [0]
    first = skeletons[numbers[0]]
    orders = {}
    for number in numbers:
        names = skeletons[number].names
        if set(names) != set(first.names):
            raise FormatError(
                "The SLEAP file labels with several skeletons, and a project here has one. Save "
                "each skeleton's labels to a file of its own and import them into two projects."
            )
        orders[number] = [first.index(name) for name in names]
    return replace(first, pairs=first.pairs or guess_pairs(first.names)), orders


def _refs(frames: dict[str, NDArray], found: SleapVideos, instances: int) -> list[FrameRef | None]:
    """The frame of each instance; None where the package holds no picture of it."""
    refs: list[FrameRef | None] = [None] * instances
    for video, frame, start, end in zip(
        *(frames[field].tolist() for field in _FRAME_FIELDS[1:]), strict=True
    ):
        if not 0 <= start <= end <= instances:
            raise FormatError("The SLEAP file names instances that it does not hold.")
        refs[start:end] = [found.frame(video, frame)] * (end - start)
    return refs


def _bodies(
    rows: dict[str, NDArray],
    points: dict[str, NDArray],
    refs: Sequence[FrameRef | None],
    orders: dict[int, list[int]],
    kind: int,
) -> _Bodies:
    mine = np.array(
        [n for n, ref in enumerate(refs) if ref is not None and rows["instance_type"][n] == kind],
        np.intp,
    )
    size = len(next(iter(orders.values())))
    start = rows["point_id_start"][mine]
    if ((rows["point_id_end"][mine] - start) != size).any():
        raise FormatError("The SLEAP file has an instance with too many or too few keypoints.")
    if (start < 0).any() or (start + size > len(points["x"])).any():
        raise FormatError("The SLEAP file names keypoints that it does not hold.")
    place = start[:, None] + np.arange(size)  # (n, k)
    for number, order in orders.items():
        with_it = rows["skeleton"][mine] == number
        place[np.ix_(with_it, order)] = start[with_it, None] + np.arange(size)
    xy = np.stack([points["x"][place], points["y"][place]], axis=-1)
    return _Bodies(
        [ref for n in mine.tolist() if (ref := refs[n]) is not None],
        checked_points(xy, "The SLEAP file"),
        points["visible"][place],
        points["score"][place] if "score" in points else np.zeros(place.shape),
        rows["track"][mine].tolist(),
    )


def _corners(refs: Sequence[FrameRef], found: SleapVideos) -> NDArray[np.float64]:
    """(n, 1, 2): where the part of the film that was labelled begins."""
    corners = [found.corner.get(ref.video, (0.0, 0.0)) for ref in refs]
    return np.array(corners, np.float64).reshape(len(refs), 1, 2)


def _instances(bodies: _Bodies, tracks: Sequence[str]) -> tuple[Instance, ...]:
    placed = np.isfinite(bodies.points).all(axis=-1)
    seen = np.where(bodies.visible, Visibility.VISIBLE, Visibility.OCCLUDED)
    seen = np.where(placed, seen, Visibility.ABSENT).astype(np.uint8)
    return tuple(
        Instance(ref, points, visibility, track=_track(track, tracks), origin=Origin.IMPORTED)
        for ref, points, visibility, track in zip(
            bodies.refs, bodies.points, seen, bodies.tracks, strict=True
        )
    )


def _track(place: int, tracks: Sequence[str]) -> TrackId | None:
    if place >= len(tracks):
        raise FormatError("The SLEAP file names a track that it does not list.")
    return TrackId(place + 1) if place >= 0 else None


def _predictions(bodies: _Bodies, tracks: Sequence[str], run: RunId) -> tuple[PredictionSet, ...]:
    made = []
    for video in sorted({ref.video for ref in bodies.refs}):
        mine = sorted(
            (n for n, ref in enumerate(bodies.refs) if ref.video == video),
            key=lambda n: bodies.refs[n].frame,
        )
        points = np.where(bodies.visible[mine, :, None], bodies.points[mine], np.nan)
        numbers = [_track(bodies.tracks[n], tracks) for n in mine]
        made.append(
            PredictionSet(
                VideoId(video),
                run,
                np.array([bodies.refs[n].frame for n in mine], np.int64),
                points.astype(np.float32),
                checked_scores(bodies.scores[mine]),
                np.array([-1 if n is None else n - 1 for n in numbers], np.int64),
            )
        )
    return tuple(made)


def _negative(file: h5py.File, found: SleapVideos) -> set[FrameRef]:
    if "negative_frames" not in file:
        return set()
    marked = array(file, "negative_frames")
    refs = (found.frame(row["video_id"], row["frame_idx"]) for row in marked)
    return {ref for ref in refs if ref is not None}


def _suggested(file: h5py.File, found: SleapVideos) -> tuple[FrameRef, ...]:
    if "suggestions_json" not in file:
        return ()
    rows = [read_json(row) for row in array(file, "suggestions_json")]
    refs = (found.frame(row["video"], row["frame_idx"]) for row in rows)
    return tuple(dict.fromkeys(ref for ref in refs if ref is not None))


def _hidden(labels: LabelSet) -> list[str]:
    hidden = int((labels.visibility() == Visibility.OCCLUDED).sum())
    if not hidden:
        return []
    keypoints = count(hidden, "keypoint")
    return [f"{keypoints} marked as not visible became hidden, at the positions in the file."]


def _without_picture(refs: Sequence[FrameRef | None]) -> list[str]:
    lost = sum(ref is None for ref in refs)
    if not lost:
        return []
    return [
        f"{count(lost, 'body', 'bodies')} left out, in frames of which the package holds no "
        "picture. Put the film beside the package and import again to get them."
    ]


FORMAT = Format("SLEAP project", read, fit, save, lambda _: False, ".slp")
