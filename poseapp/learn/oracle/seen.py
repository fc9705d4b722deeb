"""What a trunk that stands still sees in labelled frames, computed once and kept on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.ids import FrameRef
from poseapp.domain.report import Report
from poseapp.learn.augment import Augmentation
from poseapp.learn.batches import Sample, Teaching, make_sample, plain_batch, random_batch
from poseapp.learn.oracle.annotator import Annotator
from poseapp.learn.oracle.settings import Sight
from poseapp.learn.train.plan import FrameReader, make_plan
from poseapp.nets.framing import Framing
from poseapp.nets.heads import STRIDE
from poseapp.nets.pose_net import PoseNet, build
from poseapp.nets.weights import load_imagenet

NET = "efficientnet-lite0"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one step of a head learns from: the trunk's maps, then as in `batches.Batch`."""

    maps: list[Tensor]
    targets: Tensor
    weights: Tensor


@dataclass(frozen=True, slots=True)
class Places:
    """Where the bodies of an annotator's frames stand in the arrays.

    Bodies are numbered frame by frame, those of the pool first. A body of the pool has a row for
    itself and after it one for each copy, a held-out body one row.
    """

    bodies: dict[FrameRef, range]
    with_copies: int
    """Bodies of the pool."""
    copies: int

    @classmethod
    def of(cls, annotator: Annotator, copies: int) -> Places:
        bodies: dict[FrameRef, range] = {}
        end = 0
        for ref in (*annotator.pool, *annotator.held_out):
            bodies[ref] = range(end, end + len(annotator.bodies_in(ref)))
            end = bodies[ref].stop
        with_copies = sum(len(bodies[ref]) for ref in annotator.pool)
        return cls(bodies, with_copies, copies)

    def row(self, body: int) -> int:
        """Of the body as it is."""
        return body + self.copies * min(body, self.with_copies)

    @property
    def rows(self) -> int:
        return self.row(sum(len(numbers) for numbers in self.bodies.values()))


class Seen:
    """The bodies of an annotator's frames as the trunk sees them."""

    def __init__(self, places: Places, folder: Path) -> None:
        self._places = places
        self._maps = [np.load(folder / f"maps{n}.npy", mmap_mode="r") for n in range(4)]
        self._targets = np.load(folder / "targets.npy", mmap_mode="r")
        self._weights, self._features, self._framings = (
            np.load(folder / f"{name}.npy") for name in ("weights", "features", "framings")
        )
        self.pretrained = (folder / "pretrained.txt").read_text(encoding="utf-8")
        """Which weights the trunk has, in words."""

    @property
    def channels(self) -> list[int]:
        """Of the trunk's four maps."""
        return [level.shape[1] for level in self._maps]

    @property
    def keypoints(self) -> int:
        return self._weights.shape[1]

    @property
    def count(self) -> int:
        """Bodies of all frames; those of the pool come first."""
        return sum(len(numbers) for numbers in self._places.bodies.values())

    def bodies(self, refs: Iterable[FrameRef]) -> list[int]:
        """Their numbers, frame by frame."""
        return [body for ref in refs for body in self._places.bodies[ref]]

    def features(self, ref: FrameRef) -> NDArray[np.float32]:
        """(D,) mean of the deepest maps of the frame's bodies."""
        return self._features[[self._places.row(b) for b in self.bodies([ref])]].mean(axis=0)

    def lesson(self, bodies: Iterable[int], chance: np.random.Generator) -> Lesson:
        """These bodies of the pool, each as it is or as one of its copies."""
        variants = 1 + self._places.copies
        rows = [self._places.row(body) + int(chance.integers(variants)) for body in bodies]
        targets, weights = self._targets[rows], self._weights[rows]
        return Lesson(
            self._level(rows), torch.from_numpy(targets).float(), torch.from_numpy(weights)
        )

    def variants(self, body: int) -> Lesson:
        """The body as it is and all its copies."""
        first = self._places.row(body)
        rows = list(range(first, min(self._places.row(body + 1), len(self._weights))))
        targets, weights = self._targets[rows], self._weights[rows]
        return Lesson(
            self._level(rows), torch.from_numpy(targets).float(), torch.from_numpy(weights)
        )

    def unchanged(self, bodies: Iterable[int]) -> tuple[list[Tensor], list[Framing]]:
        """The maps of these bodies as they are, and how each was framed."""
        bodies = list(bodies)
        rows = [self._places.row(body) for body in bodies]
        return self._level(rows), self.framings(bodies)

    def framings(self, bodies: Iterable[int]) -> list[Framing]:
        """How each of these bodies was framed."""
        height, width = (STRIDE * side for side in self.size_of_maps(0))
        rows = [self._places.row(body) for body in bodies]
        return [Framing(self._framings[row], width, height) for row in rows]

    def size_of_maps(self, level: int) -> tuple[int, int]:
        """(h, w) in cells, from the finest level on."""
        return self._maps[level].shape[2], self._maps[level].shape[3]

    def _level(self, rows: list[int]) -> list[Tensor]:
        # channel by channel, a head's steps take nearly twice as long on a CPU
        return [
            torch.from_numpy(level[rows]).float().contiguous(memory_format=torch.channels_last)
            for level in self._maps
        ]


