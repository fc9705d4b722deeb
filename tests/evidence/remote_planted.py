"""Whether pairs teach more than labels alone where all is known: swinging figures that are made up.

    python -m tests.evidence.remote_planted --seeds 8

One estimator a seed learns a few labels until they teach it little more; from there it goes on for
as many steps with pairs as on labels alone. Printed are mean errors in pixels, on the unlabelled
frames of the same films and on all frames of others, and Wilcoxon's two-sided p over the seeds.
"""

from __future__ import annotations

import argparse
import copy
import sys
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import torch
from scipy.stats import wilcoxon

from poseapp.domain.report import SilentReport
from poseapp.learn.augment import Augmentation
from poseapp.learn.batches import Sample, Teaching
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.board import Board, Limit
from poseapp.learn.remote.clips import make_clips
from poseapp.learn.remote.dqn import Learner
from poseapp.learn.remote.game import Game
from poseapp.learn.remote.measuring import Shown, estimate
from poseapp.learn.remote.pairing import minibatch
from poseapp.learn.remote.settings import Drawing, Settings, variants
from poseapp.learn.remote.studio import Studio
from poseapp.learn.remote.warm_up import warm_up
from poseapp.learn.train.plan import make_samples
from poseapp.nets.pose_net import BACKBONES, PoseNet, build
from tests.fixtures.tiny_net import TinyBackbone
from tests.learn.remote.figures import SIDE, limbs_on, two_limbs
from tests.learn.remote.films import PLAN, Swinging

CPU = torch.device("cpu")
FRAMES, VIDEOS, KEYPOINTS = 41, 4, 3
SPEEDS = 0.1, 0.23
"""Of upper and lower limb, radians a frame."""
TEACHING = Teaching(Augmentation(rotation_deg=5, blur=0, cutout=0), tuple(range(KEYPOINTS)))
SETTINGS = Settings(
    drawing=Drawing(side=None, width=8, blocks=1), lr=1e-3, backbone_lr=1.0, warm_up=20, measured=8
)


WAYS = {
    **variants(SETTINGS),
    "random_not_redrawn": replace(
        variants(SETTINGS)["random"], weights=replace(SETTINGS.weights, redrawn=0.0)
    ),
}
"""The paper's, and one that believes no label of a redrawn frame."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a trial costs."""

    every: int
    """One label every so many frames."""
    begin: int
    """Steps on labels alone before anything is compared."""
    picks: int


class Films(Swinging):
    """Each with colours, a ground, angles and speeds of its own, other ones for every seed.

    Both limbs turn freely, so that few labels leave poses to be learnt.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(frames=FRAMES, videos=VIDEOS)
        chance = np.random.default_rng(seed)
        shape = (VIDEOS + 1, 2)
        self.angles = chance.uniform(0, 2 * np.pi, shape)
        turning = np.where(chance.random(shape) < 0.5, -1, 1) * np.array(SPEEDS)
        self.speeds = turning * chance.uniform(0.7, 1.3, shape)
        self.colours = chance.integers(120, 256, (*shape, 3))
        coarse = chance.integers(10, 110, (VIDEOS + 1, 8, 8, 3)).astype(np.uint8)
        self.grounds = [cv2.resize(ground, (SIDE, SIDE)) for ground in coarse]

    def points(self, ref: Any) -> Any:
        upper, lower = self.angles[ref.video] + self.speeds[ref.video] * ref.frame
        return two_limbs(upper, lower)

    def read_many(self, refs: Any) -> Any:
        for ref in refs:
            yield ref, limbs_on(self.grounds[ref.video], self.points(ref), self.colours[ref.video])

    def samples(self, refs: Any) -> list[Sample]:
        wanted = self.labels(range(FRAMES)).only(refs)
        return make_samples(wanted, self, PLAN, SilentReport())["pose"]


def trial(seed: int, effort: Effort, names: list[str]) -> dict[str, tuple[float, float]]:
    """Errors of the estimator that began, and of what each way to go on made of it."""
    films, others = Films(seed), Films(1000 + seed)
    everything = films.labels(range(FRAMES)).frames
    labels = films.labels(range(0, FRAMES, effort.every))
    rewarding = labels.frames[2::4]
    taught = frozenset(labels.frames) - frozenset(rewarding)
    apart = films.samples(rewarding)
    clips = make_clips(labels, films, PLAN, SETTINGS.window, SilentReport())
    board = Board(clips, taught, apart, apart, TEACHING, seed)
    measured = [
        Shown.of(films.samples([ref for ref in everything if ref not in set(labels.frames)])),
        Shown.of(others.samples(everything)),
    ]

    def errors(net: PoseNet) -> tuple[float, float]:
        first, second = (
            np.linalg.norm(estimate(net.eval(), shown).points - shown.truth, axis=2).mean()
            for shown in measured
        )
        return float(first), float(second)

    begun = _begun(board, effort.begin)
    found = {"baseline": errors(begun)}
    for name in names:
        torch.manual_seed(seed)
        settings = WAYS[name]
        studio = Studio(copy.deepcopy(begun), KEYPOINTS, settings, CPU)
        warm_up(studio, board, SilentReport())
        learner = Learner(Agent.new(KEYPOINTS, settings.window), settings.learning)
        Game(board, studio, learner, Limit(picks=effort.picks)).play(SilentReport())
        found[name] = errors(studio.average)
    return found


def _begun(board: Board, steps: int) -> PoseNet:
    """Taught the labels."""
    torch.manual_seed(board.seed)
    studio = Studio(build("tiny", KEYPOINTS), KEYPOINTS, SETTINGS, CPU)
    rows = [(n, a, a) for n, clip in enumerate(board.clips) for a in clip.anchors(board.taught)]
    chance = np.random.default_rng(board.seed)
    for _ in range(steps):
        chosen = [rows[n] for n in chance.integers(len(rows), size=SETTINGS.batch)]
        pairs, _ = minibatch(board.clips, chosen, TEACHING, chance, CPU)
        studio.update(pairs, transformer=False)
    return copy.deepcopy(studio.estimator)


def main() -> None:
    """Run all seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="The first seed.")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--begin", type=int, default=800)
    parser.add_argument("--picks", type=int, default=100)
    parser.add_argument(
        "--only", default="labels_only,random,random_not_redrawn", help="variants, commas between"
    )
    asked = parser.parse_args()
    torch.set_num_threads(1)
    BACKBONES["tiny"] = TinyBackbone
    effort, names = Effort(asked.every, asked.begin, asked.picks), asked.only.split(",")
    rows = []
    for seed in range(asked.first, asked.first + asked.seeds):
        rows.append(trial(seed, effort, names))
        told = ", ".join(f"{name} {same:.2f} {far:.2f}" for name, (same, far) in rows[-1].items())
        sys.stdout.write(f"seed {seed}: {told} px\n")
        sys.stdout.flush()
    alone = np.array([row["labels_only"] for row in rows])
    for name in rows[0]:
        errors = np.array([row[name] for row in rows])
        same, far = errors.mean(axis=0)
        line = f"{name}: {same:.2f} px in the same films, {far:.2f} px in others"
        if name != "labels_only" and asked.seeds > 1:
            chances = [wilcoxon(gain).pvalue for gain in (errors - alone).T]
            line += f"; against labels alone p = {chances[0]:.3f} and {chances[1]:.3f}"
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
