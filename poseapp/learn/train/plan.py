"""The plan of a pose training: what the nets look at, decided from the labels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import VideoMissingError
from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet, most_instances_per_frame
from poseapp.domain.metrics import box_size
from poseapp.domain.report import Report
from poseapp.learn.batches import Sample, make_sample
from poseapp.nets.framing import Framing, canvas_for, crop, letterbox


class FrameReader(Protocol):
    """Where pictures come from; `media.FrameReader` is one."""

    def read_many(
        self, refs: Sequence[FrameRef]
    ) -> Iterator[tuple[FrameRef, NDArray[np.uint8]]]: ...


CROP_MARGIN = 1.4
"""Side of a crop in units of the largest body's longer side."""
SMALLER = 0.5
SMALL = 0.6
"""A lone body whose crop is smaller than this share of the frame is looked at through crops."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of the inputs; `crop_px` is None for nets that look at whole frames."""

    pose: tuple[int, int]
    """(width, height) of the pose net's input."""
    centroid: tuple[int, int]
    crop_px: float | None
    instances: int

    def smaller(self) -> tuple[int, int]:
        """About half the pose net's input, on which a step costs about a third."""
        width, height = (32 * math.ceil(side * SMALLER / 32) for side in self.pose)
        return width, height

    def framings(
        self, picture: tuple[int, int], bodies: Sequence[NDArray[np.float64]]
    ) -> list[Framing]:
        """What the pose net sees of each (K, 2) body in a picture of (width, height)."""
        if self.crop_px is None:
            return [letterbox(picture, self.pose) for _ in bodies]
        scale = self.pose[0] / self.crop_px
        return [crop(*middle(body), scale, self.pose) for body in bodies]


def middle(body: NDArray[np.float64]) -> tuple[float, float]:
    """The middle of the box around the present keypoints of (K, 2)."""
    x, y = (np.nanmin(body, axis=0) + np.nanmax(body, axis=0)) / 2
    return float(x), float(y)


def make_plan(labels: LabelSet, long_side: int, crop_side: int, centroid_side: int) -> Plan:
    """Whole frames for one body that fills them, crops otherwise.

    Raises:
        VideoMissingError: when a video with labels was never read, so that its size is not known.
    """
    used = {ref.video for ref in labels.frames}
    videos = [video for video in labels.videos if video.id in used]
    for video in videos:
        if not video.width:
            raise VideoMissingError.at(video.path)
    sizes = [(video.width, video.height) for video in videos]
    instances = most_instances_per_frame(labels.instances)
    largest = float(np.nanpercentile(box_size(labels.points()), 98))
    crop_px = CROP_MARGIN * max(largest, 1.0)
    centroid = canvas_for(sizes, centroid_side)
    if instances == 1 and crop_px > SMALL * np.max(sizes):
        return Plan(canvas_for(sizes, long_side), centroid, None, 1)
    side = min(crop_side, 32 * int(np.ceil(2 * crop_px / 32)))
    return Plan((side, side), centroid, crop_px, instances)


def make_samples(
    labels: LabelSet, frames: FrameReader, plan: Plan, report: Report
) -> dict[str, list[Sample]]:
    """What the pose net, and the centroid net where there is one, learn from the labels.

    Frames marked as empty teach a centroid net that looks for several bodies.
    """
    samples: dict[str, list[Sample]] = {"pose": [], "centroid": []}
    empty = labels.empty_frames if plan.instances > 1 else frozenset()
    refs = sorted({*labels.frames, *empty})
    for n, (ref, picture) in enumerate(frames.read_many(refs)):
        report.progress(n / len(refs), f"frame {n + 1} of {len(refs)}")
        bodies = [i.points for i in labels.at(ref) if i.present.any()]
        size = picture.shape[1], picture.shape[0]
        for framing, body in zip(plan.framings(size, bodies), bodies, strict=True):
            samples["pose"].append(make_sample(picture, framing, body))
        if plan.crop_px is not None:
            middles = np.array([middle(body) for body in bodies]).reshape(-1, 2)
            framing = letterbox(size, plan.centroid)
            samples["centroid"].append(make_sample(picture, framing, middles))
    return samples
