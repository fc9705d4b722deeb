"""Batches: labelled frames held apart, laid onto inputs, changed at random, with their targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.augment import NONE, Augmentation, changed_light, geometric_change
from poseapp.nets.framing import Framing, scaling
from poseapp.nets.heads import STRIDE
from poseapp.nets.heatmaps import gaussians, pixel_to_cell


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One input of a net: a piece of a picture and the points in it."""

    stored: NDArray[np.uint8]
    """The piece with a margin for turning and moving it."""
    storing: Framing
    """Picture → `stored`."""
    framing: Framing
    """Picture → the net's input, unchanged."""
    points: NDArray[np.float64]
    """(K, 2) picture pixels, or (P, 2) of one channel that holds any number; NaN where absent."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one step learns from, as arrays."""

    pictures: NDArray[np.uint8]
    """(B, height, width, 3) BGR."""
    targets: NDArray[np.float32]
    """(B, K, h, w) bells of height 1."""
    weights: NDArray[np.float32]
    """(B, K) 0 where a keypoint teaches nothing."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """How samples become batches."""

    augmentation: Augmentation
    swap: tuple[int, ...]
    """Where each keypoint comes from when a picture is mirrored."""
    sigma: float = 1.0
    """Width of the bells in cells."""
    absent_is_empty: bool = False
    """Absent keypoints teach an empty map instead of nothing."""
    several: bool = False
    """All points share one map, as centroids do."""


MARGIN = 0.25
"""How far beyond the input a stored piece reaches, in units of the input's sides."""
DETAIL = 1.5
"""How much finer than the input a stored piece is, where the picture is."""


def make_sample(picture: NDArray[np.uint8], framing: Framing, points: NDArray) -> Sample:
    """Keep the framed piece of a picture, somewhat larger and finer than the net sees it.

    The framing neither turns nor mirrors; that is left to augmentation.
    """
    scale = framing.scale * min(DETAIL, max(1.0, 1 / framing.scale))
    canvas = np.array([framing.width, framing.height])
    edge = np.array([picture.shape[1], picture.shape[0]]) - 0.5
    first = framing.to_picture(-MARGIN * canvas - 0.5).clip(-0.5, edge - 1)
    last = framing.to_picture((1 + MARGIN) * canvas - 0.5).clip(first + 1, edge)
    width, height = np.ceil(scale * (last - first)).astype(int)
    storing = Framing(scaling(scale, *(-scale * first - 0.5)), int(width), int(height))
    return Sample(storing.cut(picture), storing, framing, points)


def resized(samples: Sequence[Sample], canvas: tuple[int, int]) -> list[Sample]:
    """The same pieces for an input of another size."""
    return [replace(sample, framing=sample.framing.fitted(canvas)) for sample in samples]


def plain_batch(samples: Sequence[Sample], teaching: Teaching) -> Batch:
    """The samples as they are."""
    rng = np.random.default_rng(0)
    return _stacked([_drawn(s, teaching, NONE, rng) for s in samples])


