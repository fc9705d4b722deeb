"""How long importing and exporting take, beside sleap-io doing the same in the same run.

python -m tests.benchmarks.bench_formats
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import sleap_io as sio

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video
from poseapp.formats.registry import FORMATS, read, write

FRAMES, KEYPOINTS, ROUNDS = 10_000, 15, 5


def main() -> None:
    """Print the times for ten thousand labelled frames, and ours over sleap-io's."""
    labels = many()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours: dict[str, float] = {}
        for name in FORMATS:
            out = folder / f"{name}{FORMATS[name].suffix}"
            ours[name] = measure(f"write and check {name}", partial(write, labels, out, name))
            ours[f"read {name}"] = measure(f"read {name}", partial(read, out, name))
        theirs = sio.load_slp(str(folder / "sleap.slp"), open_videos=False)
        copy = str(folder / "theirs.slp")
        saved = measure("sleap-io, write slp", lambda: sio.save_slp(theirs, copy, verbose=False))
        loaded = measure("sleap-io, read slp", lambda: sio.load_slp(copy, open_videos=False))
    say(f"write slp / sleap-io: {ours['sleap'] / saved:.2f}")
    say(f"read slp / sleap-io: {ours['read sleap'] / loaded:.2f}")


def many() -> LabelSet:
    """One body on every frame of a film."""
    rng = np.random.default_rng(0)
    skeleton = Skeleton("body", tuple(Keypoint(f"k{n}") for n in range(KEYPOINTS)))
    film = Video(VideoId(1), Path("/films/long.mp4"), 1280, 720, FRAMES, 30.0)
    points = rng.uniform(0, 700, (FRAMES, KEYPOINTS, 2))
    instances = tuple(
        Instance(FrameRef(film.id, n), points[n], visibility_of(points[n])) for n in range(FRAMES)
    )
    return LabelSet(skeleton, (film,), instances)


def measure(name: str, work: Callable[[], object]) -> float:
    """Median ms."""
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - start))
    median = statistics.median(took)
    say(f"{name}: median {median:.0f} ms, p95 {max(took):.0f} ms")
    return median


def say(line: str) -> None:
    """Print a line of the benchmark."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
