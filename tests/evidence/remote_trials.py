"""The trials behind `tests.evidence.remote`: one estimator, one way to go on, one seed.

Clips of one film are on one side of the split. Every person is looked at through a crop around the
labelled box, as in the paper, learning and measuring; the estimator begins with ImageNet weights
and the labels alone, which stands for the paper's MPII weights that are not to be had here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.metrics import box_size, pixel_errors, torso_size
from poseapp.domain.report import Report, SilentReport
from poseapp.learn.augment import Augmentation, turning
from poseapp.learn.batches import Sample, Teaching
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.board import Board, Limit
from poseapp.learn.remote.clips import Clip, make_clips
from poseapp.learn.remote.dqn import Learner
from poseapp.learn.remote.game import Game
from poseapp.learn.remote.measuring import Shown, estimate
from poseapp.learn.remote.sets import Sets, split
from poseapp.learn.remote.settings import PAPERS_DRAWING, Settings, variants
from poseapp.learn.remote.studio import Studio
from poseapp.learn.remote.warm_up import warm_up
from poseapp.learn.train import checkpoint
from poseapp.learn.train.device import choose
from poseapp.learn.train.loop import Loop, Options
from poseapp.learn.train.plan import CROP_MARGIN, Plan, make_samples
from poseapp.learn.train.pose_task import pose_task
from poseapp.learn.train.pose_training import gap_of
from poseapp.media.reader import FrameReader
from poseapp.nets import weights
from poseapp.nets.pose_net import PoseNet, build
from tests.fixtures.jhmdb import JOINTS, read_jhmdb
from tests.fixtures.packs import data_folder

PACK = "jhmdb_human_video"
TORSO = ("l_shoulder", "r_hip")
LEFT_OUT = ("neck", "belly")
"""The 13 joints of the published averages are all 15 but these."""
COUNTED = np.array([name not in LEFT_OUT for name in JOINTS])
Counts = NDArray[np.int64]
STILL = 0.5
"""Mean grey levels under which a frame repeats the one before."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is computed; part of a trial's name."""

    name: str = "cpu"
    net: str = "efficientnet-lite0"
    side: int = 128
    begin_steps: int = 700
    """On labels alone, before anything is compared."""
    picks: int = 100
    batch: int = 8
    clips: int | None = None
    """Of the pack; all of them but in a smoke test."""
    settings: Settings = field(default_factory=partial(Settings, warm_up=100))


