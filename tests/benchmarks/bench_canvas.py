"""How long a frame, a drag and a step of the timeline take to be drawn.

python -m tests.benchmarks.bench_canvas
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from poseapp.domain.ids import FrameRef, InstanceId, VideoId
from poseapp.domain.pose import Instance, Origin
from poseapp.domain.skeleton import Keypoint, Skeleton, guess_pairs
from poseapp.domain.suggestion import Answer
from poseapp.ui import theme
from poseapp.ui.canvas.canvas import Canvas
from poseapp.ui.timeline import Timeline

WIDTH, HEIGHT = 1280, 720
BODIES = 10
FRAMES, SUGGESTIONS = 108_000, 5_000
ROUNDS = 150
_NAMES = ("nose", *(f"{side}_{part}" for part in ("ear", "shoulder", "elbow", "wrist", "hip",
          "knee", "ankle") for side in ("left", "right")))  # fmt: skip
_BONES = (*((n, n + 2) for n in range(1, 13)), (0, 1), (0, 2), (3, 4), (9, 10))


def main() -> None:
    """Print every time, and the canvas's against an ImageItem's of the same run."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(sys.argv)
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    usual = measure(f"pyqtgraph ImageItem and GraphItems, {BODIES} skeletons", image_item())
    frame = measure(f"canvas, {WIDTH}×{HEIGHT} with {BODIES} skeletons", next_frame())
    dragged = measure(f"canvas, a point dragged under the loupe, {BODIES} skeletons", drag())
    panned = measure(f"timeline, {FRAMES:,} frames and {SUGGESTIONS:,} suggestions panned", pan())
    played = measure("timeline, playhead moved", play())
    for name, took in (
        ("canvas frame", frame), ("canvas drag", dragged),
        ("timeline pan", panned), ("timeline playhead", played),
    ):  # fmt: skip
        say(f"{name} / ImageItem: {took / usual:.2f}")


def measure(name: str, step: Callable[[int], None]) -> float:
    """Median ms of a step that ends when its pixels are drawn."""
    for n in range(10):
        step(n)
    took = []
    for n in range(ROUNDS):
        start = time.perf_counter()
        step(n)
        took.append(1000 * (time.perf_counter() - start))
    middle, late = np.percentile(took, [50, 95])
    say(f"{name}: median {middle:.2f} ms, p95 {late:.2f} ms")
    return float(middle)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(4)]


def bodies(shift: float) -> tuple[list[Instance], list[Instance]]:
    """Half of them labels, half predictions, spread over the picture."""
    rng = np.random.default_rng(1)
    made: list[Instance] = []
    for n in range(BODIES):
        corner = np.array([WIDTH / BODIES * n, HEIGHT / 4]) + shift
        points = corner + rng.random((len(_NAMES), 2)) * (WIDTH / BODIES, HEIGHT / 2)
        visibility = np.full(len(_NAMES), 2, np.uint8)
        label = n % 2 == 0
        made.append(
            Instance(
                FrameRef(VideoId(1), 0),
                points,
                visibility,
                id=InstanceId(n + 1) if label else None,
                scores=rng.random(len(_NAMES)).astype(np.float32),
                origin=Origin.PERSON if label else Origin.PREDICTED,
            )
        )
    return made[::2], made[1::2]


def shown(widget: QWidget, width: int, height: int) -> QWidget:
    widget.resize(width, height)
    widget.show()
    QApplication.processEvents()
    return widget


def canvas() -> Canvas:
    made = Canvas()
    shown(made, 880, 610)
    keypoints = tuple(Keypoint(name) for name in _NAMES)
    made.set_skeleton(Skeleton("person", keypoints, bones=_BONES, pairs=guess_pairs(_NAMES)))
    return made


def next_frame() -> Callable[[int], None]:
    view, frames = canvas(), pictures()
    found = [bodies(shift) for shift in range(7)]

    def step(n: int) -> None:
        labels, predictions = found[n % len(found)]
        view.set_picture(frames[n % len(frames)])
        view.show_instances(labels, predictions, InstanceId(1), 4)
        view.viewport().repaint()

    return step


def drag() -> Callable[[int], None]:
    view = canvas()
    view.set_picture(pictures()[0])
    labels, predictions = bodies(0)
    view.show_instances(labels, predictions, InstanceId(1), 4)
    start = view.view_at(*labels[0].points[4])
    send(view, QEvent.Type.MouseButtonPress, start)

    def step(n: int) -> None:
        send(view, QEvent.Type.MouseMove, start + QPointF(20 + n % 50, n % 30))
        view.viewport().repaint()

    return step


def send(view: Canvas, kind: QEvent.Type, at: QPointF) -> None:
    left = Qt.MouseButton.LeftButton
    event = QMouseEvent(kind, at, at, left, left, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view.viewport(), event)


def timeline() -> Timeline:
    rng = np.random.default_rng(2)
    made = Timeline()
    shown(made, 880, made.sizeHint().height())
    made.set_video(FRAMES, 30.0)
    made.set_labels(rng.integers(0, FRAMES, 2000))
    made.set_suggestions(rng.integers(0, FRAMES, SUGGESTIONS), [Answer.OPEN] * SUGGESTIONS)
    made.set_confidence(np.arange(FRAMES), rng.random(FRAMES))
    made.set_tracks([(f"animal {n % 4}", n * 100, n * 100 + 350) for n in range(1000)])
    return made


def pan() -> Callable[[int], None]:
    view = timeline()
    view.zoom_in()

    def step(n: int) -> None:
        view._pan(50.0 if n % 40 < 20 else -50.0)
        view.repaint()

    return step


def play() -> Callable[[int], None]:
    view = timeline()

    def step(n: int) -> None:
        view.set_position(n * 700)
        view.repaint()

    return step


def image_item() -> Callable[[int], None]:
    """The same picture the way pyqtgraph offers it: an ImageItem and one GraphItem a body."""
    import pyqtgraph as pg

    view = pg.GraphicsLayoutWidget()
    box = view.addViewBox(lockAspect=True)
    image = pg.ImageItem(axisOrder="row-major")
    box.addItem(image)
    graphs = [pg.GraphItem() for _ in range(BODIES)]
    for graph in graphs:
        box.addItem(graph)
    shown(view, 880, 610)
    frames, found = pictures(), [bodies(shift) for shift in range(7)]
    bones = np.array(_BONES)

    def step(n: int) -> None:
        image.setImage(frames[n % len(frames)], autoLevels=False, levels=(0, 255))
        labels, predictions = found[n % len(found)]
        for graph, body in zip(graphs, labels + predictions, strict=True):
            graph.setData(pos=body.points, adj=bones, size=10)
        view.viewport().repaint()

    return step


if __name__ == "__main__":
    main()
