"""The estimator of trials: a pose net of which only the head learns, in seconds.

Its trunk has ImageNet weights and stands still, so what it sees is computed once (`seen`). Plan,
samples, head, loss and loop are those of every training.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.ids import FrameRef
from poseapp.domain.report import SilentReport
from poseapp.learn.losses.heatmap_cross_entropy import heatmap_cross_entropy
from poseapp.learn.oracle.course import digest
from poseapp.learn.oracle.estimator import Guesses, Question, TrainedNet
from poseapp.learn.oracle.linear_readout import LinearReadout
from poseapp.learn.oracle.reading import joined, read
from poseapp.learn.oracle.seen import Lesson, Seen
from poseapp.learn.oracle.settings import Effort
from poseapp.learn.select.probe import Glance, probe
from poseapp.learn.select.probed import Probed
from poseapp.learn.train import checkpoint
from poseapp.learn.train.loop import Loop, Options, Task
from poseapp.nets.heads import STRIDE, LightHead

_AT_ONCE = 16
"""Bodies that a trained head looks at together."""

_MOMENTS = (0.8, 0.9, 1.0)
"""Shares of an update after which the head is told of."""


@dataclass(frozen=True, slots=True)
class FrozenTrunk:
    """An `Estimator`."""

    seen: Seen
    effort: Effort
    heads: Path | None = None
    """A folder in which trained heads are kept: selectors that picked the same share them."""

    def features(self, refs: Sequence[FrameRef]) -> NDArray[np.float32]:
        """(N, D) means of the trunk's deepest maps."""
        return np.array([self.seen.features(ref) for ref in refs], np.float32)

    def fit(self, refs: Sequence[FrameRef], seed: int) -> TrainedHead:
        """Train a new head on these frames alone, unless that one is kept already."""
        torch.manual_seed(seed)
        head = LightHead(self.seen.channels, self.seen.keypoints)
        file = None if self.heads is None else self.heads / f"{self._facts(refs, seed)}.safetensors"
        known = None if file is None else checkpoint.load(file)
        if known is not None:
            head.load_state_dict(known[0])
            return TrainedHead(self.seen, head.eval())
        trained = self._train(head, refs, seed)
        if file is not None:
            _keep(trained, file)
        return TrainedHead(self.seen, trained)

    def _facts(self, refs: Sequence[FrameRef], seed: int) -> str:
        """Equal exactly where heads are."""
        frames = [[ref.video, ref.frame] for ref in refs]
        return digest({"effort": asdict(self.effort), "frames": frames, "seed": seed})

    def _train(self, head: LightHead, refs: Sequence[FrameRef], seed: int) -> LightHead:
        bodies = self.seen.bodies(refs)
        task = Task(
            head,
            lambda step, size: self.seen.lesson(*_drawn(bodies, size, seed, step)),
            _loss,
            lambda _: {"score": 0.0},  # nothing is held out here: the last weights are kept
        )
        effort = self.effort
        options = Options(
            minutes=None,
            steps=effort.steps,
            batch=effort.batch,
            lr=effort.lr,
            average=effort.average,
            evaluations=1,
        )
        with tempfile.TemporaryDirectory() as scratch:
            saved = Path(scratch) / "checkpoint.safetensors"
            return Loop(task, options, SilentReport(), torch.device("cpu"), saved).run().net

    def update(
        self, net: TrainedNet | None, refs: Sequence[FrameRef], seed: int, steps: int
    ) -> list[TrainedHead]:
        """Teach a copy of the head a little more, or a new one; tells of its last moments."""
        torch.manual_seed(seed)
        if isinstance(net, TrainedHead):
            head = copy.deepcopy(net.head)
        else:
            head = LightHead(self.seen.channels, self.seen.keypoints)
        bodies, effort = self.seen.bodies(refs), self.effort
        optimiser = torch.optim.AdamW(head.parameters(), lr=effort.lr)
        falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, steps)
        told = {round(share * steps) for share in _MOMENTS}
        moments = []
        head.train()
        for step in range(steps):
            lesson = self.seen.lesson(*_drawn(bodies, effort.batch, seed, step))
            optimiser.zero_grad(set_to_none=True)
            _loss(head, lesson, torch.device("cpu")).backward()
            optimiser.step()
            falling.step()
            if step + 1 in told:
                moments.append(TrainedHead(self.seen, copy.deepcopy(head).eval()))
        return moments

    def quick(self) -> LinearReadout:
        """Another estimator on what the same trunk sees."""
        return LinearReadout(self.seen)


def _drawn(
    bodies: Sequence[int], size: int, seed: int, step: int
) -> tuple[list[int], np.random.Generator]:
    """The bodies of a step, each once before any comes again, and the chance that varies them."""
    drawn = []
    for n in range(step * size, (step + 1) * size):
        turn, place = divmod(n, len(bodies))
        drawn.append(bodies[np.random.default_rng((seed, turn)).permutation(len(bodies))[place]])
    return drawn, np.random.default_rng((seed, step))


def _keep(head: LightHead, file: Path) -> None:
    """Written whole or not at all, even where several processes keep the same head at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix="draft-") as scratch:
        draft = Path(scratch) / file.name
        checkpoint.save(draft, head.state_dict(), {})
        draft.replace(file)


def _loss(head: LightHead, lesson: Lesson, device: torch.device) -> Tensor:
    raw = head([level.to(device) for level in lesson.maps])
    return heatmap_cross_entropy(raw, lesson.targets.to(device), lesson.weights.to(device))


def _parts(count: int) -> list[slice]:
    return [slice(n, n + _AT_ONCE) for n in range(0, count, _AT_ONCE)]


@dataclass(frozen=True, slots=True)
class TrainedHead:
    """An `OpenNet`."""

    seen: Seen
    head: LightHead

    def guess(self, refs: Sequence[FrameRef]) -> Guesses:
        """Where it sees the bodies of these frames."""
        bodies = self.seen.bodies(refs)
        return joined([self._guess(bodies[part]) for part in _parts(len(bodies))])

    def probe(self, question: Question) -> Probed:
        """What its insides say."""
        return probe(
            self.head,
            question.aspects,
            self._glances(question.labelled, poses=question.poses),
            len(question.labelled),
            self._glances(question.frames, previous=question.previous),
            len(question.frames),
            question.skill,
        )

    def _glances(
        self,
        refs: Sequence[FrameRef],
        *,
        previous: NDArray[np.intp] | None = None,
        poses: NDArray[np.float64] | None = None,
    ) -> Iterator[Glance]:
        counts = [len(self.seen.bodies([ref])) for ref in refs]
        frames = np.repeat(np.arange(len(refs)), counts)
        bodies = self.seen.bodies(refs)
        for part in _parts(len(bodies)):
            maps, framings = self.seen.unchanged(bodies[part])
            glance = Glance(maps, frames[part])
            if previous is not None:
                glance = replace(glance, previous=previous[part])
            if poses is not None:
                laid = [f.to_input(pose) for f, pose in zip(framings, poses[part], strict=True)]
                glance = replace(glance, labelled=np.stack(laid), poses=poses[part])
            yield glance

    def _guess(self, bodies: Sequence[int]) -> Guesses:
        maps, framings = self.seen.unchanged(bodies)
        with torch.inference_mode():
            raw = self.head(maps)
            heatmaps = raw.flatten(2).softmax(dim=2).view_as(raw).numpy()
        return read(heatmaps, framings, STRIDE)
