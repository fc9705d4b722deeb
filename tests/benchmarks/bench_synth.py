"""What made-up people cost, and a step of learning from them, for every variant of Motion-HMR.

python -m tests.benchmarks.bench_synth

Seconds are those of one core that computes, so that a busy machine misleads less. Films are drawn:
reading real ones comes on top.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from poseapp.learn.motion_hmr.lessons import Take, picture_lesson, take_of
from poseapp.learn.motion_hmr.objective import Weights, objective
from poseapp.learn.synth.composite import synthetic_clip
from poseapp.learn.synth.troupe import Troupe
from poseapp.learn.train.loop import groups
from poseapp.nets.body.pose_prior import shipped_prior
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import CLIP, LIGHT, Architecture
from poseapp.nets.motion_hmr.net import MotionHMR
from tests.fixtures.performances import panned, swaying

ROUNDS, BATCH = 6, 4
VARIANTS = {
    "RGB": {"keypoints": False, "picture": "rgb"},
    "flow": {"keypoints": False},
    "RGB + keypoints": {"picture": "rgb"},
    "keypoints, as numbers": {"picture": "", "trunk": "points"},
    "flow + keypoints": {},
}


def main() -> None:
    """Print seconds and clips a second."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    troupe, film = Troupe(shipped_body(), [swaying()], CLIP), panned(CLIP, (1, 0))
    made = [synthetic_clip(troupe, film, np.random.default_rng(n)) for n in range(BATCH)]
    once = measured(lambda n: synthetic_clip(troupe, film, np.random.default_rng(n)))
    say(f"a clip of {CLIP} frames: {once:.2f} s, {1 / once:.2f} clips a second of one core")
    cut = measured(lambda n: take_of(made[n % BATCH], LIGHT.side_px))
    say(f"flow and colours of it at {LIGHT.side_px} px: {cut:.2f} s")
    takes = [take_of(clip, LIGHT.side_px) for clip in made]
    for variant, choice in VARIANTS.items():
        step = measured(learning(replace(LIGHT, **choice), takes))
        say(f"{variant}: {step:.2f} s a step of {BATCH} clips")
    file = Path(tempfile.gettempdir()) / "bench_synth.npz"
    np.savez(file, flow=takes[0].flow, rgb=takes[0].rgb)
    say(f"a clip kept: {file.stat().st_size / 1e6:.2f} MB")
    file.unlink()


def learning(architecture: Architecture, takes: list[Take]) -> Callable[[int], None]:
    """One step, lesson and all."""
    net, body = MotionHMR(architecture), shipped_body()
    optimiser = torch.optim.AdamW(groups(net, 1e-4, 1.0), lr=1e-4)
    weights, pairs = Weights(turns=1.0), torch.arange(0, CLIP - 1, 4)

    def step(_: int) -> None:
        lesson = picture_lesson(takes, architecture)
        said = net(lesson.clips, pairs)
        optimiser.zero_grad()
        objective(said, lesson, pairs, body, shipped_prior(), weights).backward()
        optimiser.step()

    return step


def measured(step: Callable[[int], object]) -> float:
    """The median of some rounds after one that does not count."""
    step(0)
    marks = [time.process_time()]
    for n in range(ROUNDS):
        step(n)
        marks.append(time.process_time())
    return float(np.median(np.diff(marks)))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
