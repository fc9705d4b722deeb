"""Predicting whole videos; results go out as they come."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass

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
from poseapp.infer.people.people import KINDS
from poseapp.infer.reading import FrameReader, Picture, Wanted, read_in_chunks
from poseapp.infer.seen_person import SeenPerson
from poseapp.infer.shelf import Rows, Shelf
from poseapp.infer.sides import unswapped
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
    numbers that hold within their video. Frames in which a net for people took somebody's left for
    right, which only later frames tell, are sent again at the end of their video. How sure the net
    was goes on the shelf. A stopped run keeps what it has.

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


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """Who was found in one."""

    number: int
    points: NDArray[np.float64]
    """(I, K, 2)"""
    scores: NDArray[np.float32]
    """(I, K)"""
    tracks: NDArray[np.int64]
    """(I,)"""


class _Film:
    """The results of one video on their way out."""

    def __init__(
        self, video: Video, run: RunId, predictor: Estimator, report: Report, shelf: Shelf
    ) -> None:
        self._video, self._run, self._predictor = video, run, predictor
        self._film = predictor.film()
        self._report, self._shelf = report, shelf
        self._tracker = Tracker(mirrored=predictor.card.skeleton.flip_permutation())
        self._found: list[_Frame] = []
        self._sent: list[_Frame] = []  # of nets for people, to put sides right at the end
        self._beliefs: list[Rows] = []
        self._sent_at = time.monotonic()

    def add(self, frames: Sequence[int], pictures: Sequence[Picture]) -> None:
        found = self._film.predict(pictures)
        self._beliefs.append(beliefs_of(frames, found, self._predictor.card.pose.stride))
        for frame, bodies in zip(frames, found, strict=True):
            tracks = self._tracks(frame, bodies)
            self._found.append(_Frame(frame, bodies.points, bodies.scores, tracks))
        if time.monotonic() - self._sent_at > SEND_EVERY_S:
            self._send()

    def close(self) -> None:
        self._send()
        names = self._predictor.card.skeleton.names
        self._found = _sides_put_right(self._video, names, self._sent)
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
        if self._predictor.card.net in KINDS:
            self._sent += self._found
        self._found = []
        self._sent_at = time.monotonic()


def _prediction_set(video: Video, run: RunId, found: Sequence[_Frame]) -> PredictionSet:
    counts = [len(one.tracks) for one in found]
    return PredictionSet(
        video.id,
        run,
        np.repeat([one.number for one in found], counts).astype(np.int64),
        np.concatenate([one.points for one in found]).astype(np.float32),
        np.concatenate([one.scores for one in found]).astype(np.float32),
        np.concatenate([one.tracks for one in found]),
    )


def _sides_put_right(video: Video, names: Sequence[str], frames: Sequence[_Frame]) -> list[_Frame]:
    """The frames in which somebody's left and right were swapped, as they should be."""
    through: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for n, frame in enumerate(frames):
        for k, track in enumerate(frame.tracks.tolist()):
            through[track].append((n, k))
    right: dict[int, _Frame] = {}
    for places in through.values():
        seen = SeenPerson(
            names,
            np.array([frames[n].number for n, _ in places]),
            np.stack([frames[n].points[k] for n, k in places]),
            np.stack([frames[n].scores[k] for n, k in places]),
            (video.width, video.height),
            video.pace,
        )
        put_right = unswapped(seen)
        same = (put_right.points == seen.points) | np.isnan(seen.points)
        for m in np.flatnonzero(~same.all(axis=(1, 2))):
            n, k = places[m]
            frame = right.setdefault(n, deepcopy(frames[n]))
            frame.points[k], frame.scores[k] = put_right.points[m], put_right.scores[m]
    return [right[n] for n in sorted(right)]


def _about_damage(damaged: Sequence[FrameRef], wanted: Sequence[Wanted]) -> str:
    names = {one.video.id: one.video.name for one in wanted}
    where = ", ".join(sorted({names[ref.video] for ref in damaged}))
    count = "One damaged frame" if len(damaged) == 1 else f"{len(damaged):,} damaged frames"
    return f"{count} of {where} could not be read and got no predictions."
