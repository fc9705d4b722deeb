"""How long the window makes a person wait: `python -m tests.benchmarks.bench_window`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject

from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.app.training import REMOTE, SUPERVISED, Choices
from poseapp.domain.ids import FrameRef, RunId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.media.film_writer import write_film

BODIES = 10
FRAMES = 240
STARTS = 7
_BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication(sys.argv[:1])
window = QMainWindow()
window.show()
QTimer.singleShot(0, lambda: (print("shown", flush=True), app.quit()))
app.exec()
"""
_OURS = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from poseapp.app.settings import Settings
from poseapp.ui import theme
from poseapp.ui.studio import Studio
app = QApplication(sys.argv[:1])
theme.apply(app, "dark")
studio = Studio(Settings(Path(sys.argv[1])))
studio.window.show()
QTimer.singleShot(0, lambda: (print("shown", flush=True), studio.window.close(), app.quit()))
app.exec()
"""


def main() -> None:
    """Print every figure."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        _start_ups(Path(folder))
        _in_the_window(Path(folder))


def _start_ups(folder: Path) -> None:
    bare = [_start(_BARE, folder) for _ in range(STARTS)]
    ours = [_start(_OURS, folder) for _ in range(STARTS)]
    _say("an empty Qt window in a fresh process", bare)
    _say("first window in a fresh process", ours)
    _write(f"first window: {np.median(ours) / np.median(bare):.1f} times an empty one")


def _start(code: str, folder: Path) -> float:
    """ms from starting Python until the window is painted."""
    began = time.perf_counter()
    command = [sys.executable, "-c", code, str(folder / "settings.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while process.stdout.readline().strip() != "shown":
            if process.poll() not in (None, 0):
                raise RuntimeError("the window did not start")
        return (time.perf_counter() - began) * 1000


def _in_the_window(folder: Path) -> None:
    from PySide6.QtWidgets import QApplication

    from poseapp.ui import theme
    from poseapp.ui.studio import Studio

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    settings = Settings(folder / "settings.json")
    settings.set("device", "cpu")
    project = _project(folder, settings)
    studio = Studio(settings)
    studio.window.resize(1440, 900)
    studio.window.show()
    began = time.perf_counter()
    studio.open_project(project)
    desk = studio.desk
    assert desk is not None
    frame = desk.label.frame
    _until(app, lambda: frame.shown is not None)
    _say("open a project and show its first frame", [(time.perf_counter() - began) * 1000])
    _settle(app, 3.0)
    random = np.random.default_rng(0).permutation(FRAMES)[:60]
    cold = [_go(app, desk, int(n)) for n in random]
    _say("a random frame with 10 skeletons", cold)
    desk.label.go(20)
    _settle(app, 0.5)
    following = []
    for n in range(21, 81):
        following.append(_go(app, desk, n))
        _settle(app, 0.03)
    _say("the next frame with 10 skeletons", following)
    _write(f"next frame: {np.median(following) / np.median(cold):.2f} of a random one")
    _lateness(app, studio)
    studio.window.close()


class Painted(QObject):
    """Knows when the canvas was painted with the frame that is asked for on it."""

    def __init__(self, label: object) -> None:
        super().__init__()
        self._frame = label.frame  # type: ignore[attr-defined] - a LabelControl
        self._viewport = label.view.canvas.viewport()  # type: ignore[attr-defined]
        self._paints = 0
        self._viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        self._paints += event.type() == QEvent.Type.Paint and self._frame.settled
        return False

    @property
    def done(self) -> bool:
        """Once the paint that was seen has ended, which is when somebody can ask."""
        if self._paints:
            self._viewport.removeEventFilter(self)
        return self._paints > 0


def _go(app: object, desk: object, frame: int) -> float:
    """ms from the wish until the frame is painted."""
    label = desk.label  # type: ignore[attr-defined] - a Desk
    painted = Painted(label)
    began = time.perf_counter()
    label.frame.go(frame)
    _until(app, lambda: painted.done)
    return (time.perf_counter() - began) * 1000


def _lateness(app: object, studio: object) -> None:
    """How late a timer of 16 ms comes, idle and while a net is trained in each way."""
    idle = _ticks(app, 5.0)
    _say("lateness of a 16 ms timer, idle", idle)
    training = studio.desk.services.training  # type: ignore[attr-defined] - a Studio
    for recipe, minutes, reached in ((SUPERVISED, 0.5, "step"), (REMOTE, 1.0, "pick ")):
        training.start(Choices(recipe, minutes))
        job = training.job
        assert job is not None
        _until(app, lambda job=job, text=reached: text in job.text or job.ended, 240)
        busy = _ticks(app, 10.0)
        training.stop()
        _say(f"lateness of a 16 ms timer, while training {recipe}", busy)
        ratio = np.percentile(busy, 99) / max(float(np.percentile(idle, 99)), 0.01)
        late = float(np.percentile(busy, 99))
        _write(f"p99 lateness while training {recipe}: {late:.1f} ms, {ratio:.1f} times idle")
        _until(app, lambda job=job: job.ended, 120)


def _ticks(app: object, seconds: float) -> list[float]:
    from PySide6.QtCore import QElapsedTimer, Qt, QTimer

    late: list[float] = []
    clock = QElapsedTimer()
    timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=16)
    before = [0.0]

    def tick() -> None:
        now = clock.nsecsElapsed() / 1e6
        late.append(max(now - before[0] - 16.0, 0.0))
        before[0] = now

    timer.timeout.connect(tick)
    clock.start()
    timer.start()
    _settle(app, seconds)
    return late[1:]


def _project(folder: Path, settings: Settings) -> Path:
    """A 720p film with a keyframe every 30 frames, and ten predicted bodies on each frame."""
    film = folder / "film.mp4"
    rng = np.random.default_rng(0)
    ground = np.kron(rng.integers(0, 255, (45, 80, 3), np.uint8), np.ones((16, 16, 1), np.uint8))
    write_film(film, (np.roll(ground, 3 * n, axis=1) for n in range(FRAMES)), 30.0)
    with Session.create(folder / "film.pose", preset("person"), settings) as session:
        from poseapp.app.library import Library

        (video,) = Library(session).add([film])
        run = Run(RunId("r"), RunKind.INFERENCE, "supervised", datetime.now(UTC), RunState.DONE)
        session.project.runs.add(run)
        count, keypoints = FRAMES * BODIES, len(session.project.skeleton)
        middle = rng.uniform((100, 100), (1180, 620), (BODIES, 1, 2))
        shape = rng.normal(0, 60, (1, keypoints, 2))
        points = np.tile(middle + shape, (FRAMES, 1, 1)) + rng.normal(0, 2, (count, keypoints, 2))
        session.project.predictions.write(
            PredictionSet(
                video.id,
                run.id,
                np.repeat(np.arange(FRAMES), BODIES),
                points.astype(np.float32),
                np.full((count, keypoints), 0.8, np.float32),
                np.tile(np.arange(BODIES), FRAMES),
            )
        )
        for n in range(0, FRAMES, 12):
            (found, *_) = session.project.predictions.at(FrameRef(video.id, n))
            session.labelling.accept(found)
        return session.project.path


def _until(app: object, reached: Callable[[], bool], within_s: float = 20.0) -> None:
    end = time.perf_counter() + within_s
    while not reached():
        app.processEvents()  # type: ignore[attr-defined] - a QApplication
        if time.perf_counter() > end:
            raise TimeoutError("the window did not get there")


def _settle(app: object, seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say(name: str, times: list[float]) -> None:
    _write(f"{name}: median {np.median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms")


if __name__ == "__main__":
    main()
