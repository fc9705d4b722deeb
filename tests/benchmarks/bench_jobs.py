"""How late the window's timer is while a net trains, and how long jobs make a person wait.

python -m tests.benchmarks.bench_jobs
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.app.commands import AddInstance, AddVideo, Batch
from poseapp.app.inference import Inference
from poseapp.app.jobs import JobRunner, JobState
from poseapp.app.mailbox import Mailbox
from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.app.training import Choices, Training
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Instance
from poseapp.domain.report import SilentReport
from poseapp.infer.features import SmallCopies, best_descriptor, features
from poseapp.learn.synth.figure import Scene, Walker
from poseapp.media.film_writer import write_film
from poseapp.media.probe import probe
from poseapp.media.reader import FrameReader

TICK_MS = 16
WATCHED_S = float(os.environ.get("BENCH_SECONDS", "20"))
TURNS = 5
FRAMES = 300
LABELS = 24
TASKS = "tests.app.made_up_tasks"
VIDEO = VideoId(1)


def main() -> None:
    """Print every wait, and what the same is when nothing else runs."""
    with tempfile.TemporaryDirectory() as folder, _walker(Path(folder)) as session:
        start_of_worker()
        picture = walker_picture(session)
        with running(session) as (mail, jobs):
            training, inference = Training(session, jobs), Inference(session, jobs)
            mail.wait(_train(training, steps=2))
            mail.wait(inference.predict_frame(FrameRef(VIDEO, 0), picture))
            idle = overtaking(mail, inference, picture)
            report("predict the frame on screen, nothing else runs", idle)
            job = _train(training, minutes=10.0)
            mail.run_until(lambda: len(training.history(training_run(training))) > 3)
            report(
                "predict the frame on screen while a net trains",
                overtaking(mail, inference, picture),
                idle,
            )
            job.stop()
            mail.run_until(lambda: job.ended)
        lateness(session)
        speeds(session)
        nets(Path(folder))


def start_of_worker() -> None:
    """From asking for the first job to its answer; then with the worker there."""
    first, later = [], []
    for _ in range(5):
        mail = Mailbox()
        jobs = JobRunner(mail.post)
        for times in (first, *[later] * 20):
            began = time.perf_counter()
            mail.wait(jobs.start(f"{TASKS}:pid", None, name="first"))
            times.append(time.perf_counter() - began)
        jobs.shutdown()
    report("an empty job in a worker that is there", later)
    report("an empty job that starts the worker", first, later)


def overtaking(
    mail: Mailbox, inference: Inference, picture: NDArray[np.uint8], times: int = 30
) -> list[float]:
    """Seconds from asking for the frame on screen until its prediction is stored."""
    taken = []
    for number in range(times):
        until = time.perf_counter() + 0.05 + 0.013 * number
        mail.run_until(lambda until=until: time.perf_counter() > until)
        began = time.perf_counter()
        mail.wait(inference.predict_frame(FrameRef(VIDEO, number), picture))
        taken.append(time.perf_counter() - began)
    return taken


def lateness(session: Session) -> None:
    """A 16 ms timer in a window's thread: training and resting in turns, so that both meet the
    same machine."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    from poseapp.ui.bridge import MainThread

    app = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    bridge = MainThread()
    jobs = JobRunner(bridge.post)
    training = Training(session, jobs)
    job = _train(training, minutes=10.0)
    while len(training.history(training_run(training))) < 4:
        app.processEvents()
        time.sleep(0.01)
    idle, busy = [], []
    for _ in range(TURNS):
        job.pause()
        watch(1.0)
        idle += watch(WATCHED_S / TURNS)
        job.resume()
        watch(1.0)
        busy += watch(WATCHED_S / TURNS)
    assert job.state is JobState.RUNNING
    jobs.shutdown()
    training.close()
    report("timer late, training paused", idle, percentiles=(50, 95, 99, 100))
    report("timer late, training in the worker", busy, idle, percentiles=(50, 95, 99, 100))


def watch(seconds: float) -> list[float]:
    """How late each tick of a precise timer was, in seconds."""
    from PySide6.QtCore import QEventLoop, Qt, QTimer

    late: list[float] = []
    loop = QEventLoop()
    last = time.perf_counter()
    end = last + seconds

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        late.append(max(0.0, now - last - TICK_MS / 1000))
        last = now
        if now > end:
            loop.quit()

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(TICK_MS)
    loop.exec()
    timer.stop()
    return late[1:]


