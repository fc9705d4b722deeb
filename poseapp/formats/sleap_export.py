"""Writing SLEAP projects and packages, in the layout that SLEAP 1.3 and later read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from poseapp.domain.errors import ExportError
from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Visibility
from poseapp.domain.video import Video, VideoKind
from poseapp.formats import atomic, hdf, sleap_skeleton
from poseapp.formats.base import Fitted, Pictures
from poseapp.formats.cutting import without_parts
from poseapp.formats.pictures import encoded

_VERSION = 1.4
_PACKAGE = ".pkg.slp"

_FRAME = np.dtype(
    [
        ("frame_id", "u8"),
        ("video", "u4"),
        ("frame_idx", "u8"),
        ("instance_id_start", "u8"),
        ("instance_id_end", "u8"),
    ]
)
_INSTANCE = np.dtype(
    [
        ("instance_id", "i8"),
        ("instance_type", "u1"),
        ("frame_id", "u8"),
        ("skeleton", "u4"),
        ("track", "i4"),
        ("from_predicted", "i8"),
        ("score", "f4"),
        ("point_id_start", "u8"),
        ("point_id_end", "u8"),
        ("tracking_score", "f4"),
    ]
)
_POINT = np.dtype([("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")])
_PREDICTED_POINT = np.dtype([*_POINT.descr, ("score", "f8")])
_NEGATIVE = np.dtype([("video_id", "u4"), ("frame_idx", "u8")])


def fit(labels: LabelSet) -> Fitted:
    """What SLEAP can hold of these labels: all but body parts and colours."""
    notes: list[str] = []
    cut = without_parts(labels, notes)
    return Fitted(cut, tuple(notes), labels)


def save(fitted: Fitted, target: Path, out: Path, pictures: Pictures | None) -> tuple[str, ...]:
    """Write a project, or a package with the pictures of the labelled frames (`*.pkg.slp`)."""
    labels = fitted.labels
    packed = out.name.lower().endswith(_PACKAGE)
    if packed and pictures is None:
        raise ExportError(
            "A SLEAP package holds pictures. Export with pictures, or call the file .slp."
        )
    with hdf.image() as (file, content):
        metadata = {
            "version": "2.0.0",
            **sleap_skeleton.encoded(labels.skeleton),
            "videos": [],
            "tracks": [],
            "suggestions": [],
            "negative_anchors": {},
            "provenance": {},
        }
        group = file.create_group("metadata")
        group.attrs["format_id"] = _VERSION
        group.attrs["json"] = np.bytes_(json.dumps(metadata).encode())
        videos = [_recorded(video) for video in labels.videos]
        if packed and pictures is not None:
            videos = [
                _packed(file, n, labels, video, recorded, pictures)
                for n, (video, recorded) in enumerate(zip(labels.videos, videos, strict=True))
            ]
        _rows(file, "videos_json", videos)
        _rows(file, "tracks_json", [[0, track.name] for track in labels.tracks])
        _rows(file, "suggestions_json", [])
        _tables(file, labels)
    atomic.write_bytes(target, content[0])
    return ()


def _rows(file: h5py.File, name: str, rows: list[Any]) -> None:
    texts = [json.dumps(row, separators=(",", ":")) for row in rows]
    file.create_dataset(name, data=texts, dtype=h5py.string_dtype(), maxshape=(None,))


def _recorded(video: Video) -> dict[str, Any]:
    shape = [video.frame_count, video.height, video.width, 3] if video.width else None
    if video.kind is VideoKind.FILE:
        backend = {
            "type": "MediaVideo",
            "shape": shape,
            "filename": video.path.as_posix(),
            "grayscale": None,
            "bgr": True,
            "dataset": "",
            "input_format": "",
            "fps": video.fps,
        }
        return {"filename": video.path.as_posix(), "backend": backend}
    files = [(video.path / name).as_posix() for name in video.images]
    backend = {
        "type": "ImageVideo",
        "shape": shape,
        "filename": files[0],
        "filenames": files,
        "height_": video.height or None,
        "width_": video.width or None,
        "channels_": 3,
        "grayscale": None,
        "fps": video.fps,
    }
    return {"filename": files, "backend": backend}


def _packed(
    file: h5py.File,
    n: int,
    labels: LabelSet,
    video: Video,
    recorded: dict[str, Any],
    pictures: Pictures,
) -> dict[str, Any]:
    """Put the pictures of a video's labelled frames into the file, as PNG in normal colours."""
    frames = sorted(
        ref.frame for ref in {*labels.frames, *labels.empty_frames} if ref.video == video.id
    )
    content = [
        np.frombuffer(encoded(pictures(FrameRef(video.id, frame))), np.int8) for frame in frames
    ]
    group = file.create_group(f"video{n}")
    dataset = group.create_dataset("video", (len(frames),), h5py.vlen_dtype(np.int8))
    for place, picture in enumerate(content):
        dataset[place] = picture
    dataset.attrs.update(
        {
            "format": "png",
            "channel_order": "RGB",
            "frames": video.frame_count,
            "height": video.height,
            "width": video.width,
            "channels": 3,
        }
    )
    group.create_dataset("frame_numbers", data=np.array(frames, np.int64))
    source = group.create_group("source_video")
    source.create_dataset("json", data=np.bytes_(json.dumps(recorded).encode()))
    backend = {
        "type": "HDF5Video",
        "shape": recorded["backend"]["shape"],
        "filename": ".",
        "dataset": f"video{n}/video",
        "input_format": "channels_last",
        "convert_range": False,
        "has_embedded_images": True,
        "grayscale": False,
    }
    return {"filename": ".", "backend": backend, "source_video": recorded}


def _tables(file: h5py.File, labels: LabelSet) -> None:
    place_of = {video.id: n for n, video in enumerate(labels.videos)}
    track_of = {track.id: n for n, track in enumerate(labels.tracks)}
    size = len(labels.skeleton)
    frames: list[tuple[int, ...]] = []
    instances: list[tuple[float, ...]] = []
    for frame_id, ref in enumerate(sorted({*labels.frames, *labels.empty_frames})):
        first = len(instances)
        for instance in labels.at(ref):
            n = len(instances)
            track = -1 if instance.track is None else track_of[instance.track]
            instances.append((n, 0, frame_id, 0, track, -1, 0.0, n * size, (n + 1) * size, 0.0))
        frames.append((frame_id, place_of[ref.video], ref.frame, first, len(instances)))
    points = np.zeros(len(instances) * size, _POINT)
    points["x"], points["y"] = labels.points().reshape(-1, 2).T
    points["visible"] = labels.visibility().reshape(-1) == Visibility.VISIBLE
    points["complete"] = labels.visibility().reshape(-1) != Visibility.ABSENT
    file.create_dataset("frames", data=np.array(frames, _FRAME))
    file.create_dataset("instances", data=np.array(instances, _INSTANCE))
    file.create_dataset("points", data=points)
    file.create_dataset("pred_points", data=np.zeros(0, _PREDICTED_POINT))
    if labels.empty_frames:
        marked = [(place_of[ref.video], ref.frame) for ref in sorted(labels.empty_frames)]
        file.create_dataset("negative_frames", data=np.array(marked, _NEGATIVE))
