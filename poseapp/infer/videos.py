"""Predicting whole videos; results go out as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import JobCancelled
from poseapp.domain.ids import FrameRef, RunId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.report import Report
from poseapp.domain.video import Video
from poseapp.infer.beliefs import beliefs_of
from poseapp.infer.estimator import Estimator
from poseapp.infer.outcome import Outcome, VideoDone
from poseapp.infer.reading import FrameReader, Picture, Wanted, read_in_chunks
from poseapp.infer.shelf import Rows, Shelf
from poseapp.infer.track import Tracker
from poseapp.nets.pipeline import Bodies

SEND_EVERY_S = 1.0
"""How long results of a running job are held back at most."""


def predict_videos(
    predictor: Estimator,
    wanted: Sequence[Wanted],
    frames: FrameReader,
    run: RunId,
    report: Report,
    shelf: Shelf,
    now: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Send `PredictionSet`s through the report until every frame is done, or a person stops it.

    Where all frames of a video were wanted, its `VideoDone` follows them. Bodies carry track
    numbers that hold within their video. How sure the net was goes on the shelf. A stopped run
    keeps what it has.

    Raises:
        VideoUnreadableError: when a video cannot be opened at all.
        InferenceError: when the net cannot be run.
    """
    total = sum(len(one.refs()) for one in wanted)
    damaged: list[FrameRef] = []
    began, done, stopped = now(), 0, False
    for one in wanted:
        film = _Film(one.video, run, predictor, report, shelf)
        read = read_in_chunks(frames, one.refs(), predictor.batch, lambda r, _: damaged.append(r))
        try:
            for numbers, pictures in read:
                film.add(numbers, pictures)
                done += len(numbers)
                pace = done / max(now() - began, 1e-6)
                text = f"{one.video.name}, {pace:.0f} frames/s"
                report.progress((done + len(damaged)) / max(total, 1), text)
        except JobCancelled:
            stopped = True
        film.close()
        if stopped:
            break
        if one.frames is None:
            report.send(VideoDone(one.video.id))
    if damaged:
        report.note(_about_damage(damaged, wanted))
    seconds = max(now() - began, 1e-6)
    return Outcome(done, len(damaged), done / seconds, stopped)


class _Film:
    """The results of one video on their way out."""

    def __init__(
        self, video: Video, run: RunId, predictor: Estimator, report: Report, shelf: Shelf
    ) -> None:
        self._video, self._run, self._predictor = video, run, predictor
        self._film = predictor.film()
        self._report, self._shelf = report, shelf
        self._tracker = Tracker()
        self._found: list[tuple[int, Bodies, NDArray[np.int64]]] = []
        self._beliefs: list[Rows] = []
        self._sent = time.monotonic()

    def add(self, frames: Sequence[int], pictures: Sequence[Picture]) -> None:
        found = self._film.predict(pictures)
        self._beliefs.append(beliefs_of(frames, found, self._predictor.card.pose.stride))
        for frame, bodies in zip(frames, found, strict=True):
            self._found.append((frame, bodies, self._tracks(frame, bodies)))
        if time.monotonic() - self._sent > SEND_EVERY_S:
            self._send()

    def close(self) -> None:
        self._send()
        if self._beliefs:
            self._shelf.add(self._video, Rows.joined(self._beliefs))

    def _tracks(self, frame: int, bodies: Bodies) -> NDArray[np.int64]:
        if self._predictor.card.instances == 1:
            return np.zeros(len(bodies.points), np.int64)
        return self._tracker.follow(frame, bodies.points)

    def _send(self) -> None:
        if self._found:
            self._report.send(_prediction_set(self._video, self._run, self._found))
        self._found = []
        self._sent = time.monotonic()


def _prediction_set(
    video: Video, run: RunId, found: Sequence[tuple[int, Bodies, NDArray[np.int64]]]
) -> PredictionSet:
    return PredictionSet(
        video.id,
        run,
        np.repeat([frame for frame, _, _ in found], [len(t) for _, _, t in found]).astype(np.int64),
        np.concatenate([bodies.points for _, bodies, _ in found]).astype(np.float32),
        np.concatenate([bodies.scores for _, bodies, _ in found]).astype(np.float32),
        np.concatenate([tracks for _, _, tracks in found]),
    )


def _about_damage(damaged: Sequence[FrameRef], wanted: Sequence[Wanted]) -> str:
    names = {one.video.id: one.video.name for one in wanted}
    where = ", ".join(sorted({names[ref.video] for ref in damaged}))
    count = "One damaged frame" if len(damaged) == 1 else f"{len(damaged):,} damaged frames"
    return f"{count} of {where} could not be read and got no predictions."
