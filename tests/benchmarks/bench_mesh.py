"""How long a mesh takes to be posed, rasterised and painted, and a frame to be fitted again.

python -m tests.benchmarks.bench_mesh
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from poseapp.app.mesh_people import MeshPerson
from poseapp.app.presets import preset
from poseapp.domain.ids import RunId, VideoId
from poseapp.domain.mesh import MeshTrack, MeshTrackId
from poseapp.infer.fitting.refit import refit_frame
from poseapp.infer.seen_person import SeenPerson
from poseapp.media.mesh_paint import Paint, Style, painted
from poseapp.media.mesh_raster import rasterise, visible_vertices
from poseapp.nets.body.arrays import shipped_arrays
from poseapp.nets.body.figure import Figure
from poseapp.nets.body.naming import shared_keypoints
from poseapp.nets.body.shipped import shipped_body
from poseapp.ui.orbit import WORLD, Orbit, view_of
from tests.fixtures.motions import walking

WIDTH, HEIGHT = 1280, 720
ROUNDS = 60
HUMAN = preset("human")


def main() -> None:
    """Print wall and processor time of each."""
    motion = walking(ROUNDS, size=(WIDTH, HEIGHT), focal_px=1900.0)
    track = MeshTrack(MeshTrackId(1), RunId("mesh"), VideoId(1), "Ann", "")
    person = MeshPerson(track, motion, Figure(shipped_arrays(), motion.shape))
    faces, view = person.figure.body.faces, person.view
    say(f"a body {person.height_px:.0f} px tall in {WIDTH}×{HEIGHT}, new vertices every time")
    meshes = [person.mesh(n) for n in range(ROUNDS)]
    found = [mesh.vertices for mesh in meshes if mesh is not None]
    measure("posed", lambda n: person.mesh(n))
    measure("rasterised", lambda n: rasterise(found[n], faces, view))
    raster = rasterise(found[0], faces, view)
    measure("visibility of its vertices", lambda _: visible_vertices(raster, found[0], faces))
    for style in Style:
        paint = Paint(style)
        measure(f"overlay, {style}", lambda n, p=paint: painted(found[n], faces, view, p))
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    measure(
        "frame of a film: posed, painted, laid over",
        lambda n: painted(person.mesh(n).vertices, faces, view, Paint()).over(picture),  # type: ignore[union-attr]
    )
    orbit, seen = Orbit().looking_at((0, 0, -5)), view_of(560, 600)
    measure(
        "the view to turn, 560×600",
        lambda n: painted(orbit.turned(n / 9, 0).seen(found[0] * WORLD), faces, seen, Paint()),
    )
    measure("refit after a drag", refit(person), rounds=15)


def refit(person: MeshPerson) -> Callable[[int], object]:
    """Another wrist, 15 px away from where the mesh has it, every time."""
    own, bodys = shared_keypoints(HUMAN.names, person.figure.body.keypoint_names)
    body, scores = shipped_body(), np.ones((1, len(HUMAN)))
    rng = np.random.default_rng(0)

    def step(n: int) -> object:
        mesh = person.mesh(n)
        assert mesh is not None
        points = np.full((len(HUMAN), 2), np.nan)
        points[own] = person.view.project(mesh.keypoints[bodys])
        turn = rng.uniform(0, 2 * np.pi)
        points[HUMAN.index("left wrist")] += 15 * np.array([np.cos(turn), np.sin(turn)])
        seen = SeenPerson(
            HUMAN.names, np.array([n]), points[None], scores, person.motion.size, 25.0
        )
        return refit_frame(body, seen, person.motion)

    return step


def measure(name: str, step: Callable[[int], object], rounds: int = ROUNDS) -> None:
    for n in range(3):
        step(n)
    wall, cpu = [], []
    for n in range(rounds):
        start, used = time.perf_counter(), time.process_time()
        step(n)
        wall.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - used))
    middle, late = np.percentile(wall, [50, 95])
    say(f"{name}: median {middle:.1f} ms, p95 {late:.1f} ms; processor {np.median(cpu):.1f} ms")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
