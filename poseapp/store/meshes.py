"""Meshes: a file for each individual that a run recovered, and the frames fitted again by hand.

The files are written once and never changed. A frame that was fitted again after a person moved a
point is a row of its own, laid over what the file says; taking it out brings that back.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import RunId, VideoId
from poseapp.domain.mesh import BodyPose, MeshTrack, MeshTrackId, with_pose
from poseapp.store.database import Database, Row
from poseapp.store.motion_file import read_motion

_COLUMNS = "id, run, video, name, file"


class MeshTable:
    """What mesh runs recovered; the newest run of a video is what it shows."""

    def __init__(self, database: Database, folder: Path) -> None:
        """`folder` holds the folders of the runs."""
        self._database = database
        self._folder = folder

    def add(self, run: RunId, video: VideoId, name: str, file: str) -> MeshTrackId:
        """Store another individual, whose motion was written to a file in the folder of the run."""
        return MeshTrackId(
            self._database.insert(
                "INSERT INTO mesh_tracks (run, video, name, file) VALUES (?, ?, ?, ?)",
                (run, video, name, file),
            )
        )

    def get(self, track: MeshTrackId) -> MeshTrack:
        """One individual's.

        Raises:
            ProjectError: when the project never had it.
        """
        row = self._database.row(f"SELECT {_COLUMNS} FROM mesh_tracks WHERE id = ?", (track,))
        if row is None:
            raise ProjectError("This mesh is not in the project. Recover the meshes again.")
        return _track(row)

    def of_video(self, video: VideoId) -> tuple[MeshTrack, ...]:
        """The individuals that the newest run recovered in a video."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM mesh_tracks WHERE run = "
            "(SELECT run FROM mesh_tracks WHERE video = ? ORDER BY id DESC LIMIT 1) "
            "AND video = ? ORDER BY id",
            (video, video),
        )
        return tuple(_track(row) for row in rows)

    def motion(self, track: MeshTrackId) -> BodyMotion:
        """The motion as it is now, with the frames that were fitted again. Reads a file.

        Raises:
            ProjectError: when the file is gone or damaged.
        """
        of = self.get(track)
        motion = read_motion(self._folder / of.run / of.file)
        for frame in self.refitted(track):
            pose = self.refit(track, frame)
            if pose is not None and pose.rotations.shape == motion.rotations.shape[1:]:
                motion = with_pose(motion, frame, pose)
        return motion

    def refitted(self, track: MeshTrackId) -> tuple[int, ...]:
        """The frames that were fitted again, ascending."""
        rows = self._database.rows(
            "SELECT frame FROM mesh_refits WHERE mesh_track = ? ORDER BY frame", (track,)
        )
        return tuple(frame for (frame,) in rows)

    def refit(self, track: MeshTrackId, frame: int) -> BodyPose | None:
        """How a frame was fitted again; None where it was not."""
        row = self._database.row(
            "SELECT rotations, translation, error_px FROM mesh_refits "
            "WHERE mesh_track = ? AND frame = ?",
            (track, frame),
        )
        if row is None:
            return None
        rotations, translation, error = row
        with self._database.sound():
            return BodyPose(
                np.frombuffer(rotations, "<f8").reshape(-1, 3),
                np.frombuffer(translation, "<f8").reshape(3),
                np.nan if error is None else float(error),
            )

    def set_refit(self, track: MeshTrackId, frame: int, pose: BodyPose | None) -> BodyPose | None:
        """Lay a pose over what the run recovered, or take it away; what was there before."""
        before = self.refit(track, frame)
        self._database.change(
            "DELETE FROM mesh_refits WHERE mesh_track = ? AND frame = ?", (track, frame)
        )
        if pose is not None:
            error = None if np.isnan(pose.error_px) else pose.error_px
            self._database.change(
                "INSERT INTO mesh_refits (mesh_track, frame, rotations, translation, error_px) "
                "VALUES (?, ?, ?, ?, ?)",
                (track, frame, _blob(pose.rotations), _blob(pose.translation), error),
            )
        return before


def _blob(array: NDArray[np.float64]) -> bytes:
    return np.ascontiguousarray(array, "<f8").tobytes()


def _track(row: Row) -> MeshTrack:
    number, run, video, name, file = row
    return MeshTrack(MeshTrackId(number), RunId(run), VideoId(video), name, file)