SIZES = {
    size.name: size
    for size in (
        Size(),
        Size("long", begin_steps=3000),
        Size(
            "paper", "resnet-50+deconv", 384, 6000, 4000, 16,
            settings=Settings(drawing=PAPERS_DRAWING, batch=16, warm_up=4000),
        ),
        Size(
            "tiny", begin_steps=3, picks=2, side=64, clips=16,
            settings=Settings(warm_up=1, minibatches=1, batch=2, measured=4),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """One row of the raw table; `variant` is one of the paper's table 1, or `baseline`."""

    variant: str
    every: int
    """K: one label every so many frames."""
    seed: int
    size: str

    @property
    def name(self) -> str:
        return f"{self.size}-{self.variant}-every{self.every}-seed{self.seed}"


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The pack, split: frames to learn from by clip, frames to measure on by clip."""

    labels: LabelSet
    """Every frame of every clip."""
    plans: dict[VideoId, Plan]
    taught: tuple[VideoId, ...]
    measured: tuple[VideoId, ...]
    frames: FrameReader

    @classmethod
    def of(cls, seed: int, size: Size) -> World:
        """A quarter of the films is measured on, other ones for every seed."""
        labels, films = read_jhmdb(data_folder() / PACK)
        videos = labels.videos[: size.clips]
        names = sorted({films[video.id] for video in videos})
        order = np.random.default_rng([7, seed]).permutation(len(names))
        held = {names[n] for n in order[: max(1, len(names) // 4)]}
        plans = {v.id: _plan(labels, v.id, size.side) for v in videos}
        return cls(
            labels,
            plans,
            tuple(v.id for v in videos if films[v.id] not in held),
            tuple(v.id for v in videos if films[v.id] in held),
            FrameReader(videos),
        )

    def some(self, video: VideoId, every: int = 1) -> LabelSet:
        """Every so-manyth label of one clip."""
        refs = [r for r in self.labels.frames if r.video == video and r.frame % every == 0]
        return replace(self.labels.only(refs), videos=(self.labels.video(video),))

    def known(self, every: int) -> LabelSet:
        """All labels that there are to learn from."""
        wanted = set(self.taught)
        refs = [r for r in self.labels.frames if r.video in wanted and r.frame % every == 0]
        return self.labels.only(refs)

    def samples(self, refs: Sequence[FrameRef]) -> list[Sample]:
        """In the order of the clips."""
        found: list[Sample] = []
        for video in dict.fromkeys(ref.video for ref in refs):
            some = self.labels.only([ref for ref in refs if ref.video == video])
            made = make_samples(some, self.frames, self.plans[video], SilentReport())
            found += made["pose"]
        return found

    def clips(self, every: int, window: int) -> list[Clip]:
        found: list[Clip] = []
        for video in self.taught:
            some, plan = self.some(video, every), self.plans[video]
            found += make_clips(some, self.frames, plan, window, SilentReport())
        return found


def _plan(labels: LabelSet, video: VideoId, side: int) -> Plan:
    """A crop as wide as the largest labelled box of the clip, with a margin."""
    boxes = box_size(np.stack([i.points for i in labels.instances if i.frame.video == video]))
    return Plan((side, side), (side, side), CROP_MARGIN * float(np.nanmax(boxes)), 1)


def run(trial: Trial, work: Path, report: Report) -> dict[str, Any]:
    """The trial's result, from its file where it was run before."""
    kept = work / f"{trial.name}.json"
    if kept.exists():
        return json.loads(kept.read_text(encoding="utf-8"))
    torch.set_num_threads(1)
    size = SIZES[trial.size]
    world = World.of(trial.seed, size)
    sets = split(world.known(trial.every).frames, gap_of(world.labels), trial.seed)
    estimator = begin(trial, size, world, sets, work)
    facts: dict[str, Any] = {"labels": len(sets.taught), "labels_apart": _apart(sets)}
    if trial.variant != "baseline":
        game = _play(trial, size, world, sets, estimator, work, report)
        estimator = game.studio.average
        facts |= {
            "offsets": [picked.offset for picked in game.picked],
            "rewards": [round(picked.reward, 4) for picked in game.picked],
        }
    result = asdict(trial) | facts | _scores(world, estimator, trial.every)
    draft = kept.with_suffix(".part")
    draft.write_text(json.dumps(result), encoding="utf-8")
    draft.replace(kept)
    (work / f"{trial.name}.safetensors").unlink(missing_ok=True)
    return result


def begin(trial: Trial, size: Size, world: World, sets: Sets, work: Path) -> PoseNet:
    """The estimator that all variants of a seed and K go on from, taught the labels of D_t."""
    torch.manual_seed(trial.seed)
    net = build(size.net, len(world.labels.skeleton))
    if not weights.load_imagenet(net, size.net).startswith("none"):
        net.settle()
    file = work / f"{trial.size}-begin-every{trial.every}-seed{trial.seed}.safetensors"
    if found := checkpoint.load(file):
        net.load_state_dict(found[0])
        return net.eval()
    task = pose_task(net, world.samples(sets.taught), [], _teaching(world), trial.seed)
    options = Options(
        minutes=None, steps=size.begin_steps, batch=size.batch, lr=4e-3,
        backbone_lr=0.3 if net.settled else 1.0,
    )  # fmt: skip
    saved = file.with_suffix(".loop.safetensors")
    fit = Loop(task, options, SilentReport(), choose("auto"), saved).run()
    checkpoint.save(file, fit.net.cpu().state_dict(), {})
    saved.unlink(missing_ok=True)
    return fit.net.eval()


def _play(
    trial: Trial,
    size: Size,
    world: World,
    sets: Sets,
    estimator: PoseNet,
    work: Path,
    report: Report,
) -> Game:
    settings = variants(size.settings)[trial.variant]
    keypoints = len(world.labels.skeleton)
    torch.manual_seed(trial.seed)
    studio = Studio(copy.deepcopy(estimator), keypoints, settings, choose("auto"))
    clips = world.clips(trial.every, settings.window)
    board = Board(
        clips,
        frozenset(sets.taught),
        world.samples(sets.state),
        world.samples(sets.reward),
        _teaching(world),
        trial.seed,
    )
    saved = work / f"{trial.name}.safetensors"
    if not saved.exists():
        _warmed_up(trial, board, studio, work, report)
    learner = Learner(Agent.new(keypoints, settings.window), settings.learning)
    game = Game(board, studio, learner, Limit(picks=size.picks), saved)
    game.play(report)
    return game


def _warmed_up(trial: Trial, board: Board, studio: Studio, work: Path, report: Report) -> None:
    """One generator for all variants of a seed and K."""
    file = work / f"{trial.size}-drawing-every{trial.every}-seed{trial.seed}.safetensors"
    found = checkpoint.load(file)
    if found is None and studio.settings.transformer:
        warm_up(studio, board, report)
        checkpoint.save(file, studio.generator.state_dict(), {})
    elif found is not None:
        studio.generator.load_state_dict(found[0])


def _teaching(world: World) -> Teaching:
    swap = tuple(int(k) for k in world.labels.skeleton.flip_permutation())
    turned = turning(world.known(5).points())
    return Teaching(Augmentation(rotation_deg=turned, flip=True), swap)


def _apart(sets: Sets) -> int:
    return len(sets.state) + len(sets.reward)


def _scores(world: World, estimator: PoseNet, every: int) -> dict[str, Any]:
    """[hits, chances] at a fifth of box and torso: by joint over all clips, and by clip.

    Of the clips of other films *all* frames, and *fresh* ones, whose label moved and whose picture
    is not the one before; of the films that were learnt from, *same*, frames between labels.
    """
    estimator = estimator.cpu().eval()
    found: dict[str, dict[str, Counts]] = {}
    for video in world.measured:
        refs = world.some(video).frames
        scored = _scored(world, estimator, refs)
        fresh = _fresh(world, refs, scored.truth)
        every_frame = scored.counted("all", np.ones(len(refs), bool))
        found[_stem(world, video)] = every_frame | scored.counted("fresh", fresh)
    for video in world.taught:
        refs = [ref for ref in world.some(video).frames if ref.frame % every]
        if refs:
            scored = _scored(world, estimator, refs)
            found[_stem(world, video)] = scored.counted("same", np.ones(len(refs), bool))
    return summed(found)


def summed(found: dict[str, dict[str, Counts]]) -> dict[str, Any]:
    """By clip and measure (2, K) hits and chances → what a trial keeps of them."""
    by_joint: dict[str, Counts] = {}
    for measures in found.values():
        for name, counts in measures.items():
            by_joint[name] = by_joint.get(name, 0) + counts
    clips = {
        clip: {name: counts[:, COUNTED].sum(axis=1).tolist() for name, counts in measures.items()}
        for clip, measures in found.items()
    }
    return {"joints": {name: counts.tolist() for name, counts in by_joint.items()}, "clips": clips}


def _stem(world: World, video: VideoId) -> str:
    return world.labels.video(video).path.stem


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """What an estimator says of N frames, and what is true."""

    found: NDArray[np.float64]
    truth: NDArray[np.float64]
    torso: tuple[int, int]

    def counted(self, name: str, rows: NDArray[np.bool_]) -> dict[str, Counts]:
        lengths = {"body": box_size(self.truth), "torso": torso_size(self.truth, *self.torso)}
        return {
            f"{size}_{name}": _counted(self.found[rows], self.truth[rows], length[rows])
            for size, length in lengths.items()
        }


def _scored(world: World, estimator: PoseNet, refs: Sequence[FrameRef]) -> _Scored:
    skeleton = world.labels.skeleton
    samples = world.samples(refs)
    found = estimate(estimator, Shown.of(samples)).points
    shoulder, hip = (skeleton.index(name) for name in TORSO)
    return _Scored(found, np.stack([sample.points for sample in samples]), (shoulder, hip))


def _fresh(world: World, refs: Sequence[FrameRef], truth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,) false for frames that repeat the picture or hold all labels of the frame before."""
    pictures = [picture.astype(np.int16) for _, picture in world.frames.read_many(refs)]
    repeats = [float(np.abs(b - a).mean()) < STILL for a, b in pairwise(pictures)]
    held = (np.nan_to_num(pixel_errors(truth[1:], truth[:-1])) == 0).all(axis=1)
    return np.concatenate([[True], ~(np.array(repeats, bool) | held)])


def _counted(
    found: NDArray[np.float64], truth: NDArray[np.float64], size: NDArray[np.float64]
) -> Counts:
    """(2, K) hits and chances of every joint; bodies of unknown size are left out."""
    known = np.isfinite(truth).all(axis=2) & (np.nan_to_num(size) >= 1)[:, None]
    near = (pixel_errors(found, truth) <= 0.2 * size[:, None]) & known
    return np.stack([near.sum(axis=0), known.sum(axis=0)])
