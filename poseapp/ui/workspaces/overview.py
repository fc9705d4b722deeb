"""What the lists and the timeline say about whole videos; read in the background."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.suggestion import Answer
from poseapp.store.project import Project
from poseapp.ui.bridge import Background

_WAIT_MS = 60
_TRAIL_FRAMES = 24


@dataclass(frozen=True, slots=True)
class VideoCounts:
    """How much of a video is labelled and asked for."""

    labelled: int
    waiting: int


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """What the timeline draws of one video; frame numbers are sorted."""

    video: VideoId
    labels: NDArray[np.int64]
    suggestions: NDArray[np.int64]
    answers: tuple[Answer, ...]
    confidence_frames: NDArray[np.int64]
    confidence: NDArray[np.float32]
    tracks: tuple[tuple[str, int, int], ...]
    """(name, first, last frame) of every stretch without a gap"""


class Overview(QObject):
    """Reads counts and lanes soon after something changed, never more often than needed."""

    counted = Signal(object)
    """{VideoId: VideoCounts}"""
    lanes_read = Signal(object)
    trails_read = Signal(object, object)
    """(frame, the (T, K, 2) positions over the frames before it, for each body)"""

    def __init__(
        self,
        background: Background,
        reader: Callable[[], AbstractContextManager[Project]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._reader = reader
        self._video: VideoId | None = None
        self._count_soon = self._soon(self._count)
        self._lanes_soon = self._soon(self._read_lanes)

    def count(self) -> None:
        """Count all videos again."""
        self._count_soon.start()

    def show_video(self, video: VideoId) -> None:
        """Read the lanes of this video from now on."""
        self._video = video
        self._lanes_soon.start()

    def read_lanes(self) -> None:
        """Read the lanes again after something of the video changed."""
        self._lanes_soon.start()

    def read_trails(self, frame: FrameRef) -> None:
        """Read where the bodies were over the last frames."""

        def work() -> list[NDArray[np.float64]]:
            with self._reader() as project:
                return trails(project, frame)

        self._background.run("trails", work, lambda found: self.trails_read.emit(frame, found))

    def _soon(self, call: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(_WAIT_MS)
        timer.timeout.connect(call)
        return timer

    def _count(self) -> None:
        def work() -> dict[VideoId, VideoCounts]:
            with self._reader() as project:
                return {video.id: _counts(project, video.id) for video in project.videos.all()}

        self._background.run("counts", work, self.counted.emit)

    def _read_lanes(self) -> None:
        video = self._video
        if video is None:
            return

        def work() -> Lanes:
            with self._reader() as project:
                return read_lanes(project, video)

        self._background.run("lanes", work, self.lanes_read.emit)


def read_lanes(project: Project, video: VideoId) -> Lanes:
    """Everything the timeline shows of a video."""
    suggested, answers = project.suggestions.frames(video)
    frames, scores = project.predictions.curve(video)
    return Lanes(
        video,
        project.labels.labelled_frames(video),
        suggested,
        answers,
        frames,
        scores,
        _tracks(project, video),
    )


def trails(project: Project, frame: FrameRef) -> list[NDArray[np.float64]]:
    """(T, K, 2) per body, oldest first: labels where there are some, else predictions.

    Bodies are followed by their order on the frames.
    """
    first = max(frame.frame - _TRAIL_FRAMES, 0)
    refs = [FrameRef(frame.video, n) for n in range(first, frame.frame + 1)]
    seen = [project.labels.at(ref) or project.predictions.at(ref) for ref in refs]
    most = max((len(bodies) for bodies in seen), default=0)
    return [np.stack([bodies[n].points for bodies in seen if len(bodies) > n]) for n in range(most)]


def _counts(project: Project, video: VideoId) -> VideoCounts:
    _, answers = project.suggestions.frames(video)
    waiting = sum(answer in (Answer.OPEN, Answer.SKIPPED) for answer in answers)
    return VideoCounts(len(project.labels.labelled_frames(video)), waiting)


def _tracks(project: Project, video: VideoId) -> tuple[tuple[str, int, int], ...]:
    """Where each tracklet of the newest predictions is seen."""
    predictions = project.predictions.of_video(video)
    if predictions is None or not len(predictions):
        return ()
    stretches: list[tuple[str, int, int]] = []
    for track in np.unique(predictions.tracks[predictions.tracks >= 0]):
        frames = predictions.frames[predictions.tracks == track]
        parts = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
        stretches += [(f"Track {track + 1}", int(part[0]), int(part[-1])) for part in parts]
    return tuple(stretches)
