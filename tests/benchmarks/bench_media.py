"""How long pictures of a 720p film take: random, next, cached, scrubbed, against OpenCV.

python -m tests.benchmarks.bench_media
"""

from __future__ import annotations

import queue
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from poseapp.app.commands import AddVideo
from poseapp.app.frames import FrameService
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.media.film_writer import write_film
from poseapp.media.indexing import build_index
from poseapp.media.probe import probe
from poseapp.media.proxy import Proxy
from poseapp.media.reader import FilmReader, kept_frames

WIDTH, HEIGHT, COUNT = 1280, 720, 600
SHORT, LONG = VideoId(1), VideoId(2)
KEYFRAMES = {SHORT: 30, LONG: 250}
_PATIENCE_S = 60


def main() -> None:
    """Print every time, and ratios against OpenCV's `set` and `read` in the same run."""
    with tempfile.TemporaryDirectory() as folder:
        films = {}
        for video, every in KEYFRAMES.items():
            films[video] = Path(folder) / f"gop{every}.mp4"
            write_film(films[video], scene(), 30, keyframe_every=every, quality=23)
        measure("index of 600 frames", [lambda: build_index(films[LONG])] * 10)
        for video, path in films.items():
            reading(f"GOP {KEYFRAMES[video]}", path)
        with Session.create(
            Path(folder) / "films.pose",
            Skeleton("point", (Keypoint("nose"),)),
            Settings(Path(folder) / "settings.json"),
        ) as session:
            for path in films.values():
                session.history.do(AddVideo(probe(path, session.project.cache_folder)))
            showing(session)


def scene() -> Iterator[np.ndarray]:
    """A textured ground that moves past, with something that moves before it."""
    rng = np.random.default_rng(0)
    ground = cv2.resize(rng.integers(0, 255, (200, 500, 3), np.uint8), None, fx=8, fy=8)
    for n in range(COUNT):
        x, y = 3 * n % 2600, n % 800
        picture = ground[y : y + HEIGHT, x : x + WIDTH].copy()
        cv2.circle(picture, (5 * n % WIDTH, 360), 60, (255, 255, 255), -1)
        yield picture


def reading(name: str, path: Path) -> None:
    """Decoding alone."""
    index, frames = build_index(path), random.Random(0).sample(range(COUNT), 40)
    reader, jumping = FilmReader(path, index), FilmReader(path, index)
    capture = cv2.VideoCapture(str(path))

    def set_and_read(frame: int) -> None:
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
        capture.read()

    onward = range(100, 160)
    compare(f"{name}, random frame", frames, jumping.read, set_and_read)
    reader.read(99)
    compare(f"{name}, next frame", onward, reader.read, set_and_read)
    back = FilmReader(path, index, kept_frames(128 << 20))
    back.read(280)
    measure(f"{name}, step back", [lambda f=f: back.read(f) for f in range(279, 200, -1)])
    for opened in (reader, jumping, back):
        opened.close()


def compare(
    name: str,
    frames: Iterable[int],
    ours: Callable[[int], object],
    theirs: Callable[[int], object],
) -> None:
    """Both read each frame by turns, so that what else the machine does slows both."""
    took = {ours: [], theirs: []}
    for frame in frames:
        for read, times in took.items():
            times.append(timed(lambda read=read, frame=frame: read(frame)))
    other = told(f"{name}, OpenCV set and read", took[theirs])
    ratio(name, told(name, took[ours]), other)


def showing(session: Session) -> None:
    """From the wish to the picture in the caller's thread, through the service."""
    posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
    frames = FrameService(session, posted.put)
    got: list[tuple[FrameRef, bool]] = []

    def show(ref: FrameRef, *, rough: bool = False) -> None:
        got.clear()
        frames.show(ref, lambda shown, _picture, exact: got.append((shown, exact)))
        while not got or not (rough or got[-1][1]):
            posted.get(timeout=_PATIENCE_S)()
        assert got[-1][0] == ref

    rng = random.Random(1)
    jumps = [FrameRef(SHORT, f) for f in rng.sample(range(COUNT), 40)]
    exact = measure("GOP 30, random frame shown", [lambda r=r: show(r) for r in jumps])
    cached = measure("cached frame shown", [lambda: show(jumps[-1])] * 100)
    ratio("cached frame shown", cached, exact)
    start = time.perf_counter()
    for frame in range(COUNT):
        show(FrameRef(SHORT, frame))
    say(f"GOP 30, played: {COUNT / (time.perf_counter() - start):.0f} frames/s")

    jumps = [FrameRef(LONG, f) for f in rng.sample(range(COUNT), 60)]
    slow = measure("GOP 250, random frame shown", [lambda r=r: show(r) for r in jumps[:20]])
    proxy = Proxy(session.project.videos.get(LONG), session.project.cache_folder)
    start, already = time.perf_counter(), len(proxy)
    while not proxy.is_whole:
        time.sleep(0.01)
    took = time.perf_counter() - start
    say(f"proxy of GOP 250: {(COUNT - already) / max(took, 1e-3):.0f} frames/s made")
    jumps = [FrameRef(LONG, f) for f in rng.sample(range(COUNT), 60)]
    scrubbed = measure(
        "GOP 250, scrubbed with its proxy", [lambda r=r: show(r, rough=True) for r in jumps]
    )
    ratio("scrubbed with a proxy", scrubbed, slow)
    frames.close()


def measure(name: str, steps: Iterable[Callable[[], object]]) -> float:
    """Median ms of the steps."""
    return told(name, [timed(step) for step in steps])


def timed(step: Callable[[], object]) -> float:
    """Milliseconds that it takes."""
    start = time.perf_counter()
    step()
    return 1000 * (time.perf_counter() - start)


def told(name: str, took: list[float]) -> float:
    """The median, printed."""
    middle, late = np.percentile(took, [50, 95])
    say(f"{name}: median {middle:.2f} ms, p95 {late:.2f} ms")
    return float(middle)


def ratio(name: str, ours: float, other: float) -> None:
    say(f"{name}, against that: {ours / other:.3f}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
