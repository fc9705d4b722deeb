"""Film a mesh over the demo's made-up walker: what `docs/mesh_demo.mp4` is.

    .venv/bin/python packaging/film_mesh_demo.py docs/mesh_demo.mp4

The walker's keypoints are known; those that a nearer limb hides are left out and the others moved
by a little, as by a person who labels. The body is recovered from them by the shipped net and the
fit, as in the app. Left the walker alone, right with the mesh.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.app.demo import SCENE
from poseapp.cli.progress import reporting
from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.mesh import pose_at
from poseapp.domain.pose import Visibility
from poseapp.infer.mesh import recover
from poseapp.infer.seen_person import SeenPerson
from poseapp.learn.synth.figure import KEYPOINTS, Walker
from poseapp.media.film_writer import write_film
from poseapp.media.mesh_paint import Paint, painted
from poseapp.media.mesh_raster import View
from poseapp.nets.body.arrays import shipped_arrays
from poseapp.nets.body.figure import Figure
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.choice import KEYPOINTS_NET
from poseapp.nets.motion_hmr.stored import net_called

SEED, NOISE_PX = 0, 1.5
LARGER, ROOM_PX = 2, 40
"""Round the walker, in pixels of the demo's film."""
PAINT, QUALITY = Paint(opacity=0.85), 27


def main() -> None:
    """Write the film."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("out", type=Path)
    asked.add_argument("--first", type=int, default=0, help="frame of the demo's film")
    asked.add_argument("--frames", type=int, default=125)
    given = asked.parse_args()
    walker, frames = Walker(SCENE), np.arange(given.first, given.first + given.frames)
    person = labelled(walker, frames)
    with reporting("Fitting the body") as report:
        motion = recover(net_called(KEYPOINTS_NET), shipped_body(), person, report)
    write_film(given.out, pictures(walker, person, motion), SCENE.fps, quality=QUALITY)


def labelled(walker: Walker, frames: NDArray[np.int64]) -> SeenPerson:
    """The walker's keypoints as a person would label them."""
    rng = np.random.default_rng(SEED)
    rendered = [walker.render(int(frame)) for frame in frames]
    points = np.stack([one[1] for one in rendered])
    seen = np.stack([one[2] for one in rendered]) == Visibility.VISIBLE
    points = points + rng.normal(0, NOISE_PX, points.shape)
    scores = seen.astype(float)
    return SeenPerson(KEYPOINTS, frames, points, scores, (SCENE.width, SCENE.height), SCENE.fps)


def pictures(walker: Walker, person: SeenPerson, motion: BodyMotion) -> Iterator[NDArray[np.uint8]]:
    """The walker, enlarged, and beside it the same with the mesh."""
    import cv2

    figure, view = Figure(shipped_arrays(), motion.shape), View(motion.focal_px, *motion.size)
    low = np.nanmin(person.points, axis=(0, 1)).astype(int) - ROOM_PX
    high = np.nanmax(person.points, axis=(0, 1)).astype(int) + ROOM_PX
    (left, top), (right, bottom) = LARGER * low.clip(0), LARGER * high.clip(0, motion.size)
    for frame in motion.frames.tolist():
        picture, pose = walker.render(frame)[0], pose_at(motion, frame)
        assert pose is not None
        mesh = figure.posed(pose.rotations, pose.translation)
        larger = cv2.resize(picture, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC)
        over = painted(mesh.vertices, figure.body.faces, view.scaled(LARGER), PAINT).over(larger)
        yield np.concatenate([one[top:bottom, left:right] for one in (larger, over)], axis=1)


if __name__ == "__main__":
    main()
