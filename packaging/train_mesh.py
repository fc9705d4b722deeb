"""Train Motion-HMR; first of all the net that is to come with the app, of keypoints alone.

    .venv/bin/python packaging/train_mesh.py --mocap ../shared/data/cmu_mocap --steps 9000

That one learns from captured motion (see `cmu_mocap.py`) before made-up cameras: no picture is
drawn and nobody's labels are used. The others learn from made-up people in films that are given
(`--variant flow_keypoints --videos a.mp4 b.mp4`), and may `--begin` as a net of keypoints, which
they then go on to learn too: `--inside` such a net there is then a better net of keypoints. Work is
kept under `out/mesh` and goes on where it stopped. What the card needs is printed at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from cmu_mocap import HELD_OUT, performances

from poseapp.domain.ids import VideoId
from poseapp.learn.motion_hmr.lessons import as_detected
from poseapp.learn.motion_hmr.library import Library
from poseapp.learn.motion_hmr.objective import Weights
from poseapp.learn.motion_hmr.training import Course, Pupil, keypoint_task, picture_task
from poseapp.learn.synth.clothes import OTHER_LOOK
from poseapp.learn.synth.composite import Backdrop
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.performance import Performance
from poseapp.learn.synth.retarget import body_at_rest
from poseapp.learn.synth.studio import Studio
from poseapp.learn.synth.troupe import Troupe
from poseapp.learn.train import device as devices
from poseapp.learn.train.loop import Fitted, Loop, Options
from poseapp.media.probe import probe
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import CLIP, LIGHT, LIGHT_KEYPOINTS, Architecture
from poseapp.nets.motion_hmr.net import MotionHMR
from poseapp.nets.motion_hmr.stored import load_net, save_net

PROJECT = Path(__file__).resolve().parent.parent
OUT = PROJECT / "poseapp" / "resources" / "models" / "motion_hmr_keypoints.safetensors"
BATCH, RATE, EVALUATIONS, EXAM_CLIPS = 24, 6e-4, 20, 40
"""With eight clips a step nothing is learnt at a rate of 1e-3, at 3e-4 it is: so RATE / 2 there."""
WEIGHTS = Weights(turns=1.0)
VARIANTS = {
    "flow_keypoints": Architecture(),
    "flow": Architecture(keypoints=False),
    "rgb_keypoints": Architecture(picture="rgb"),
    "rgb": Architecture(keypoints=False, picture="rgb"),
}
"""At the paper's size."""


class Telling:
    """Prints how far it is, now and then."""

    def __init__(self) -> None:
        self._last = 0.0

    def progress(self, done: float, text: str = "") -> None:
        """A line a minute."""
        if time.monotonic() - self._last > 60:
            self._last = time.monotonic()
            self.note(f"{100 * done:.1f} % {text}")

    def metrics(self, **values: float) -> None:
        """What was measured on held-out styles."""
        if "pa_mpjpe_mm" in values:
            self.note(" ".join(f"{name} {value:.4g}" for name, value in values.items()))

    def send(self, value: Any) -> None:
        """Nothing is kept."""

    def note(self, text: str) -> None:
        """A line with the time."""
        print(time.strftime("%T"), text, flush=True)  # noqa: T201 - this is what the script says


def main() -> None:
    """Train, or go on; write the best net."""
    given = _asked()
    net = load_net(given.inside).without_pictures() if given.inside else _trained(given)
    save_net(net.cpu(), given.out)
    sys.stdout.write(f"sha256 {hashlib.sha256(given.out.read_bytes()).hexdigest()}\n")


