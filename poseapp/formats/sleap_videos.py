"""Which videos a SLEAP file is about, and where they are now.

A recorded path is looked for as it stands, then starting from the file's own folder, then by its
name beside the file. What is not found keeps the recorded path, so that it can be linked later.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py

from poseapp.domain.errors import FormatError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.video import Video, VideoKind
from poseapp.formats.base import PackedPictures, checked_frame, count, read_json, texts
from poseapp.formats.hdf import array, attribute, text
from poseapp.formats.pictures import SUFFIXES

_HDF_SUFFIXES = frozenset({".h5", ".hdf5", ".slp"})


@dataclass(slots=True)
class SleapVideos:
    """The videos of a file, and what its numbers mean in them."""

    videos: list[Video] = field(default_factory=list)
    packed: list[PackedPictures] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    place_of: dict[int, int] = field(default_factory=dict)
    """Place in `videos` of a video's number in the file."""
    picture_of: dict[VideoId, dict[int, int]] = field(default_factory=dict)
    """Of packed pictures: which one shows a frame of the film they come from."""
    corner: dict[VideoId, tuple[float, float]] = field(default_factory=dict)
    """Where the cut-out stands in the film, for videos that were labelled cut to a part."""

    def frame(self, video: Any, frame: Any) -> FrameRef | None:
        """The frame that the file calls by these two numbers; None when its picture is gone.

        Raises:
            FormatError: when there is no such frame.
        """
        place = self.place_of.get(int(video), -1)
        if not 0 <= place < len(self.videos):
            raise FormatError(f"The SLEAP file names a video {video} that it does not list.")
        found = self.videos[place]
        number = checked_frame(frame)
        if found.id in self.picture_of:
            picture = self.picture_of[found.id].get(number)
            return None if picture is None else FrameRef(found.id, picture)
        if number >= found.frame_count:
            if found.kind is VideoKind.IMAGES:
                raise FormatError(f"The SLEAP file labels a picture {number} that it lacks.")
            self.videos[place] = replace(found, frame_count=number + 1)
        return FrameRef(found.id, number)


def read_videos(file: h5py.File, path: Path, used: set[int]) -> SleapVideos:
    """The videos of a file, of which those with the numbers `used` carry labels."""
    found = SleapVideos()
    rows = [read_json(row) for row in array(file, "videos_json")]
    groups = [_packed_group(row, file) for row in rows]
    for n, (row, group) in enumerate(zip(rows, groups, strict=True)):
        source = row if group is None else _source(file[group], row)
        video = _video(VideoId(n + 1), source, path)
        if not _is_there(video):
            packed = None if group is None else _unpacked(found, file, group, video)
            video = packed or _missing(found, video)
        found.videos.append(video)
    found.place_of = _numbers(groups, used)
    crops = read_json(array(file, "video_crops").item()) if "video_crops" in file else ()
    for crop in crops:
        left, top, _, _ = (float(side) for side in crop["crop"])
        found.corner[found.videos[crop["video"]].id] = left, top
    return found


def _missing(found: SleapVideos, video: Video) -> Video:
    fault = "cannot be played here" if video.path.exists() else "is not there"
    found.notes.append(
        f"The video {video.path} {fault}. Its labels are kept: link it to where it is now."
    )
    return video


def _numbers(groups: Sequence[str | None], used: set[int]) -> dict[int, int]:
    """Frames name videos by their places or, in some packages, by the numbers of their groups."""
    by_place = {n: n for n in range(len(groups))}
    if len(used) == len(groups) and used == by_place.keys():
        return by_place
    return {
        int(match[1]) if group and (match := re.match(r"video(\d+)", group)) else n: n
        for n, group in enumerate(groups)
    }


def _packed_group(row: Mapping[str, Any], file: h5py.File) -> str | None:
    """The group that holds the video's pictures, where they stand in the file itself."""
    backend = row.get("backend", row)
    dataset = backend.get("dataset")
    if backend.get("filename") != "." or not isinstance(dataset, str):
        return None
    group = dataset.removesuffix("/video")
    return group if group in file else None


