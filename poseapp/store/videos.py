"""The videos of a project. Removing one hides it with all that belongs to it, for undo."""

from __future__ import annotations

import os
from pathlib import Path

from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import VideoId
from poseapp.domain.video import Video, VideoKind
from poseapp.store.codec import from_json, to_json
from poseapp.store.database import Database, Row

IN_THE_PROJECT = "+video IN (SELECT id FROM videos WHERE removed = 0)"
"""For rows of other tables: those of videos that were not removed.

The plus keeps SQLite from walking through all videos where a better index serves the query.
"""

_COLUMNS = "path, relative_path, width, height, frame_count, fps, kind, images, fingerprint"


class VideoTable:
    """Where the videos are: relative to the project folder first, else where they last were."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folder = database.file.parent

    def all(self) -> tuple[Video, ...]:
        """The videos in the order in which they were added."""
        rows = self._database.rows(
            f"SELECT id, {_COLUMNS} FROM videos WHERE removed = 0 ORDER BY id"
        )
        return tuple(self._video(row) for row in rows)

    def get(self, video: VideoId) -> Video:
        """One video, also a removed one.

        Raises:
            ProjectError: when the project never had it.
        """
        row = self._database.row(f"SELECT id, {_COLUMNS} FROM videos WHERE id = ?", (video,))
        if row is None:
            raise ProjectError(f"The project has no video {video}. List its videos again.")
        return self._video(row)

    def add(self, video: Video) -> VideoId:
        """Store a video under a new number."""
        places = ", ".join("?" * 9)
        return VideoId(
            self._database.insert(
                f"INSERT INTO videos ({_COLUMNS}) VALUES ({places})", self._values(video)
            )
        )

    def remove(self, video: VideoId) -> None:
        """Hide a video with its labels, predictions and suggestions."""
        self._database.change("UPDATE videos SET removed = 1 WHERE id = ?", (video,))

    def restore(self, video: VideoId) -> None:
        """Bring a removed video back with all that belonged to it."""
        self._database.change("UPDATE videos SET removed = 0 WHERE id = ?", (video,))

    def relink(self, video: VideoId, found: Video) -> None:
        """Let the number stand for what was found elsewhere."""
        self._database.change(
            f"UPDATE videos SET ({_COLUMNS}) = ({', '.join('?' * 9)}) WHERE id = ?",
            (*self._values(found), video),
        )

    def _values(self, video: Video) -> Row:
        return (
            str(video.path),
            self._relative(video.path),
            video.width,
            video.height,
            video.frame_count,
            video.fps,
            video.kind.value,
            to_json(video.images),
            video.fingerprint,
        )

    def _relative(self, path: Path) -> str:
        try:
            return Path(os.path.relpath(path, self._folder)).as_posix()
        except ValueError:  # another drive
            return ""

    def _video(self, row: Row) -> Video:
        number, path, relative, width, height, frame_count, fps, kind, images, fingerprint = row
        with self._database.sound():
            beside = Path(os.path.normpath(self._folder / relative)) if relative else None
            return Video(
                VideoId(number),
                beside if beside is not None and beside.exists() else Path(path),
                width,
                height,
                frame_count,
                fps,
                VideoKind(kind),
                from_json(tuple[str, ...], images),
                fingerprint,
            )
