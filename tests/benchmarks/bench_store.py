"""How long edits, opening and looking take in an empty project and in a very full one.

python -m tests.benchmarks.bench_store
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np

from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.ids import FrameRef, InstanceId, RunId, VideoId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.domain.video import Video

KEYPOINTS = 17
VIDEOS = 10
FRAMES = 20_000
"""Of each video: with one prediction on each frame there are 200,000."""
SUGGESTIONS = 5_000
LABELS = 200
LOOKED_AT = 100
"""Predictions in the project called empty, so that looking at a frame draws as much in both."""
TIMES = 300

RUN = RunId("bench")

Action = Callable[[], object]


def main() -> None:
    """Print median and 95th percentile of each step, and how much a full project slows it."""
    with tempfile.TemporaryDirectory() as folder:
        with _projects(Path(folder)) as (empty, full):
            _use(empty, full)
        compare("open for writing and close", *(_opening(s) for s in (empty, full)))


def _use(empty: Session, full: Session) -> None:
    file = full.project.path / "project.db"
    say(
        f"full: {full.project.predictions.count():,} predictions, {SUGGESTIONS:,} suggestions, "
        f"{file.stat().st_size / 1e6:.0f} MB; empty: {LOOKED_AT} predictions, 1 suggestion; "
        f"both: {LABELS} labels"
    )
    for name, step in STEPS.items():
        compare(name, step(empty), step(full))
    compare("open for reading", *(_reading(s) for s in (empty, full)))
    for name, scan in SCANS.items():
        report(name, timed(lambda scan=scan: scan(full), times=5))


def compare(name: str, in_empty: Action, in_full: Action) -> None:
    """Do both in turn, so that a busy machine slows both alike."""
    times: tuple[list[float], list[float]] = [], []
    for _ in range(TIMES):
        for spent, action in zip(times, (in_empty, in_full), strict=True):
            spent.extend(timed(action, times=1))
    slow, fast = np.array(times[1]), np.array(times[0])
    report(f"{name}, empty", times[0])
    report(f"{name}, full", times[1], f", {np.median(slow) / np.median(fast):.2f}x of empty")


def timed(action: Action, times: int) -> list[float]:
    """Milliseconds of each run."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        spent.append((time.perf_counter() - start) * 1e3)
    return spent


def report(name: str, spent: list[float], ratio: str = "") -> None:
    median, late = np.percentile(spent, [50, 95])
    say(f"{name}: median {median:.3f} ms, p95 {late:.3f} ms{ratio}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def _projects(folder: Path) -> Iterator[tuple[Session, Session]]:
    with _made(folder / "empty") as empty, _made(folder / "full") as full:
        _fill(full)
        yield empty, full


def _made(path: Path) -> Session:
    names = tuple(Keypoint(f"point {n}") for n in range(KEYPOINTS))
    settings = Settings(path.with_suffix(".json"))
    session = Session.create(path, Skeleton("bench", names), settings)
    for n in range(VIDEOS):
        film = Video(VideoId(0), path / f"{n}.mp4", 1280, 720, FRAMES, 30.0)
        session.project.videos.add(film)
    for n in range(LABELS):
        session.labelling.add_instance(_frame(session, n * 97), "template")
    one = Suggestion(_frame(session, 0), 0.5, (Reason("jump", "It jumped.", 0.5),), "bench")
    session.project.suggestions.add([one])
    _predict(session, _frame(session, 0).video, LOOKED_AT)
    return session


def _predict(session: Session, video: VideoId, count: int) -> None:
    random = np.random.default_rng(video)
    points = random.uniform(0, 700, (count, KEYPOINTS, 2)).astype(np.float32)
    scores = random.uniform(0, 1, (count, KEYPOINTS)).astype(np.float32)
    session.project.predictions.write(
        PredictionSet(video, RUN, np.arange(count), points, scores, np.full(count, -1))
    )


def _fill(session: Session) -> None:
    random = np.random.default_rng(0)
    for video in session.project.videos.all():
        _predict(session, video.id, FRAMES)
        session.project.predictions.complete(RUN, video.id)
    reasons = (Reason("uncertainty", "The left ear is unsure.", 0.7, "left ear"),) * 2
    session.project.suggestions.add(
        Suggestion(_frame(session, n * 39), float(random.random()), reasons, "bench", n // 500)
        for n in range(SUGGESTIONS)
    )


def _frame(session: Session, number: int) -> FrameRef:
    return FrameRef(VideoId(1 + number // FRAMES % VIDEOS), number % FRAMES)


def _opening(session: Session) -> Action:
    return lambda: Session.open(session.project.path, settings=session.settings).close()


def _reading(session: Session) -> Action:
    return lambda: session.project.reader().close()


def _moving(session: Session) -> Action:
    number = count()
    body = session.labelling.add_instance(_frame(session, 50_000), "template")
    return lambda: session.labelling.move_keypoint(
        body, next(number) % KEYPOINTS, (next(number), next(number))
    )


def _placing(session: Session) -> Action:
    number = count(60_000)
    return lambda: session.labelling.place_keypoint(
        _frame(session, next(number)), None, 3, (10.0, 20.0)
    )


def _accepting(session: Session) -> Action:
    """In the empty project there is no prediction: add what accepting one would add."""
    number = count(90_000)

    def accept() -> InstanceId | tuple[InstanceId, ...]:
        frame = _frame(session, next(number))
        accepted = session.labelling.accept_all(frame)
        return accepted or session.labelling.add_instance(frame, "template")

    return accept


def _skipping(session: Session) -> Action:
    return session.queue.skip


def _looking(session: Session) -> Action:
    number = count()
    return lambda: session.labelling.view(_frame(session, next(number) % LOOKED_AT))


STEPS: dict[str, Callable[[Session], Action]] = {
    "move a keypoint": _moving,
    "place a keypoint": _placing,
    "accept a frame": _accepting,
    "undo": lambda session: session.history.undo,
    "redo": lambda session: session.history.redo,
    "look at a frame": _looking,
    "ask the queue": lambda session: session.queue.current,
    "progress of the queue": lambda session: lambda: session.queue.progress,
    "skip in the queue": _skipping,
}

SCANS: dict[str, Callable[[Session], object]] = {
    "confidence curve of a video": lambda s: s.project.predictions.curve(_frame(s, 0).video),
    "all predictions of a video": lambda s: s.project.predictions.of_video(_frame(s, 0).video),
    "every open suggestion": lambda s: s.project.suggestions.open(),
    "suggested frames of a video": lambda s: s.project.suggestions.frames(_frame(s, 0).video),
    "labelled frames of a video": lambda s: s.project.labels.labelled_frames(_frame(s, 0).video),
    "snapshot of the labels": lambda s: s.project.labels.snapshot(),
    "count the labelled frames": lambda s: s.project.labels.frame_count(),
}

if __name__ == "__main__":
    main()
