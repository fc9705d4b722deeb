"""Labels: a row for each instance and one for each of its keypoints.

Positions are keyed by the keypoint's own number. They outlive their instance and their place in
the skeleton, so whatever undo brings back finds all of its points. A keypoint that is absent keeps
its last position in the row, for the moment it becomes visible again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import FrameRef, InstanceId, RunId, TrackId, VideoId
from poseapp.domain.labels import LabelSet, Track
from poseapp.domain.pose import Instance, Origin
from poseapp.store.database import Database, Row
from poseapp.store.skeletons import SkeletonTable
from poseapp.store.videos import IN_THE_PROJECT, VideoTable

_HEAD = "id, video, frame, track, origin, run, score"


class LabelTable:
    """What is labelled. Frames are looked up by index; only `count` and `snapshot` read it all."""

    def __init__(self, database: Database, skeletons: SkeletonTable, videos: VideoTable) -> None:
        self._database = database
        self._skeletons = skeletons
        self._videos = videos

    def at(self, frame: FrameRef) -> tuple[Instance, ...]:
        """The instances of a frame in the order in which they were made."""
        return self._read("video = ? AND frame = ?", (frame.video, frame.frame))

    def get(self, instance: InstanceId) -> Instance:
        """One instance.

        Raises:
            ProjectError: when it was deleted.
        """
        found = self._read("id = ?", (instance,))
        if not found:
            raise ProjectError("This body is not in the project any more. Choose another one.")
        return found[0]

    def newest(self, count: int) -> tuple[Instance, ...]:
        """The instances that were made last."""
        return self._read("id IN (SELECT id FROM instances ORDER BY id DESC LIMIT ?)", (count,))

    def insert(self, instance: Instance) -> InstanceId:
        """Store a new instance, or a deleted one under the number it had."""
        head = self._head(instance)
        with self._database.atomic():
            number = InstanceId(
                self._database.insert(
                    f"INSERT INTO instances ({_HEAD}) VALUES (?, ?, ?, ?, ?, ?, ?)", head
                )
            )
            self._write_points(number, instance)
        return number

    def replace(self, instance: Instance) -> Instance:
        """Change a stored instance, whose `id` is set, and return it as it was."""
        if instance.id is None:
            raise ValueError("only a stored instance can be replaced")
        before = self.get(instance.id)
        with self._database.atomic():
            self._database.change(
                f"UPDATE instances SET ({_HEAD}) = (?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                (*self._head(instance), instance.id),
            )
            self._write_points(instance.id, instance)
        return before

    def delete(self, instance: InstanceId) -> Instance:
        """Take an instance out and return it."""
        before = self.get(instance)
        self._database.change("DELETE FROM instances WHERE id = ?", (instance,))
        return before

    def last_position(self, instance: InstanceId, keypoint: int) -> tuple[float, float] | None:
        """Where a keypoint is, or was before it became absent."""
        uid = self._skeletons.current().keypoints[keypoint].uid
        row = self._database.row(
            "SELECT x, y FROM points WHERE instance = ? AND keypoint = ? AND x IS NOT NULL",
            (instance, uid),
        )
        return (row[0], row[1]) if row else None

    def labelled_frames(self, video: VideoId) -> NDArray[np.int64]:
        """Sorted numbers of the frames of a video that have labels."""
        return self._frames("SELECT DISTINCT frame FROM instances", video)

    def empty_frames(self, video: VideoId) -> NDArray[np.int64]:
        """Sorted numbers of the frames of a video that a person marked as empty."""
        return self._frames("SELECT frame FROM empty_frames", video)

    def nearest_labelled(self, frame: FrameRef, *, before: bool) -> FrameRef | None:
        """The closest labelled frame of the same video before or after this one."""
        compare, order = ("<", "DESC") if before else (">", "ASC")
        found = self._database.value(
            f"SELECT frame FROM instances WHERE video = ? AND frame {compare} ? "
            f"ORDER BY frame {order} LIMIT 1",
            (frame.video, frame.frame),
        )
        return None if found is None else FrameRef(frame.video, found)

    def mark_empty(self, frame: FrameRef, empty: bool) -> bool:
        """Say that a frame shows nobody, or take that back; returns what was said before.

        The mark rests while the frame has labels.
        """
        before = self.is_empty(frame)
        sql = (
            "INSERT OR IGNORE INTO empty_frames (video, frame) VALUES (?, ?)"
            if empty
            else "DELETE FROM empty_frames WHERE video = ? AND frame = ?"
        )
        self._database.change(sql, (frame.video, frame.frame))
        return before

    def is_empty(self, frame: FrameRef) -> bool:
        """Whether a person marked the frame as showing nobody."""
        return bool(
            self._database.row(
                "SELECT 1 FROM empty_frames WHERE video = ? AND frame = ?",
                (frame.video, frame.frame),
            )
        )

    def count(self) -> int:
        """How many instances are labelled."""
        return self._database.value(f"SELECT count(*) FROM instances WHERE {IN_THE_PROJECT}")

    def frame_count(self) -> int:
        """How many frames have labels."""
        return self._database.value(
            "SELECT count(*) FROM "
            f"(SELECT DISTINCT video, frame FROM instances WHERE {IN_THE_PROJECT})"
        )

    def snapshot(self) -> LabelSet:
        """Everything labelled at this moment."""
        with self._database.atomic():
            instances = self._read(IN_THE_PROJECT, ())
            labelled = {instance.frame for instance in instances}
            marked = self._database.rows(
                f"SELECT video, frame FROM empty_frames WHERE {IN_THE_PROJECT}"
            )
            empty = {FrameRef(VideoId(video), frame) for video, frame in marked} - labelled
            with self._database.sound():
                return LabelSet(
                    self._skeletons.current(),
                    self._videos.all(),
                    instances,
                    self.tracks(),
                    frozenset(empty),
                )

    def tracks(self) -> tuple[Track, ...]:
        """The individuals in the order in which they were named."""
        rows = self._database.rows("SELECT id, name FROM tracks ORDER BY id")
        return tuple(Track(TrackId(number), name) for number, name in rows)

    def add_track(self, name: str, track: TrackId | None = None) -> TrackId:
        """Name a new individual, or one that was removed under the number it had."""
        return TrackId(
            self._database.insert("INSERT INTO tracks (id, name) VALUES (?, ?)", (track, name))
        )

    def rename_track(self, track: TrackId, name: str) -> str:
        """Give an individual another name and return the one it had."""
        before = self._track_name(track)
        self._database.change("UPDATE tracks SET name = ? WHERE id = ?", (name, track))
        return before

    def of_track(self, track: TrackId) -> tuple[InstanceId, ...]:
        """The instances that are an individual; reads all labels."""
        rows = self._database.rows("SELECT id FROM instances WHERE track = ? ORDER BY id", (track,))
        return tuple(InstanceId(number) for (number,) in rows)

    def set_track(
        self, instances: Sequence[InstanceId], track: TrackId | None
    ) -> frozenset[FrameRef]:
        """Say which individual these instances are; returns their frames."""
        numbers = json.dumps(instances)
        these = "id IN (SELECT value FROM json_each(?))"
        self._database.change(f"UPDATE instances SET track = ? WHERE {these}", (track, numbers))
        rows = self._database.rows(f"SELECT video, frame FROM instances WHERE {these}", (numbers,))
        return frozenset(FrameRef(VideoId(video), frame) for video, frame in rows)

    def frames_of_both(self, one: TrackId, other: TrackId) -> tuple[FrameRef, ...]:
        """The frames on which both individuals are, in order; reads all labels."""
        rows = self._database.rows(
            "SELECT video, frame FROM instances WHERE track = ? INTERSECT "
            "SELECT video, frame FROM instances WHERE track = ? ORDER BY 1, 2",
            (one, other),
        )
        return tuple(FrameRef(VideoId(video), frame) for video, frame in rows)

    def count_by_track(self) -> dict[TrackId, int]:
        """How many instances each individual has; reads all labels."""
        rows = self._database.rows(
            "SELECT track, count(*) FROM instances WHERE track IS NOT NULL "
            f"AND {IN_THE_PROJECT} GROUP BY track"
        )
        return {TrackId(track): number for track, number in rows}

    def remove_track(self, track: TrackId) -> str:
        """Forget an individual that no instance has and return its name."""
        name = self._track_name(track)
        self._database.change("DELETE FROM tracks WHERE id = ?", (track,))
        return name

    def _track_name(self, track: TrackId) -> str:
        name = self._database.value("SELECT name FROM tracks WHERE id = ?", (track,))
        if name is None:
            raise ProjectError("This track is not in the project any more. Choose another one.")
        return name

    def _frames(self, select: str, video: VideoId) -> NDArray[np.int64]:
        rows = self._database.rows(f"{select} WHERE video = ? ORDER BY frame", (video,))
        with self._database.sound():
            return np.array([frame for (frame,) in rows], np.int64)

    def _read(self, condition: str, values: Sequence[Any]) -> tuple[Instance, ...]:
        heads = self._database.rows(
            f"SELECT {_HEAD} FROM instances WHERE {condition} ORDER BY video, frame, id", values
        )
        if not heads:
            return ()
        points = self._database.rows(
            "SELECT instance, keypoint, x, y, visibility, score FROM points WHERE instance IN "
            f"(SELECT id FROM instances WHERE {condition})",
            values,
        )
        uids = [keypoint.uid for keypoint in self._skeletons.current().keypoints]
        with self._database.sound():
            return _instances(heads, points, uids)

    def _head(self, instance: Instance) -> Row:
        if len(instance.visibility) != len(self._skeletons.current()):
            raise ValueError("an instance does not fit the skeleton of the project")
        return (
            instance.id,
            instance.frame.video,
            instance.frame.frame,
            instance.track,
            instance.origin.value,
            instance.run,
            instance.score,
        )

    def _write_points(self, number: InstanceId, instance: Instance) -> None:
        uids = [keypoint.uid for keypoint in self._skeletons.current().keypoints]
        scores = [None] * len(uids) if instance.scores is None else instance.scores.tolist()
        rows = zip(
            uids, instance.points.tolist(), instance.visibility.tolist(), scores, strict=True
        )
        self._database.change_many(
            "INSERT INTO points (instance, keypoint, x, y, visibility, score) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET x = coalesce(excluded.x, x), "
            "y = coalesce(excluded.y, y), visibility = excluded.visibility, score = excluded.score",
            [(number, uid, *xy, seen, score) for uid, xy, seen, score in rows],  # NaN becomes NULL
        )


def _instances(
    heads: Sequence[Row], points: Sequence[Row], uids: Sequence[int | None]
) -> tuple[Instance, ...]:
    """Put rows together; keypoints without a row are absent, rows without keypoint rest."""
    position = {head[0]: n for n, head in enumerate(heads)}
    column = {uid: k for k, uid in enumerate(uids)}
    used = [row for row in points if row[1] in column]
    places = [position[row[0]] for row in used], [column[row[1]] for row in used]
    size = len(heads), len(uids)
    xy = np.full((*size, 2), np.nan)
    xy[places] = np.array([row[2:4] for row in used], np.float64).reshape(-1, 2)
    visibility = np.zeros(size, np.uint8)
    visibility[places] = [row[4] for row in used]
    scores = np.full(size, np.nan, np.float32)
    scores[places] = np.array([row[5] for row in used], np.float32)
    scored = np.isfinite(scores)
    return tuple(
        Instance(
            FrameRef(VideoId(video), frame),
            xy[n],
            visibility[n],
            InstanceId(number),
            None if track is None else TrackId(track),
            np.nan_to_num(scores[n]) if scored[n].any() else None,
            score,
            Origin(origin),
            None if run is None else RunId(run),
        )
        for n, (number, video, frame, track, origin, run, score) in enumerate(heads)
    )
