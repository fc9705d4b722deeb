"""The estimator of rehearsals: a linear map from what the trunk sees to heatmaps.

Agents need many episodes. A head that is taught step by step costs seconds an update, and chance
has a part in what it learns. This one learns by the head's own loss, which is convex in a linear
map: a few iterations of L-BFGS go most of the way, without any chance, so equal labels always give
equal accuracies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from poseapp.domain.ids import FrameRef
from poseapp.learn.losses.heatmap_cross_entropy import heatmap_cross_entropy
from poseapp.learn.oracle.estimator import Guesses, TrainedNet
from poseapp.learn.oracle.reading import joined, read
from poseapp.learn.oracle.seen import Seen
from poseapp.nets.heads import STRIDE

_FINER = 2
"""Cells of this readout are so many of the head's wide: the finest map is left out."""
_MEASURED_ON = 64
"""Bodies whose cells fix the directions that are kept."""
_AT_ONCE = 16
_SAMPLES = 256
"""About so many bodies and copies are learnt from: the more bodies, the fewer copies of each."""


@dataclass
class LinearReadout:
    """A `Learner` whose every update is a short L-BFGS run over all bodies at once."""

    seen: Seen
    directions: int = 192
    """Principal directions of the trunk's features that are read."""
    strength: float = 0.05
    """Of the penalty on the weights, shared by the bodies."""
    first: int = 25
    """Iterations of a new map."""
    further: int = 4
    """Iterations of one that goes on."""
    _lessons: dict[int, _Cells] = field(default_factory=dict)
    _cells: dict[int, Tensor] = field(default_factory=dict)

    def features(self, refs: Sequence[FrameRef]) -> NDArray[np.float32]:
        """(N, D) means of the trunk's deepest maps."""
        return np.array([self.seen.features(ref) for ref in refs], np.float32)

    def update(
        self,
        net: TrainedNet | None,
        refs: Sequence[FrameRef],
        seed: int,  # noqa: ARG002 - chance has no part in it
        steps: int,  # noqa: ARG002 - those of a head
    ) -> list[TrainedNet]:
        """Go on with a map, or begin one, on all of these frames at once."""
        bodies = self.seen.bodies(refs)
        lesson, penalty = self._lesson(bodies), self.strength / max(1, len(bodies))
        if isinstance(net, SolvedReadout):
            weights = self._descended(lesson, penalty, net.weights, self.further)
        else:
            flat = torch.zeros(lesson.cells.shape[2], lesson.targets.shape[1])
            weights = self._descended(lesson, penalty, flat, self.first)
        return [SolvedReadout(self, weights)]

    def cells(self, maps: Sequence[Tensor]) -> Tensor:
        """(B, h·w, directions + 1) what is read at each cell, with a 1 at the end."""
        middle, spread, directions = self._directions
        read = ((_raw(maps) - middle) / spread) @ directions
        return torch.cat([read, torch.ones(*read.shape[:2], 1)], dim=2)

    def cells_of(self, bodies: Sequence[int]) -> Tensor:
        """(M, h·w, directions + 1) of bodies as they are; kept, for episodes ask for them often."""
        for body in bodies:
            if body not in self._cells:
                self._cells[body] = self.cells(self.seen.unchanged([body])[0]).half()
        return torch.cat([self._cells[body] for body in bodies]).float()

    @cached_property
    def _directions(self) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and spread of the channels, and (C, directions) directions of the most variance."""
        bodies = np.unique(np.linspace(0, self.seen.count - 1, _MEASURED_ON).astype(int)).tolist()
        raw = torch.cat([_raw(self.seen.unchanged([body])[0]) for body in bodies]).flatten(0, 1)
        middle, spread = raw.mean(dim=0), raw.std(dim=0) + 1e-3
        scaled = (raw - middle) / spread
        _, vectors = torch.linalg.eigh(scaled.T @ scaled)
        return middle, spread, vectors.flip(1)[:, : self.directions]

    def _lesson(self, bodies: Sequence[int]) -> _Cells:
        """What these bodies and some of their copies teach."""
        each = max(1, _SAMPLES // max(1, len(bodies)))
        found = [self._lesson_of(body) for body in bodies]
        parts = zip(
            *((c.cells[:each], c.targets[:each], c.weights[:each]) for c in found), strict=True
        )
        return _Cells(*(torch.cat(part).float() for part in parts))

    def _lesson_of(self, body: int) -> _Cells:
        """What a body and its copies teach; kept, for episodes ask for them often."""
        if body not in self._lessons:
            lesson = self.seen.variants(body)
            targets = functional.avg_pool2d(lesson.targets, _FINER).half()
            self._lessons[body] = _Cells(self.cells(lesson.maps).half(), targets, lesson.weights)
        return self._lessons[body]

    def _descended(self, lesson: _Cells, penalty: float, start: Tensor, iterations: int) -> Tensor:
        """Weights after so many iterations on the loss of the head and the penalty."""
        weights = start.clone().requires_grad_()
        rows, size = lesson.cells.flatten(0, 1), lesson.targets.shape[2:]

        def loss() -> Tensor:
            search.zero_grad()
            raw = (rows @ weights).view(*lesson.cells.shape[:2], -1).permute(0, 2, 1)
            found = heatmap_cross_entropy(raw.unflatten(2, size), lesson.targets, lesson.weights)
            found = found + penalty * (weights[:-1] ** 2).sum()
            found.backward()
            return found

        search = torch.optim.LBFGS(
            [weights], max_iter=iterations, history_size=10, line_search_fn="strong_wolfe"
        )
        search.step(loss)
        return weights.detach()


@dataclass(frozen=True, slots=True)
class _Cells:
    """What B bodies or copies of them teach."""

    cells: Tensor
    """(B, h·w, directions + 1)"""
    targets: Tensor
    """(B, K, h, w)"""
    weights: Tensor
    """(B, K)"""


@dataclass(frozen=True, slots=True)
class SolvedReadout:
    """A `TrainedNet`."""

    readout: LinearReadout
    weights: Tensor
    """(directions + 1, K)"""

    def guess(self, refs: Sequence[FrameRef]) -> Guesses:
        """Where it sees the bodies of these frames."""
        bodies = self.readout.seen.bodies(refs)
        parts = [bodies[n : n + _AT_ONCE] for n in range(0, len(bodies), _AT_ONCE)]
        return joined([self._guess(part) for part in parts])

    def _guess(self, bodies: Sequence[int]) -> Guesses:
        seen = self.readout.seen
        cells, size = self.readout.cells_of(bodies), seen.size_of_maps(1)
        heatmaps = (cells @ self.weights).softmax(dim=1).permute(0, 2, 1).unflatten(2, size)
        return read(heatmaps.numpy(), seen.framings(bodies), _FINER * STRIDE)


def _raw(maps: Sequence[Tensor]) -> Tensor:
    """(B, h·w, C) channels of all maps but the finest, at the cells of the second."""
    size = maps[1].shape[2:]
    grown = [
        functional.interpolate(level, size=size, mode="bilinear", align_corners=False)
        for level in maps[2:]
    ]
    return torch.cat([maps[1], *grown], dim=1).flatten(2).permute(0, 2, 1)