def look(
    annotator: Annotator, frames: FrameReader, sight: Sight, folder: Path, report: Report
) -> Seen:
    """See every frame of the annotator, unless the folder holds all that already.

    That takes about 300 kB of disk for a body, and as much for each copy, at 192 × 192 pixels.
    """
    places = Places.of(annotator, sight.copies)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="draft-") as scratch:
            draft = Path(scratch) / "seen"
            draft.mkdir()
            _look(annotator, places, frames, sight, _Arrays(draft, places.rows), report)
            draft.rename(folder)
    return Seen(places, folder)


def _look(
    annotator: Annotator,
    places: Places,
    frames: FrameReader,
    sight: Sight,
    arrays: _Arrays,
    report: Report,
) -> None:
    labels = annotator.labels
    plan = make_plan(labels, sight.long_side, sight.crop_side, sight.crop_side)
    teaching = Teaching(Augmentation(), tuple(int(k) for k in labels.skeleton.flip_permutation()))
    torch.manual_seed(0)  # where no ImageNet weights are installed, the trunk is a random one
    net = build(NET, len(labels.skeleton)).eval()
    pretrained = load_imagenet(net, NET)
    for done, (ref, picture) in enumerate(frames.read_many(list(places.bodies))):
        report.progress(done / len(places.bodies), "Looking at the frames")
        bodies = annotator.bodies_in(ref)
        size = picture.shape[1], picture.shape[0]
        framings = plan.framings(size, [body.points for body in bodies])
        for number, framing, body in zip(places.bodies[ref], framings, bodies, strict=True):
            sample = make_sample(picture, framing, body.points)
            copies = sight.copies if number < places.with_copies else 0
            arrays.put(places.row(number), _variants(sample, teaching, copies, number, net))
    (arrays.folder / "pretrained.txt").write_text(pretrained, encoding="utf-8")


def _variants(
    sample: Sample, teaching: Teaching, copies: int, seed: int, net: PoseNet
) -> dict[str, NDArray]:
    """All arrays of one body: a row for itself and one for each copy."""
    drawn = [plain_batch([sample], teaching)]
    if copies:
        drawn.append(random_batch([sample], teaching, copies, seed, 0))
    pictures = np.concatenate([batch.pictures for batch in drawn])
    with torch.inference_mode():
        maps = net.features(torch.from_numpy(pictures).permute(0, 3, 1, 2).float())
    levels = {f"maps{n}": level.half().numpy() for n, level in enumerate(maps)}
    return levels | {
        "features": maps[-1].mean(dim=(2, 3)).numpy(),
        "targets": np.concatenate([batch.targets for batch in drawn]).astype(np.float16),
        "weights": np.concatenate([batch.weights for batch in drawn]),
        "framings": np.repeat(sample.framing.matrix[None], 1 + copies, axis=0),
    }


class _Arrays:
    """Arrays on disk that are filled row by row."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder = folder
        self._rows = rows
        self._arrays: dict[str, NDArray] = {}

    def put(self, row: int, values: dict[str, NDArray]) -> None:
        for name, array in values.items():
            if name not in self._arrays:
                shape = (self._rows, *array.shape[1:])
                file = self.folder / f"{name}.npy"
                self._arrays[name] = open_memmap(file, "w+", array.dtype, shape)
            self._arrays[name][row : row + len(array)] = array
