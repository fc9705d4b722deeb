"""The estimator of rehearsals: a linear map from what the trunk sees to heatmaps, solved at once.

Agents need many episodes. A head that is taught step by step costs seconds an update, and chance
has a part in what it learns. The least squares of a linear head need no steps: what each body adds
to them is computed once, an update adds these up and solves, and equal labels always give equal
accuracies.
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
from poseapp.learn.oracle.estimator import Guesses, TrainedNet
from poseapp.learn.oracle.reading import joined, read
from poseapp.learn.oracle.seen import Seen
from poseapp.nets.heads import STRIDE

_FINER = 2
"""Cells of this readout are so many of the head's wide: the finest map is left out."""
_MEASURED_ON = 64
"""Bodies whose cells fix the directions that are kept."""
_AT_ONCE = 16


@dataclass
class LinearReadout:
    """A `Learner` whose every update is one ridge regression."""

    seen: Seen
    directions: int = 192
    """Principal directions of the trunk's features that are read."""
    strength: float = 1.0
    """Of the penalty, for each body."""
    _sums: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    _cells: dict[int, Tensor] = field(default_factory=dict)

    def features(self, refs: Sequence[FrameRef]) -> NDArray[np.float32]:
        """(N, D) means of the trunk's deepest maps."""
        return np.array([self.seen.features(ref) for ref in refs], np.float32)

    def update(
        self,
        net: TrainedNet | None,  # noqa: ARG002 - nothing is left to go on from
        refs: Sequence[FrameRef],
        seed: int,  # noqa: ARG002
        steps: int,  # noqa: ARG002
    ) -> list[TrainedNet]:
        """The best linear map for these frames, whatever came before."""
        bodies = self.seen.bodies(refs)
        sums = [self._sums_of(body) for body in bodies]
        products = torch.stack([p for p, _ in sums]).sum(dim=0)
        targets = torch.stack([t for _, t in sums]).sum(dim=0)
        penalty = self.strength * len(bodies) * torch.eye(len(products))
        return [SolvedReadout(self, torch.linalg.solve(products + penalty, targets))]

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

    def _sums_of(self, body: int) -> tuple[Tensor, Tensor]:
        """What a body and its copies add to the normal equations."""
        if body not in self._sums:
            lesson = self.seen.variants(body)
            cells = self.cells(lesson.maps)
            targets = functional.avg_pool2d(lesson.targets, _FINER)
            targets = targets / targets.amax(dim=(2, 3), keepdim=True).clamp(min=1e-9)
            rows, wanted = cells.flatten(0, 1), targets.flatten(2).permute(0, 2, 1).flatten(0, 1)
            share = 1 / len(lesson.targets)
            self._sums[body] = (share * rows.T @ rows, share * rows.T @ wanted)
        return self._sums[body]


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
        heights = (cells @ self.weights).permute(0, 2, 1).unflatten(2, size).clamp(min=1e-4) ** 2
        heatmaps = heights / heights.sum(dim=(2, 3), keepdim=True)
        return read(heatmaps.numpy(), seen.framings(bodies), _FINER * STRIDE)


def _raw(maps: Sequence[Tensor]) -> Tensor:
    """(B, h·w, C) channels of all maps but the finest, at the cells of the second."""
    size = maps[1].shape[2:]
    grown = [
        functional.interpolate(level, size=size, mode="bilinear", align_corners=False)
        for level in maps[2:]
    ]
    return torch.cat([maps[1], *grown], dim=1).flatten(2).permute(0, 2, 1)