def speeds(session: Session) -> None:
    """Frames a second of each thing that looks at whole videos."""
    from poseapp.infer.predict import Predictor
    from poseapp.infer.reading import Wanted
    from poseapp.infer.shelf import Shelf
    from poseapp.infer.videos import predict_videos

    project = session.project
    active = project.runs.active()
    assert active is not None
    reader = FrameReader(project.videos.all(), project.cache_folder)
    video = project.videos.get(VIDEO)
    refs = [FrameRef(VIDEO, n) for n in range(video.frame_count)]
    began = time.perf_counter()
    count = sum(1 for _ in reader.read_many(refs))
    decoding = count / (time.perf_counter() - began)
    say(f"decode {video.width} × {video.height}: {decoding:.0f} frames/s")
    for threads in (1, 2):
        predictor = Predictor.load(project.runs_folder / active.id, device="cpu", threads=threads)
        card = predictor.card
        outcome = predict_videos(
            predictor, [Wanted(video)], reader, active.id, SilentReport(), Shelf(None, "")
        )
        say(
            f"predict, {card.net} {card.kind} {card.pose.width} × {card.pose.height}, "
            f"{predictor.device}: {outcome.frames_per_s:.0f} frames/s "
            f"({outcome.frames_per_s / decoding:.2f} of decoding alone)"
        )
        trunk = best_descriptor(project.cache_folder, device="cpu", threads=threads)
        for describe in (trunk, SmallCopies()):
            began = time.perf_counter()
            features(refs, [video], reader, SilentReport(), describe)
            described = count / (time.perf_counter() - began)
            say(f"describe, {describe.name}, {threads} thread(s): {described:.0f} frames/s")
    cached_features(session)


def nets(folder: Path) -> None:
    """Pictures a second of every net alone, and how much faster one thread is than torch's."""
    import torch

    from poseapp.infer.session import Net
    from poseapp.nets.export import export, run_torch
    from poseapp.nets.pose_net import BACKBONES, build

    torch.set_num_threads(1)
    pictures = np.zeros((4, 160, 256, 3), np.uint8)
    for name in BACKBONES:
        net = build(name, 16).eval()
        export(net, folder / f"{name}.onnx")
        alone = {
            threads: pace(Net(folder / f"{name}.onnx", device="cpu", threads=threads), pictures)
            for threads in (1, 2)
        }
        ratio = alone[1] / pace(lambda batch, net=net: run_torch(net, batch), pictures)
        say(
            f"{name} 256 × 160: 1 thread {alone[1]:.0f} pictures/s, 2 threads {alone[2]:.0f}; "
            f"{ratio:.1f} times torch with one thread"
        )


def pace(run: Callable[[NDArray[np.uint8]], object], pictures: NDArray[np.uint8]) -> float:
    """Pictures a second of the median run."""
    taken = []
    for _ in range(8):
        began = time.perf_counter()
        run(pictures)
        taken.append(time.perf_counter() - began)
    return len(pictures) / float(np.median(taken))


def cached_features(session: Session, count: int = 5_000) -> None:
    """Read 5,000 described frames back."""
    from poseapp.infer.shelf import Rows, Shelf, gathered

    project = session.project
    video = project.videos.get(VIDEO)
    shelf = Shelf(project.cache_folder / "bench", "features")
    values = np.random.default_rng(0).normal(size=(count, 320)).astype(np.float32)
    shelf.add(video, Rows(np.arange(count), {"features": values}))
    refs = [FrameRef(VIDEO, n) for n in range(count)]
    taken = []
    for _ in range(20):
        began = time.perf_counter()
        rows = shelf.read(video)
        assert rows is not None
        gathered(refs, {VIDEO: rows})
        taken.append(time.perf_counter() - began)
    report(f"read the features of {count:,} candidates back", taken)


def report(
    name: str,
    taken: list[float],
    beside: list[float] | None = None,
    percentiles: tuple[int, ...] = (50, 95),
) -> None:
    """One line: the percentiles in milliseconds, and the ratio to another measurement's."""
    names = {50: "median", 100: "max"}
    values = np.percentile(taken, percentiles) * 1000
    parts = [
        f"{names.get(p, f'p{p}')} {value:.2f} ms"
        for p, value in zip(percentiles, values, strict=True)
    ]
    if beside:
        share = values / np.maximum(np.percentile(beside, percentiles) * 1000, 1e-6)
        parts.append(" and ".join(f"{ratio:.2f}" for ratio in share) + " times the former")
    say(f"{name}: {', '.join(parts)}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def training_run(training: Training):
    assert training.current is not None
    return training.current.id


def walker_picture(session: Session) -> NDArray[np.uint8]:
    project = session.project
    return FrameReader(project.videos.all(), project.cache_folder).read(FrameRef(VIDEO, 0))


def _train(training: Training, steps: int | None = None, minutes: float | None = None):
    training.start(Choices(steps=steps, minutes=minutes))
    assert training.job is not None
    return training.job


@contextmanager
def running(session: Session) -> Iterator[tuple[Mailbox, JobRunner]]:
    mail = Mailbox()
    jobs = JobRunner(mail.post)
    try:
        yield mail, jobs
    finally:
        jobs.shutdown()


@contextmanager
def _walker(folder: Path) -> Iterator[Session]:
    """A project on a film of the walker, some frames of it labelled."""
    walker = Walker(Scene(frames=FRAMES))
    drawn = [walker.render(n) for n in range(FRAMES)]
    write_film(folder / "walker.mp4", (picture for picture, _, _ in drawn), 25.0)
    settings = Settings(folder / "settings.json")
    settings.set("device", "cpu")
    with Session.create(folder / "walker", preset("walker"), settings) as session:
        session.history.do(AddVideo(probe(folder / "walker.mp4", session.project.cache_folder)))
        labels = tuple(
            AddInstance(Instance(FrameRef(VIDEO, n), drawn[n][1], drawn[n][2]))
            for n in range(0, FRAMES, FRAMES // LABELS)
        )
        session.history.do(Batch("Labelled the walker", labels))
        yield session


if __name__ == "__main__":
    main()
