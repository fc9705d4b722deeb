"""Predictions: an immutable row for each predicted instance, its numbers as float32 blobs.

Each run has one set of them for a video. What a frame shows comes from the newest set that has
something there, down to the newest one that is complete: so a run that is still at work replaces
the predictions of the run before it frame by frame, and none vanish meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Instance
from poseapp.domain.prediction import PredictionSet, predicted_instance
from poseapp.domain.skeleton import Skeleton
from poseapp.store.codec import from_json, to_json
from poseapp.store.database import Database, Row
from poseapp.store.skeletons import SkeletonTable
from poseapp.store.videos import IN_THE_PROJECT

_VISIBLE = """video = ? AND recency >= coalesce(
    (SELECT max(recency) FROM prediction_sets WHERE video = ? AND complete = 1), 0)"""


class PredictionTable:
    """What the runs predicted. `at` looks up; `of_video` and `curve` read a whole video."""

    def __init__(self, database: Database, skeletons: SkeletonTable) -> None:
        self._database = database
        self._skeletons = skeletons

    def write(self, predictions: PredictionSet, skeleton: Skeleton | None = None) -> None:
        """Add a part of what a run predicts for a video, in place of what it said of those frames.

        The set becomes the newest of the video. `skeleton` is the one the net was trained with,
        where that may no longer be the project's.
        """
        uids = self._skeletons.numbers(skeleton or self._skeletons.current())
        with self._database.atomic():
            number, keypoints = self._newest_set(predictions.run, predictions.video, uids)
            if predictions.points.shape[1:] != (keypoints, 2):
                raise ValueError(
                    f"points of shape {predictions.points.shape} do not fit {keypoints} keypoints"
                )
            frames, bodies = np.unique(predictions.frames, return_counts=True)
            self._database.change_many(
                "DELETE FROM predictions WHERE prediction_set = ? AND frame = ?",
                [(number, frame) for frame in frames.tolist()],
            )
            self._database.change_many(
                "INSERT INTO predictions (prediction_set, frame, track, score, points, scores) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                _rows(number, predictions),
            )
            self._database.change(
                "UPDATE prediction_sets SET most_bodies = max(most_bodies, ?) WHERE id = ?",
                (int(bodies.max(initial=0)), number),
            )

    def complete(self, run: RunId, video: VideoId) -> None:
        """Say that a run has been through the whole video: older runs no longer show through."""
        with self._database.atomic():
            number, _ = self._newest_set(run, video)
            self._database.change("UPDATE prediction_sets SET complete = 1 WHERE id = ?", (number,))

    def drop(self, run: RunId) -> frozenset[VideoId]:
        """Forget all predictions of a run; returns the videos it had predicted."""
        with self._database.atomic():
            sets = self._database.rows(
                "SELECT id, video FROM prediction_sets WHERE run = ?", (run,)
            )
            for number, _ in sets:
                self._database.change("DELETE FROM predictions WHERE prediction_set = ?", (number,))
                self._database.change("DELETE FROM prediction_sets WHERE id = ?", (number,))
        return frozenset(VideoId(video) for _, video in sets)

    def at(self, frame: FrameRef, run: RunId | None = None) -> tuple[Instance, ...]:
        """What a frame shows, or what one run predicted for it."""
        which = _VISIBLE if run is None else "video = ? AND run = ?"
        rows = self._database.rows(
            "SELECT prediction_sets.id, run, keypoints, points, scores, score FROM prediction_sets "
            "JOIN predictions ON prediction_set = prediction_sets.id "
            f"WHERE {which} AND frame = ? ORDER BY recency DESC, predictions.id",
            (frame.video, frame.video if run is None else run, frame.frame),
        )
        if not rows:
            return ()
        newest = [row for row in rows if row[0] == rows[0][0]]
        _, of_run, keypoints, *_ = newest[0]
        with self._database.sound():
            points, scores = self._arrays(
                keypoints, [row[3] for row in newest], [row[4] for row in newest]
            )
            return tuple(
                predicted_instance(frame, points[n], scores[n], row[-1], RunId(of_run))
                for n, row in enumerate(newest)
            )

    def of_video(self, video: VideoId, run: RunId | None = None) -> PredictionSet | None:
        """All that one run predicted for a video, the newest one by default."""
        found = self._database.row(
            "SELECT id, run, keypoints FROM prediction_sets "
            "WHERE video = ? AND run = coalesce(?, run) ORDER BY recency DESC LIMIT 1",
            (video, run),
        )
        if found is None:
            return None
        number, of_run, keypoints = found
        rows = self._database.rows(
            "SELECT frame, track, points, scores FROM predictions WHERE prediction_set = ? "
            "ORDER BY frame, id",
            (number,),
        )
        with self._database.sound():
            points, scores = self._arrays(
                keypoints, [row[2] for row in rows], [row[3] for row in rows]
            )
            return PredictionSet(
                video,
                RunId(of_run),
                np.array([row[0] for row in rows], np.int64),
                points,
                scores,
                np.array([row[1] for row in rows], np.int64),
            )

    def curve(self, video: VideoId) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Sorted frames that show predictions and the mean confidence of the bodies on each."""
        sets = self._database.rows(
            f"SELECT id FROM prediction_sets WHERE {_VISIBLE} ORDER BY recency DESC", (video, video)
        )
        frames, scores = np.empty(0, np.int64), np.empty(0, np.float32)
        for (number,) in sets:
            rows = self._database.rows(
                "SELECT frame, avg(score) FROM predictions WHERE prediction_set = ? GROUP BY frame",
                (number,),
            )
            with self._database.sound():
                below = np.array([row[0] for row in rows], np.int64)
                behind = np.array([row[1] for row in rows], np.float32)
            seen = ~np.isin(below, frames)
            frames = np.concatenate([frames, below[seen]])
            scores = np.concatenate([scores, behind[seen]])
        order = np.argsort(frames)
        return frames[order], scores[order]

    def runs_of(self, video: VideoId) -> tuple[RunId, ...]:
        """The runs that predicted something for a video, newest first."""
        rows = self._database.rows(
            "SELECT run FROM prediction_sets WHERE video = ? ORDER BY recency DESC", (video,)
        )
        return tuple(RunId(run) for (run,) in rows)

    def one_body(self, run: RunId, video: VideoId) -> bool:
        """Whether a run never saw two bodies on one frame of a video."""
        most = self._database.value(
            "SELECT most_bodies FROM prediction_sets WHERE run = ? AND video = ?", (run, video)
        )
        return most == 1

    def count(self) -> int:
        """How many instances all runs predicted."""
        return self._database.value(
            "SELECT count(*) FROM predictions JOIN prediction_sets "
            f"ON prediction_sets.id = prediction_set WHERE {IN_THE_PROJECT}"
        )

    def _newest_set(self, run: RunId, video: VideoId, uids: Sequence[int] = ()) -> tuple[int, int]:
        """The set of a run and a video, made if need be, as the newest of the video.

        Returns its number and how many keypoints it has, which its first part decides.
        """
        row = self._database.row(
            "INSERT INTO prediction_sets (run, video, keypoints, recency) VALUES (?, ?, ?, "
            "coalesce((SELECT max(recency) FROM prediction_sets WHERE video = ?), 0) + 1) "
            "ON CONFLICT (run, video) DO UPDATE SET recency = excluded.recency, "
            "keypoints = iif(keypoints = '[]', excluded.keypoints, keypoints) "
            "RETURNING id, json_array_length(keypoints)",
            (run, video, to_json(list(uids)), video),
        )
        assert row is not None
        return row[0], row[1]

    def _arrays(
        self, keypoints: str, points: Sequence[bytes], scores: Sequence[bytes]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Blobs of a set as (N, K, 2) and (N, K) for the keypoints of today's skeleton."""
        had = from_json(tuple[int, ...], keypoints)
        wanted = tuple(keypoint.uid for keypoint in self._skeletons.current().keypoints)
        xy = np.frombuffer(b"".join(points), "<f4").reshape(len(points), len(had), 2)
        confidence = np.frombuffer(b"".join(scores), "<f4").reshape(len(scores), len(had))
        if had == wanted:
            return xy, confidence
        column = {uid: k for k, uid in enumerate(had)}
        missing = len(had)  # the column that is put behind the others
        order = [column.get(uid, missing) for uid in wanted]
        return (
            np.pad(xy, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)[:, order],
            np.pad(confidence, ((0, 0), (0, 1)))[:, order],
        )


def _rows(number: int, predictions: PredictionSet) -> Iterator[Row]:
    points = np.ascontiguousarray(predictions.points, "<f4")
    scores = np.ascontiguousarray(predictions.scores, "<f4")
    heads = zip(
        predictions.frames.tolist(),
        predictions.tracks.tolist(),
        predictions.instance_scores().tolist(),
        strict=True,
    )
    for n, head in enumerate(heads):
        yield number, *head, points[n].tobytes(), scores[n].tobytes()