def _source(group: Any, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was recorded of the video that packed pictures were taken from."""
    if "source_video" not in group:
        return {"backend": {"filename": f"{group.name.strip('/')}.mp4"}}
    source = group["source_video"]
    found = source["json"][()] if "json" in source else attribute(source, "json")
    recorded = read_json(found)
    is_packed = recorded.get("backend", recorded).get("filename") == "."
    return row.get("source_video", recorded) if is_packed else recorded


def _video(number: VideoId, row: Mapping[str, Any], path: Path) -> Video:
    backend = row.get("backend", row)
    names = backend.get("filenames")
    if names is None:
        names = [backend.get("filename", row.get("filename"))]
        kind = VideoKind.FILE
    else:
        kind = VideoKind.IMAGES
    recorded = texts(names, "the paths of videos")
    if not recorded or not all(recorded):
        raise FormatError("The SLEAP file has a video without a path.")
    frames, height, width = _shape(backend)
    video = Video(number, Path(), width, height, frames, _fps(backend), kind)
    files = _located([_with_slashes(name) for name in recorded], path.absolute().parent)
    if kind is VideoKind.FILE and files[0].suffix.lower() not in SUFFIXES:
        return replace(video, path=files[0])
    folder = Path(os.path.commonpath([file.parent for file in files]))
    images = tuple(file.relative_to(folder).as_posix() for file in files)
    return replace(
        video, path=folder, images=images, frame_count=len(images), kind=VideoKind.IMAGES
    )


def _with_slashes(recorded: str) -> str:
    """A path of Windows with slashes that every system reads; other names may hold a backslash."""
    return recorded if recorded.startswith("/") else recorded.replace("\\", "/")


def _located(recorded: Sequence[str], folder: Path) -> list[Path]:
    """Where the files are, all by the same rule; where they were when no rule finds them all."""
    rules: tuple[Callable[[str], Path], ...] = (
        Path,
        lambda name: folder / name,
        lambda name: folder / Path(name).name,
    )
    for rule in rules:
        files = [Path(os.path.normpath(rule(name))) for name in recorded]
        if all(file.is_absolute() and file.is_file() for file in files):
            return files
    return [
        Path(name if re.match(r"/|[A-Za-z]:/", name) else os.path.normpath(folder / name))
        for name in recorded
    ]


def _is_there(video: Video) -> bool:
    if video.kind is VideoKind.IMAGES:
        return all((video.path / name).is_file() for name in video.images)
    return video.path.is_file() and video.path.suffix.lower() not in _HDF_SUFFIXES


def _shape(backend: Mapping[str, Any]) -> tuple[int, int, int]:
    """(frames, height, width), 0 where not recorded."""
    shape = backend.get("shape")
    if not isinstance(shape, list) or len(shape) != 4:
        return 0, 0, 0
    frames, height, width = (checked_frame(side or 0) for side in shape[:3])
    return frames, height, width


def _fps(backend: Mapping[str, Any]) -> float:
    fps = float(backend.get("fps") or 0.0)
    return fps if 0.0 < fps < 1e6 else 0.0


def _unpacked(found: SleapVideos, file: h5py.File, group: str, source: Video) -> Video | None:
    """The video that the packed pictures make, in a folder still to be filled; None without any."""
    inside: Any = file[group]
    dataset = inside["video"]
    numbers = list(range(len(dataset)))
    if "frame_numbers" in inside:
        numbers = [checked_frame(n) for n in array(inside, "frame_numbers")]
    if len(set(numbers)) != len(numbers) or len(numbers) != len(dataset):
        raise FormatError("The SLEAP package does not say which frame each picture shows.")
    if not numbers:
        return None
    kind = text(attribute(dataset, "format")) if "format" in dataset.attrs else "png"
    suffix = ".jpg" if kind in {"jpg", "jpeg"} else ".png"
    names = tuple(f"img{number:05d}{suffix}" for number in numbers)
    film = source.path.stem if source.kind is VideoKind.FILE else source.path.name
    folder = packed_folder(Path(file.filename)) / f"{film}_{source.id}"
    found.packed.append(PackedPictures(source.id, Path(file.filename), f"{group}/video", names))
    found.picture_of[source.id] = {number: n for n, number in enumerate(numbers)}
    found.notes.append(
        f"The video {source.path.name} is not there; {count(len(names), 'picture')} of it that the "
        "package holds stand for it."
    )
    return replace(
        source, path=folder, images=names, frame_count=len(names), kind=VideoKind.IMAGES, fps=1.0
    )


def packed_folder(file: Path) -> Path:
    """Where the pictures of a package go when nobody says otherwise."""
    return file.absolute().with_name(f"{file.name.split('.')[0]}_pictures")
