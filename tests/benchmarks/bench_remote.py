"""What REMOTE costs: `python -m tests.benchmarks.bench_remote [--size paper]`.

Seconds are those of one core that computes, so that a busy machine misleads less; a line at the end
gives the memory at its highest.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from poseapp.domain.report import SilentReport
from poseapp.learn.augment import Augmentation
from poseapp.learn.batches import Teaching
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.board import Board, Limit
from poseapp.learn.remote.clips import make_clips
from poseapp.learn.remote.dqn import Learner
from poseapp.learn.remote.game import Game
from poseapp.learn.remote.pairing import labelled_pairs, minibatch
from poseapp.learn.remote.settings import PAPERS_DRAWING, Settings
from poseapp.learn.remote.studio import Studio
from poseapp.learn.train.plan import Plan, make_samples
from poseapp.nets.pose_net import build
from tests.learn.remote.films import Swinging

SIZES = {
    "cpu": ("efficientnet-lite0", 128, Settings()),
    "paper": ("resnet-50+deconv", 384, Settings(drawing=PAPERS_DRAWING, batch=1)),
}
REWARDING = 48
"""Labels in the state set, and in the reward set."""


def board(side: int) -> Board:
    """Four films of 120 frames, every fifth labelled and shown at this size; others reward."""
    plan = Plan((side, side), (side, side), None, 1)
    taught, apart = Swinging(frames=120, videos=4), Swinging(frames=2 * REWARDING, speed=0.2)
    labels = taught.labels(range(0, 120, 5))
    clips = make_clips(labels, taught, plan, Settings().window, SilentReport())
    others = make_samples(apart.labels(range(2 * REWARDING)), apart, plan, SilentReport())["pose"]
    teaching = Teaching(Augmentation(rotation_deg=20), tuple(range(len(labels.skeleton))))
    sets = others[:REWARDING], others[REWARDING:]
    return Board(clips, frozenset(labels.frames), *sets, teaching, 0)


def computing(work: Callable[[], object], repeats: int) -> np.ndarray:
    """Seconds of a core in each repeat, after one that does not count."""
    work()
    marks = [time.process_time()]
    for _ in range(repeats):
        work()
        marks.append(time.process_time())
    return np.diff(marks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="cpu")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    net, side, settings = SIZES[asked.size]
    given = board(side)
    keypoints = len(given.clips[0].samples[0].points)
    estimator = build(net, keypoints)
    if asked.size == "cpu":
        estimator.settle()
    studio = Studio(estimator, keypoints, settings, torch.device("cpu"))
    chance = np.random.default_rng(0)
    rows = labelled_pairs(given.clips, given.taught, settings.window)[: settings.batch]

    def pairs() -> tuple:
        return minibatch(given.clips, rows, given.teaching, chance, studio.device)

    def game(picks: int) -> None:
        learner = Learner(Agent.new(keypoints, settings.window), settings.learning)
        Game(given, studio, learner, Limit(picks=picks)).play(SilentReport())

    kinds = {
        "a warm-up step of the generator": lambda: studio.warm_up(*pairs()),
        "a step on labels alone": lambda: studio.update(pairs()[0], transformer=False),
        "a step of estimator, generator and discriminator": lambda: studio.update(
            pairs()[0], transformer=True
        ),
    }
    if asked.size == "cpu":
        kinds["four picks with their learning and their rewards"] = lambda: game(4)
    for what, work in kinds.items():
        seconds = computing(work, asked.repeats)
        sys.stdout.write(
            f"{asked.size}, {net} at {side} px, {settings.batch} pairs, {what}: "
            f"{np.median(seconds):.2f} s, {seconds.min():.2f} to {seconds.max():.2f}\n"
        )
        sys.stdout.flush()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{asked.size}: {most:.0f} MB at the most\n")


if __name__ == "__main__":
    main()
