"""How fast meshes are recovered, and how long a drag waits for its refit in a worker.

python -m tests.benchmarks.bench_mesh_recovery
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from poseapp.app.jobs import JobRunner, Priority
from poseapp.app.mailbox import Mailbox
from poseapp.app.mesh_tasks import Refit, get_ready, refit
from poseapp.app.presets import preset
from poseapp.app.worker import JobReport
from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.report import SilentReport
from poseapp.domain.video import Video
from poseapp.infer.fitting.fit import fit
from poseapp.infer.mesh import recover
from poseapp.infer.pair_pictures import PairPictures
from poseapp.infer.seen_person import SeenPerson
from poseapp.media.film_writer import write_film
from poseapp.media.mesh_paint import Paint, painted
from poseapp.media.mesh_raster import View
from poseapp.media.probe import probe
from poseapp.media.reader import FrameReader
from poseapp.nets.body.arrays import ANNY, shipped_arrays
from poseapp.nets.body.figure import Figure
from poseapp.nets.body.naming import shared_keypoints
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.choice import FLOW_NET, KEYPOINTS_NET
from poseapp.nets.motion_hmr.stored import net_called
from tests.fixtures.motions import walking

FRAMES, FPS, NOISE_PX = 120, 30.0, 2.0
SIZE, FOCAL_PX = (1280, 720), 1040.0
ROUNDS = 3
HUMAN = preset("human")


def main() -> None:
    """Print frames in a second of each way, then seconds from a drag to its mesh."""
    motion = walking(FRAMES, size=SIZE, focal_px=FOCAL_PX)
    motion = replace(motion, translation=np.tile(motion.translation[12], (FRAMES, 1)))
    person = seen(motion)
    say(f"{FRAMES} frames of one person at {FPS:.0f} a second, {HUMAN.name} skeleton")
    with tempfile.TemporaryDirectory() as folder:
        recovery(person, film(motion, Path(folder)))
    waiting(motion, person)


def recovery(person: SeenPerson, video: Video) -> None:
    """By the fit alone, by either net alone, and with the fit after it."""
    ways: dict[str, Callable[[], object]] = {
        "fit from nothing": lambda: fit(shipped_body(), person, SilentReport())
    }
    for name in (KEYPOINTS_NET, FLOW_NET):
        ways[f"net of {name}"] = partial(by_net, name, person, video, refine=False)
        ways[f"net of {name}, then fit"] = partial(by_net, name, person, video, refine=True)
    for name, way in ways.items():
        wall, cpu = zip(*(taken(way) for _ in range(ROUNDS)), strict=True)
        paces = f"{FRAMES / np.median(wall):.1f} frames/s"
        say(f"{name}: {paces} ({spread(wall)}); processor {FRAMES / np.median(cpu):.1f}")


def by_net(name: str, person: SeenPerson, video: Video, *, refine: bool) -> BodyMotion:
    """As the app does it; the film is read where the net looks at it."""
    net = net_called(name)
    assert net is not None
    pictures = None
    if net.architecture.picture:
        pictures = PairPictures(FrameReader([video]), video.id, net.architecture)
    return recover(net, shipped_body(), person, SilentReport(), pictures, refine=refine)


def film(motion: BodyMotion, folder: Path) -> Video:
    """The motion's body before a ground that moves."""
    figure, view = Figure(shipped_arrays(), motion.shape), View(motion.focal_px, *SIZE)
    ground = np.random.default_rng(0).integers(0, 255, (100, 200, 3), np.uint8)
    ground = ground.repeat(10, axis=0).repeat(10, axis=1)

    def pictures() -> Iterator[np.ndarray]:
        for n in range(len(motion)):
            picture = ground[: SIZE[1], 3 * n : 3 * n + SIZE[0]]
            vertices = figure.posed(motion.rotations[n], motion.translation[n]).vertices
            yield painted(vertices, figure.body.faces, view, Paint(opacity=1)).over(picture)

    write_film(folder / "walk.mp4", pictures(), FPS)
    return probe(folder / "walk.mp4")


def waiting(motion: BodyMotion, person: SeenPerson) -> None:
    """A new worker each time: once it is asked at once, once after it has practised."""
    cold, ready, first, later = [], [], [], []
    drags = [drag(motion, person, 10 * (n + 1)) for n in range(6)]
    for _ in range(ROUNDS):
        cold += waits([drags[0]])
        practice, after, *others = waits([ANNY, *drags])
        ready.append(practice)
        first.append(after)
        later += others
    for name, found in (
        ("drag, the worker has to be started", cold),
        ("getting ready when the workspace opens", ready),
        ("first drag after that", first),
        ("later drags", later),
    ):
        wall, cpu = zip(*found, strict=True)
        say(f"{name}: {spread(wall)}; processor {spread(cpu)}")


def waits(requests: list[Refit | str]) -> list[tuple[float, float]]:
    """Seconds until each is answered by a new worker, and those that its processor worked."""
    mail = Mailbox()
    jobs = JobRunner(mail.post)
    found, worked = [], 0.0
    for request in requests:
        began = time.perf_counter()
        total = mail.wait(
            jobs.start(
                "tests.benchmarks.bench_mesh_recovery:answer", request, name="answer",
                priority=Priority.AT_ONCE, device="cpu",
            )
        )  # fmt: skip
        found.append((time.perf_counter() - began, total - worked))
        worked = total
    jobs.shutdown()
    return found


def answer(request: Refit | str, report: JobReport) -> float:
    """Do what the app's own tasks do; processor seconds of the worker since it began."""
    if isinstance(request, Refit):
        refit(request, report)
    else:
        get_ready(request, report)
    return time.process_time()


def drag(motion: BodyMotion, person: SeenPerson, frame: int) -> Refit:
    """A wrist 15 px farther to the left."""
    points = person.points[frame].copy()
    points[HUMAN.index("left wrist")] -= (15, 0)
    around = motion.neighbourhood(frame)
    return Refit(ANNY, around, frame, FPS, HUMAN.names, points, person.scores[frame])


def seen(motion: BodyMotion) -> SeenPerson:
    """The keypoints of the motion's body, with some noise."""
    figure = Figure(shipped_arrays(), motion.shape)
    own, bodys = shared_keypoints(HUMAN.names, figure.body.keypoint_names)
    points = np.full((len(motion), len(HUMAN), 2), np.nan)
    middle = (np.array(motion.size) - 1) / 2
    for n in range(len(motion)):
        keypoints = figure.posed(motion.rotations[n], motion.translation[n]).keypoints[bodys]
        points[n, own] = motion.focal_px * keypoints[:, :2] / keypoints[:, 2:] + middle
    points += np.random.default_rng(0).normal(0, NOISE_PX, points.shape)
    scores = np.isfinite(points).all(axis=2).astype(float)
    return SeenPerson(HUMAN.names, motion.frames, points, scores, motion.size, FPS)


def taken(way: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds."""
    began, used = time.perf_counter(), time.process_time()
    way()
    return time.perf_counter() - began, time.process_time() - used


def spread(seconds: tuple[float, ...] | list[float]) -> str:
    low, middle, high = np.percentile(seconds, [0, 50, 100])
    return f"{middle:.2f} s, {low:.2f} to {high:.2f}"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
