"""Probing: what a path holds, as a Video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from poseapp.domain.errors import VideoMissingError, VideoUnreadableError
from poseapp.domain.ids import VideoId
from poseapp.domain.video import Video, VideoKind
from poseapp.media import images
from poseapp.media.film import faults_as_sentences
from poseapp.media.fingerprint import film_fingerprint, images_fingerprint
from poseapp.media.indexing import load_index

_NO_ID = VideoId(0)
_IMAGES_FPS = 1.0


def probe(path: Path, cache: Path | None = None) -> Video:
    """The video at this path: a film, a folder of pictures, or one picture.

    A film's index is left in the cache folder, where opening finds it.

    Raises:
        VideoMissingError: when nothing is there.
        VideoUnreadableError: when it is no video; the message names the file and the cure.
    """
    path = path.expanduser().absolute()
    if not path.exists():
        raise VideoMissingError(f"{path} is not there. Choose where it is now.")
    if path.is_dir():
        with faults_as_sentences(path):
            names = images.pictures_in(path)
        return probe_images(path, names)
    if path.suffix.lower() in images.SUFFIXES:
        return probe_images(path.parent, [path.name])
    with faults_as_sentences(path):
        mark = film_fingerprint(path)
    index = load_index(path, mark, cache)
    return Video(_NO_ID, path, index.width, index.height, len(index), index.fps, fingerprint=mark)


def probe_images(folder: Path, names: Sequence[str]) -> Video:
    """The video whose frames are these pictures, given as posix paths relative to the folder.

    Raises:
        VideoMissingError: when a picture is not there.
        VideoUnreadableError: when there are no pictures, or one cannot be read.
    """
    folder = folder.expanduser().absolute()
    if not names:
        raise VideoUnreadableError(
            f"{folder} holds no pictures ({', '.join(sorted(images.SUFFIXES))}). "
            "Choose a folder that does, or a video file."
        )
    width, height = images.size_of_all(folder, names)
    with faults_as_sentences(folder):
        mark = images_fingerprint(folder, names)
    return Video(
        _NO_ID,
        folder,
        width,
        height,
        len(names),
        _IMAGES_FPS,
        VideoKind.IMAGES,
        tuple(names),
        mark,
    )


def fingerprint(path: Path) -> str:
    """Says whether a file or folder of pictures found elsewhere is the same video."""
    if path.is_dir():
        return images_fingerprint(path, images.pictures_in(path))
    if path.suffix.lower() in images.SUFFIXES:
        return images_fingerprint(path.parent, [path.name])
    return film_fingerprint(path)