def random_batch(
    samples: Sequence[Sample], teaching: Teaching, size: int, seed: int, step: int
) -> Batch:
    """The batch of a step: a function of seed and step alone, so that a resumed run goes on alike.

    Samples are drawn from a new shuffle each time all have been seen.
    """
    rng = np.random.default_rng((seed, step))
    chosen = [
        samples[_shuffled(len(samples), seed, n // len(samples))[n % len(samples)]]
        for n in range(step * size, (step + 1) * size)
    ]
    return _stacked([_drawn(s, teaching, teaching.augmentation, rng) for s in chosen])


def pair_batches(
    pairs: Sequence[tuple[Sample, Sample]], teaching: Teaching, rng: np.random.Generator
) -> tuple[Batch, Batch]:
    """The first and the second of each pair, both changed alike: they still show one scene."""
    firsts, seconds = [], []
    for first, second in pairs:
        seed = int(rng.integers(2**32))
        for sample, side in ((first, firsts), (second, seconds)):
            alike = np.random.default_rng(seed)
            side.append(_drawn(sample, teaching, teaching.augmentation, alike))
    return _stacked(firsts), _stacked(seconds)


def _shuffled(count: int, seed: int, epoch: int) -> NDArray[np.intp]:
    return np.random.default_rng((seed, epoch, count)).permutation(count)


def _drawn(
    sample: Sample, teaching: Teaching, how: Augmentation, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    canvas = sample.framing.width, sample.framing.height
    change, mirrored = geometric_change(how, canvas, rng)
    framing = sample.framing.after(change)
    picture = _from_stored(sample, framing).cut(sample.stored)
    if how is not NONE:
        picture = changed_light(picture, how, rng)
    points = framing.to_input(sample.points)
    if mirrored and not teaching.several:
        points = points[list(teaching.swap)]
    targets, weights = _targets(points, canvas, teaching)
    return picture, targets, weights


def _from_stored(sample: Sample, framing: Framing) -> Framing:
    back = np.linalg.inv(np.vstack([sample.storing.matrix, [0.0, 0.0, 1.0]]))
    return Framing(framing.matrix @ back, framing.width, framing.height)


def _targets(
    points: NDArray[np.float64], canvas: tuple[int, int], teaching: Teaching
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    size = canvas[0] // STRIDE, canvas[1] // STRIDE
    cells = pixel_to_cell(points, STRIDE)
    bells = gaussians(cells, size, teaching.sigma)
    if teaching.several:
        return bells.max(axis=0, keepdims=True, initial=0.0), np.ones(1, np.float32)
    absent = np.isnan(points).any(axis=1)
    inside = ((cells > -0.5) & (cells < np.array(size) - 0.5)).all(axis=1)
    weights = np.where(absent, teaching.absent_is_empty, inside)
    return bells, weights.astype(np.float32)


def _stacked(drawn: Sequence[tuple[NDArray, NDArray, NDArray]]) -> Batch:
    return Batch(*(np.stack(part) for part in zip(*drawn, strict=True)))


def held_out(
    frames: Sequence[FrameRef],
    share: float,
    gap: Callable[[VideoId], int],
    rng: np.random.Generator,
) -> tuple[list[FrameRef], list[FrameRef]]:
    """Frames to learn from and frames to measure on, never neighbours of each other.

    Whole videos are held out where there are enough of them, otherwise one block of time in each;
    frames nearer than the `gap` of their video to its block are in neither.
    """
    by_video: dict[VideoId, list[FrameRef]] = {}
    for ref in sorted(frames):
        by_video.setdefault(ref.video, []).append(ref)
    wanted = share * len(frames)
    if len(by_video) >= ENOUGH_VIDEOS:
        return _whole_videos(list(by_video.values()), wanted, rng)
    taught: list[FrameRef] = []
    measured: list[FrameRef] = []
    for video, group in by_video.items():
        part = round(wanted * len(group) / len(frames))
        if group is max(by_video.values(), key=len) and share > 0:
            part = max(1, part)
        rest, block = _block(group, min(part, len(group) - 1), gap(video), rng)
        taught += rest
        measured += block
    return taught, measured


ENOUGH_VIDEOS = 5


def _whole_videos(
    groups: list[list[FrameRef]], wanted: float, rng: np.random.Generator
) -> tuple[list[FrameRef], list[FrameRef]]:
    """Random videos until about as many frames are held out as wanted, at most half the videos."""
    held: set[int] = set()
    count = 0
    for n in rng.permutation(len(groups)):
        more = len(groups[n])
        if abs(count + more - wanted) < abs(count - wanted) and 2 * len(held) < len(groups):
            held.add(int(n))
            count += more
    if not held and wanted > 0:  # all are so long that none brings the count nearer
        held = {min(range(len(groups)), key=lambda n: len(groups[n]))}
    taught = [ref for n, group in enumerate(groups) if n not in held for ref in group]
    return taught, [ref for n in sorted(held) for ref in groups[n]]


def _block(
    group: list[FrameRef], count: int, gap: int, rng: np.random.Generator
) -> tuple[list[FrameRef], list[FrameRef]]:
    """A random block of neighbouring frames among those that cost the fewest others."""
    if count < 1:
        return group, []
    at = np.array([ref.frame for ref in group])
    firsts = np.arange(len(group) - count + 1)
    lasts = firsts + count - 1
    before = np.searchsorted(at, at[firsts] - gap, side="right")
    after = len(group) - np.searchsorted(at, at[lasts] + gap, side="left")
    left = np.where(before + after > 0, before + after, -1)
    first = int(rng.choice(firsts[left == left.max()]))
    taught = [*group[: before[first]], *group[len(group) - after[first] :]]
    return (taught, group[first : first + count]) if taught else (group, [])
