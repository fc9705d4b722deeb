"""Folders of pictures: how the formats that label pictures name them, and how an export makes them.

In these formats (DeepLabCut, Lightning Pose, COCO) a frame is a picture file. Reading makes one
video of every folder, its frames in natural order of the names, unlabelled pictures included.
Writing gives each video a folder; a frame of a film becomes `img0123.png`, numbered like the
frame, and a picture keeps its name and its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from poseapp.domain.errors import ExportError, VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.video import Video, VideoKind
from poseapp.formats import atomic
from poseapp.formats.base import Fitted, Pictures, count

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
FILM_SUFFIXES = frozenset(
    {".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".webm", ".wmv"}
)

WITHOUT_PICTURES = ("Pictures were not exported, only the labels.",)

_FPS = 1.0


class PictureVideos:
    """Collects pictures by folder and numbers them: the videos of a format that labels pictures."""

    def __init__(self, *, with_unlabelled: bool) -> None:
        self._with_unlabelled = with_unlabelled
        self._names: dict[Path, set[str]] = {}
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._found: dict[Path, dict[str, FrameRef]] = {}

    def add(self, picture: Path, size: tuple[int, int] = (0, 0)) -> None:
        """Take in a picture; `size` is (width, height) where the file says it."""
        folder = picture.parent
        if self._with_unlabelled and folder not in self._names and folder.is_dir():
            self._names[folder] = {p.name for p in folder.iterdir() if p.suffix.lower() in SUFFIXES}
        self._names.setdefault(folder, set()).add(picture.name)
        wide, high = self._sizes.get(folder, (0, 0))
        self._sizes[folder] = max(wide, size[0]), max(high, size[1])

    def videos(self, first: int = 1) -> tuple[Video, ...]:
        """One video for each folder, numbered from `first`; call it after the last `add`."""
        made = []
        for number, folder in enumerate(self._names, first):
            names = tuple(sorted(self._names[folder], key=natural))
            video = VideoId(number)
            self._found[folder] = {name: FrameRef(video, n) for n, name in enumerate(names)}
            width, height = self._sizes[folder]
            made.append(
                Video(video, folder, width, height, len(names), _FPS, VideoKind.IMAGES, names)
            )
        return tuple(made)

    def frame(self, picture: Path) -> FrameRef:
        """The frame that shows a picture which was added."""
        return self._found[picture.parent][picture.name]

    def missing(self) -> tuple[str, ...]:
        """A note where pictures are not on the disk."""
        gone = [f / n for f, names in self._names.items() for n in names if not (f / n).is_file()]
        if not gone:
            return ()
        return (
            f"{count(len(gone), 'picture')} not found, such as {min(gone)}. The labels are kept; "
            "put the pictures there or link the folder to where they are.",
        )


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts frame 10 after frame 9."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts] + [(0, name)]


def inside(name: str) -> PurePosixPath | None:
    """A picture's recorded path, or None when it points out of the folder it is relative to."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name) or not path.name:
        return None
    return path


def as_picture_folders(labels: LabelSet, notes: Sequence[str]) -> Fitted:
    """The labelled and the empty frames of every video as a folder of pictures of its own."""
    wanted = {*labels.frames, *labels.empty_frames}
    new_of: dict[FrameRef, FrameRef] = {}
    videos: list[Video] = []
    folders: set[str] = set()
    for video in labels.videos:
        frames = sorted(ref for ref in wanted if ref.video == video.id)
        if not frames:
            continue
        names = _picture_names(video, frames)
        order = sorted(range(len(frames)), key=lambda n: natural(names[n]))
        for position, n in enumerate(order):
            new_of[frames[n]] = FrameRef(video.id, position)
        videos.append(
            replace(
                video,
                path=Path("/") / _free_name(_folder_name(video), folders),
                frame_count=len(frames),
                fps=_FPS,
                kind=VideoKind.IMAGES,
                images=tuple(names[n] for n in order),
                fingerprint="",
            )
        )
    fitted = replace(
        labels,
        videos=tuple(videos),
        instances=tuple(replace(i, frame=new_of[i.frame]) for i in labels.instances),
        empty_frames=frozenset(new_of[ref] for ref in labels.empty_frames),
    )
    return Fitted(fitted, tuple(notes), labels, {new: old for old, new in new_of.items()})


def write_pictures(fitted: Fitted, folder: Path, pictures: Pictures | None) -> tuple[str, ...]:
    """Put the pictures of all frames under `folder/<video>/`; those that cannot be read are noted.

    A picture that is a file is copied byte by byte; `pictures` gives the frames of films. Without
    it nothing is written.
    """
    if pictures is None:
        return WITHOUT_PICTURES
    gone: list[str] = []
    for video in fitted.labels.videos:
        for number, name in enumerate(video.images):
            ref = FrameRef(video.id, number)
            try:
                content = _picture_bytes(fitted, fitted.source.get(ref, ref), name, pictures)
            except VideoUnreadableError as why:
                gone.append(str(why))
                continue
            atomic.write_bytes(folder / video.name / name, content)
    if not gone:
        return ()
    return (f"{count(len(gone), 'picture')} could not be read and left out: {gone[0]}",)


def encoded(picture: object, suffix: str = ".png") -> bytes:
    """The bytes of a picture file."""
    import cv2
    import numpy as np

    done, content = cv2.imencode(suffix, np.asarray(picture))
    if not done:
        raise ExportError("A picture could not be written as PNG. Export without pictures.")
    return content.tobytes()


def _picture_bytes(fitted: Fitted, ref: FrameRef, name: str, pictures: Pictures) -> bytes:
    video = fitted.original.video(ref.video)
    if video.kind is VideoKind.IMAGES and ref.frame < len(video.images):
        file = video.path / video.images[ref.frame]
        pictures.passing()
        try:
            return file.read_bytes()
        except OSError as why:
            raise VideoUnreadableError(f"{file} cannot be read: {why.strerror}.") from why
    return encoded(pictures(ref), Path(name).suffix)


def _picture_names(video: Video, frames: Sequence[FrameRef]) -> list[str]:
    if video.kind is VideoKind.FILE:
        digits = max(4, len(str(max(video.frame_count - 1, frames[-1].frame))))
        return [f"img{ref.frame:0{digits}d}.png" for ref in frames]
    taken: set[str] = set()
    return [_free_name(_flat(_recorded_name(video, ref.frame)), taken) for ref in frames]


def _recorded_name(video: Video, frame: int) -> str:
    return video.images[frame] if frame < len(video.images) else f"img{frame:04d}.png"


def _flat(name: str) -> str:
    """A file name that stays in its folder, whatever the recorded one says."""
    parts = [p for p in PurePosixPath(name.replace("\\", "/")).parts if p not in {"/", "..", "."}]
    flat = _tame("_".join(parts))
    return flat if Path(flat).suffix.lower() in SUFFIXES else f"{flat}.png"


def _folder_name(video: Video) -> str:
    name = video.path.stem if video.kind is VideoKind.FILE else video.path.name
    return _tame(name) or f"video{video.id}"


def _tame(name: str) -> str:
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name).strip(" .")


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or with a number where it is taken; case does not tell names apart."""
    path, free, number = PurePosixPath(name), name, 2
    while free.casefold() in taken:
        free = f"{path.stem}_{number}{path.suffix}"
        number += 1
    taken.add(free.casefold())
    return free