def _trained(given: argparse.Namespace) -> MotionHMR:
    """The net at its best step."""
    every = performances(given.mocap, body_at_rest(shipped_body()))
    taught = [one for one in every if one.style not in HELD_OUT]
    strangers = [one for one in every if one.style in HELD_OUT]
    saved = PROJECT / "out" / "mesh" / f"{given.variant}_{given.seed}.safetensors"
    device = devices.choose("auto")
    if given.variant == "keypoints":
        task = keypoint_task(LIGHT_KEYPOINTS, taught, strangers, WEIGHTS, given.seed)
        fitted = Loop(task, _options(given.steps, BATCH, RATE), Telling(), device, saved).run()
        net = fitted.net
    else:
        fitted = _of_pictures(given, taught, strangers, device, saved)
        net = fitted.net.net
    sys.stdout.write(
        f"{fitted.steps} steps, {fitted.best}, {sum(map(len, taught))} frames of motion learnt "
        "from\n"
    )
    return net


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mocap", type=Path, help="the folder of the captures")
    parser.add_argument("--variant", choices=["keypoints", *VARIANTS], default="keypoints")
    parser.add_argument("--paper", action="store_true", help="ResNet-50 at 224 px; wants a GPU")
    parser.add_argument("--backdrop", choices=get_args(Backdrop), default="occluded")
    parser.add_argument("--videos", type=Path, nargs="+", help="films to put people into")
    parser.add_argument("--begin", type=Path, help="a net of keypoints, to begin with")
    parser.add_argument("--inside", type=Path, help="only write the net of keypoints in this one")
    parser.add_argument("--exact", action="store_true", help="keypoints without errors, as printed")
    parser.add_argument("--clips", type=int, default=2_000, help="different ones")
    parser.add_argument("--frames", type=int, default=CLIP, help="of a clip")
    parser.add_argument("--steps", type=int, default=9_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    if not (given.mocap or given.inside):
        parser.error("--mocap is needed to train")
    return given


def _of_pictures(
    given: argparse.Namespace,
    taught: list[Performance],
    strangers: list[Performance],
    device: torch.device,
    saved: Path,
) -> Fitted[Pupil]:
    """Train on synthetic clips; the last video is held out with the held-out styles."""
    videos = [replace(probe(path), id=VideoId(n)) for n, path in enumerate(given.videos, 1)]
    if len(videos) < 2:
        sys.exit("Give two films at least: people are measured before the last one.")
    chosen = VARIANTS[given.variant]
    architecture = chosen if given.paper else replace(
        LIGHT, keypoints=chosen.keypoints, picture=chosen.picture
    )  # fmt: skip
    learnt = Studio(taught, videos[:-1], given.frames, given.seed, kind=given.backdrop)
    others = Studio(strangers, videos[-1:], given.frames, given.seed, look=OTHER_LOOK)
    films = hashlib.sha256("".join(video.fingerprint for video in videos).encode()).hexdigest()
    kept = saved.parent / f"clips_{given.backdrop}_{given.frames}_{given.seed}_{films[:8]}"
    library, exams = (
        Library(studio, architecture.side_px, kept / f"{name}_{architecture.side_px}")
        for studio, name in ((learnt, "learnt"), (others, "exam"))
    )
    exam = exams.lesson(range(EXAM_CLIPS), architecture)
    errors = None if given.exact else DetectorErrors()
    if errors is not None:
        exam = as_detected(exam, errors, np.random.default_rng(given.seed))
    begun = given.begin is not None
    troupe = Troupe(shipped_body(), taught, given.frames, free=True) if begun else None
    course = Course(library, given.clips, errors, troupe=troupe)
    task = picture_task(architecture, course, exam, WEIGHTS, given.seed)
    if begun:
        task.net.net.take_over(load_net(given.begin))
    batch = 3 if given.paper else 8
    return Loop(task, _options(given.steps, batch, RATE / 2), Telling(), device, saved).run()


def _options(steps: int, batch: int, rate: float) -> Options:
    return Options(
        minutes=None,
        steps=steps,
        batch=batch,
        lr=rate,
        evaluations=EVALUATIONS,
        patience=EVALUATIONS,
        average=0.995,
    )


if __name__ == "__main__":
    main()
