"""Library: the videos of a project; adding, removing and finding them again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from poseapp.app.changes import Changes
from poseapp.app.commands import AddVideo, Batch, RelinkVideo, RemoveVideo
from poseapp.app.session import Session
from poseapp.domain.errors import AnotherVideoError
from poseapp.domain.ids import VideoId
from poseapp.domain.video import Video, VideoKind
from poseapp.media.fingerprint import film_fingerprint, images_fingerprint
from poseapp.media.probe import probe, probe_images

_FILMS = frozenset(
    [
        ".mp4",
        ".avi",
        ".mov",
        ".mkv",
        ".m4v",
        ".webm",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".m2ts",
        ".wmv",
        ".asf",
        ".flv",
        ".ogv",
        ".3gp",
        ".gif",
        ".h264",
        ".264",
        ".mjpeg",
        ".mjpg",
        ".y4m",
    ]
)


class Library:
    """Every change is one step of the history, so that undo turns it round."""

    def __init__(self, session: Session) -> None:
        self._project = session.project
        self._history = session.history
        self._videos = self._project.videos.all()
        session.subscribe(self._changed)

    def look_at(self, paths: Iterable[Path]) -> tuple[Video, ...]:
        """What these films, folders of pictures and pictures hold; may run in any thread.

        Raises:
            VideoUnreadableError: when one of them is missing or no video.
        """
        return tuple(probe(path, self._project.cache_folder) for path in paths)

    def add(self, found: Iterable[Path | Video]) -> tuple[Video, ...]:
        """Bring in videos, by path or as `look_at` gave them; those that are here are left out.

        Raises:
            VideoUnreadableError: when one is missing or no video; then none was added.
            AnotherVideoError: when all of them are in the project already.
        """
        videos = [v if isinstance(v, Video) else self.look_at([v])[0] for v in found]
        here = {_identity(video) for video in self._videos}
        new = {_identity(v): v for v in videos if _identity(v) not in here}
        if videos and not new:
            names = ", ".join(video.name for video in videos)
            raise AnotherVideoError(f"{names} is in the project already. Open it from the list.")
        if not new:
            return ()
        before = {video.id for video in self._videos}
        commands = tuple(AddVideo(video) for video in new.values())
        self._history.do(
            commands[0] if len(commands) == 1 else Batch(f"Added {len(commands)} videos", commands)
        )
        return tuple(video for video in self._videos if video.id not in before)

    def remove(self, video: VideoId) -> None:
        """Take a video out with all that belongs to it; its file is not touched."""
        self._history.do(RemoveVideo(video))

    def missing(self) -> tuple[Video, ...]:
        """The videos whose files are not where they were."""
        return tuple(video for video in self._videos if not _is_there(video))

    def look_for(self, known: Video, path: Path) -> Video:
        """What the file or folder holds that is offered for a video; may run in any thread.

        Raises:
            VideoUnreadableError: when there is no video.
        """
        if known.kind is VideoKind.IMAGES and all((path / name).is_file() for name in known.images):
            return probe_images(path, known.images)
        return probe(path, self._project.cache_folder)

    def relink(self, number: VideoId, offered: Path | Video, *, force: bool = False) -> str:
        """Let a video stand for a file, by path or as `look_for` gave it.

        Returns:
            a sentence on how it was recognised.

        Raises:
            VideoUnreadableError: when there is no video.
            AnotherVideoError: when it is another one, and `force` does not insist.
        """
        known = self._project.videos.get(number)
        found = self.look_for(known, offered) if isinstance(offered, Path) else offered
        doubt = self._taken(known, found) or self._differs(known, found)
        if doubt and not force:
            raise AnotherVideoError(
                f"{doubt} The labels of {known.name} would stand on wrong pictures. "
                "Choose another file, or insist if you know that it is right."
            )
        self._history.do(RelinkVideo(number, found))
        if doubt:
            return f"{known.name} is now {found.path}, as you insisted. {doubt}"
        if known.fingerprint:
            return f"{found.path} is the same file as {known.name} was."
        return (
            f"{found.path} was taken for {known.name} because its size and length fit; "
            "the project did not know more about it. Look at a labelled frame to be sure."
        )

    def look_for_moved(self, folder: Path) -> dict[VideoId, Video]:
        """What `find_moved` finds, for `relink`; may run in any thread."""
        known = {video.id: video for video in self._videos}
        return {n: self.look_for(known[n], path) for n, path in self.find_moved(folder).items()}

    def find_moved(self, folder: Path) -> dict[VideoId, Path]:
        """Where in this folder, or below it, the files of missing videos are now.

        Recognised by their content, or by their name alone where the project knows no more. May
        run in any thread.
        """
        lost = list(self.missing())
        found: dict[VideoId, Path] = {}
        for place, folders, files in os.walk(folder):
            folders.sort()
            candidates = [Path(place, name) for name in sorted(files)]
            candidates = [path for path in candidates if path.suffix.lower() in _FILMS]
            for path in [Path(place), *candidates]:
                for video in _matches(lost, path):
                    found[video.id] = path
                    lost.remove(video)
            if not lost:
                break
        return found

    def _taken(self, known: Video, found: Video) -> str:
        for other in self._videos:
            if other.id != known.id and _identity(other) == _identity(found):
                return f"{found.path} is another video of this project ({other.name})."
        return ""

    def _differs(self, known: Video, found: Video) -> str:
        if known.fingerprint:
            same = known.fingerprint == found.fingerprint
            return (
                "" if same else f"{found.path} is another file than {known.name}: {_said(found)}."
            )
        labelled = self._project.labels.labelled_frames(known.id)
        needed = max(known.frame_count, int(labelled[-1]) + 1 if len(labelled) else 0)
        if found.frame_count < needed:
            return f"{found.path} is too short: {_said(found)} where {needed:,} are needed."
        if known.width and (known.width, known.height) != (found.width, found.height):
            return (
                f"{found.path} is of another size: {_said(found)} where {known.name} has "
                f"{known.width}×{known.height} pixels."
            )
        return ""

    def _changed(self, changes: Changes) -> None:
        if changes.videos:
            self._videos = self._project.videos.all()


def _identity(video: Video) -> str:
    return video.fingerprint or str(video.path)


def _said(video: Video) -> str:
    return f"{video.width}×{video.height} pixels, {video.frame_count:,} frames"


def _is_there(video: Video) -> bool:
    if video.kind is VideoKind.IMAGES:
        return bool(video.images) and (video.path / video.images[0]).is_file()
    return video.path.is_file()


def _matches(lost: Sequence[Video], path: Path) -> list[Video]:
    """Which of the lost videos this file or folder is; a content that is read once tells all."""
    folder = path.is_dir()
    asked = [video for video in lost if (video.kind is VideoKind.IMAGES) == folder]
    try:
        if folder:
            return [video for video in asked if _is_folder_of(video, path)]
        marks = {film_fingerprint(path)} if any(video.fingerprint for video in asked) else set()
    except OSError:  # a file that may not be read is not the one
        return []
    return [
        v for v in asked if v.fingerprint in marks or (not v.fingerprint and v.name == path.name)
    ]


def _is_folder_of(video: Video, folder: Path) -> bool:
    if not video.images or not all((folder / name).is_file() for name in video.images):
        return False
    return not video.fingerprint or images_fingerprint(folder, video.images) == video.fingerprint
