"""Tiny stand-ins for services that the window is given, and a project to show in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.domain.video import Video
from poseapp.learn.synth.figure import Scene, Walker

SCENE = Scene(width=320, height=200, frames=60, seed=3)


@dataclass
class FakeFrames:
    """Renders the walker when it is asked for a frame, at once."""

    walker: Walker = field(default_factory=lambda: Walker(SCENE))
    shown: list[FrameRef] = field(default_factory=list)
    prefetched: list[FrameRef] = field(default_factory=list)

    def show(self, ref, on_ready, on_failed=None):
        self.shown.append(ref)
        on_ready(ref, self.walker.render(ref.frame)[0], True)

    def prefetch(self, refs):
        self.prefetched += refs

    def cached(self, ref):
        return None

    def thumbnails(self, ref, size, on_ready):
        on_ready(ref, np.ascontiguousarray(self.walker.render(ref.frame)[0][::2, ::2]))


@dataclass
class FakeLibrary:
    """All videos are where they were."""

    gone: tuple[Video, ...] = ()

    def missing(self):
        return self.gone


@dataclass
class FakeInference:
    """Remembers which frames were to be looked at."""

    missing: str = ""
    bare: bool = True
    predicted: list[FrameRef] = field(default_factory=list)
    heats: list[tuple[FrameRef, Callable]] = field(default_factory=list)

    def not_yet(self):
        return self.missing

    def is_bare(self, ref):
        return self.bare

    def predict_shown(self, ref, picture):
        self.predicted.append(ref)

    def heat_of(self, ref, picture, then):
        self.heats.append((ref, then))


@dataclass
class FakeServices:
    inference: FakeInference = field(default_factory=FakeInference)
    frames: FakeFrames = field(default_factory=FakeFrames)
    library: FakeLibrary = field(default_factory=FakeLibrary)


def make_session(folder: Path, *, videos: int = 1) -> Session:
    """A project about the walker, without labels."""
    session = Session.create(
        folder / "walk.pose", preset("walker"), Settings(folder / "settings.json")
    )
    for n in range(videos):
        path = folder / f"walk_{n + 1}.mp4"
        video = Video(VideoId(0), path, SCENE.width, SCENE.height, SCENE.frames, SCENE.fps)
        session.project.videos.add(video)
    return session


def label_frame(session: Session, frame: int, video: int = 1) -> Instance:
    """Label a frame with where the walker really is."""
    _, points, _ = Walker(SCENE).render(frame)
    instance = Instance(FrameRef(VideoId(video), frame), points, visibility_of(points))
    number = session.project.labels.insert(instance)
    return session.project.labels.get(number)


def predict_all(session: Session, now, video: int = 1, off_px: float = 3.0) -> RunId:
    """Predictions of every frame, a little beside the truth."""
    run = Run(RunId("run-1"), RunKind.INFERENCE, "supervised", now, RunState.DONE)
    session.project.runs.add(run)
    walker = Walker(SCENE)
    points = np.stack([walker.render(n)[1] for n in range(SCENE.frames)])
    session.project.predictions.write(
        PredictionSet(
            VideoId(video),
            run.id,
            np.arange(SCENE.frames),
            (points + off_px).astype(np.float32),
            np.full(points.shape[:2], 0.8, np.float32),
            np.zeros(SCENE.frames, np.int64),
        )
    )
    return run.id


def suggest(session: Session, *frames: int, video: int = 1) -> None:
    """Put frames into the queue, the first with the highest score."""
    session.project.suggestions.add(
        Suggestion(
            FrameRef(VideoId(video), frame),
            1.0 - n / 100,
            (
                Reason(
                    "uncertainty",
                    "Right wrist unsure. The net sees two places for it, 44 px apart.",
                    0.81,
                    "right wrist",
                ),
                Reason("stands_for", "Stands for 12 frames.", 0.4),
            ),
            "entropy",
            1,
        )
        for n, frame in enumerate(frames)
    )
