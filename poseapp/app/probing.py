"""What a worker does for selectors that look into a net: show it frames, and ask its insides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.app.posing import labelled_poses
from poseapp.app.probed_rows import ProbedRows
from poseapp.domain.errors import VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.report import PartOfReport, Report
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.video import Video, VideoKind
from poseapp.infer.reading import Picture, read_in_chunks, wanted_of
from poseapp.infer.track import Tracker
from poseapp.learn.select.probe import Glance, probe
from poseapp.learn.select.probed import OF_LABELS, Aspect, Probed
from poseapp.learn.train import device as devices
from poseapp.learn.train import outcome
from poseapp.learn.train.plan import Plan
from poseapp.media.reader import FrameReader
from poseapp.nets.card import Card
from poseapp.nets.export import run_torch
from poseapp.nets.pipeline import Bodies, estimate
from poseapp.nets.pose_net import PoseNet

if TYPE_CHECKING:
    from torch import Tensor

_AT_ONCE = 8
"""Pictures that are looked at together."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The frames of a project that a net is asked about."""

    candidates: tuple[FrameRef, ...]
    """Sorted."""
    labelled: tuple[FrameRef, ...]
    """Sorted."""
    labels: LabelSet
    videos: tuple[Video, ...]
    frames: FrameReader


def probed(
    folder: Path,
    skeleton: Skeleton,
    shown: Shown,
    aspects: Collection[Aspect],
    device: str,
    report: Report,
    cache: Path | None = None,
) -> Probed | None:
    """What the insides of the net in a run's folder say; None when nobody can look into it.

    Candidates that were looked at before with the same net come from the cache folder, where there
    is one.

    Its skill is the share of held-out keypoints that its training found within a fifth of the body:
    which frames a net in use has not learnt is not known later.

    Args:
        folder: of the run.
        skeleton: of the net, its keypoints carrying the project's numbers.
        shown: what to ask about.
        aspects: what to ask.
        device: where to compute: "auto", "cpu" or "cuda:0".
        report: of the reading.
        cache: of the project.

    Raises:
        InferenceError: when the run has no card.
        JobCancelled: when a person stopped it.
    """
    card = Card.read(folder)
    nets = outcome.read(folder, card)
    if not nets:
        return None
    chosen = devices.choose(device)
    onlooker = _Onlooker(card, {role: net.to(chosen) for role, net in nets.items()})
    known = shown.labels.only(shown.labelled)
    kept = ProbedRows(cache, folder, set(aspects) - OF_LABELS, known, shown.videos)
    new = kept.missing(shown.candidates)
    asked = _with_neighbours(new, shown.videos) if Aspect.CONTINUITY in aspects else new
    share = len(shown.labelled) / max(1, len(shown.labelled) + len(asked))
    told = probe(
        nets["pose"].head,
        aspects,
        onlooker.labelled(shown, skeleton, PartOfReport(report, 0.0, share)),
        len(shown.labelled),
        onlooker.found(shown, asked, PartOfReport(report, share, 1.0)),
        len(asked),
        float(card.metrics.get("pck") or 0.0),
    )
    place = {ref: row for row, ref in enumerate(asked)}
    found = told.rows(np.array([place[ref] for ref in new], np.intp)).candidates
    return replace(told, candidates=kept.gathered(shown.candidates, new, found))


def _with_neighbours(refs: tuple[FrameRef, ...], videos: Iterable[Video]) -> tuple[FrameRef, ...]:
    """These frames and, in films, those before and after each."""
    films = {v.id: v.frame_count for v in videos if v.kind is VideoKind.FILE}
    beside = {
        FrameRef(ref.video, ref.frame + step)
        for ref in refs
        for step in (-1, 1)
        if 0 <= ref.frame + step < films.get(ref.video, 0)
    }
    return tuple(sorted({*refs, *beside}))


class _Onlooker:
    """Runs a net's trunk on frames, and says which bodies it looked at."""

    def __init__(self, card: Card, nets: dict[str, PoseNet]) -> None:
        self._card = card
        self._nets = nets
        self._maps: list[Tensor] = []

    def labelled(self, shown: Shown, skeleton: Skeleton, report: Report) -> Iterator[Glance]:
        """The bodies that a person labelled, laid onto the input as in training."""
        pose = self._card.pose
        plan = Plan(pose.canvas, pose.canvas, self._card.crop_px, self._card.instances)
        row = {ref: n for n, ref in enumerate(shown.labelled)}
        for video, numbers, pictures in _read(shown, shown.labelled, report):
            inputs, frames, poses, laid = [], [], [], []
            for number, picture in zip(numbers, pictures, strict=True):
                ref = FrameRef(video, number)
                bodies = labelled_poses(shown.labels, ref, skeleton)
                size = picture.shape[1], picture.shape[0]
                for body, framing in zip(bodies, plan.framings(size, bodies), strict=True):
                    inputs.append(framing.cut(picture))
                    frames.append(row[ref])
                    poses.append(body)
                    laid.append(framing.to_input(body))
            if inputs:
                maps = self._nets["pose"].seen(np.stack(inputs))
                yield Glance(maps, np.array(frames), labelled=np.stack(laid), poses=np.stack(poses))

    def found(self, shown: Shown, asked: Sequence[FrameRef], report: Report) -> Iterator[Glance]:
        """The bodies that the net finds, followed from each frame to the next."""
        row = {ref: n for n, ref in enumerate(asked)}
        centroid = self._nets.get("centroid")
        run_centroid = None if centroid is None else (lambda p: run_torch(centroid, p))
        follower = _Follower()
        for video, numbers, pictures in _read(shown, asked, report):
            self._maps = []
            found = estimate(pictures, self._card, self._pose, run_centroid)
            counts = [len(bodies.points) for bodies in found]
            if self._maps:
                rows = np.repeat([row[FrameRef(video, number)] for number in numbers], counts)
                yield Glance(self._maps, rows, follower.previous(video, numbers, found))

    def _pose(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The pose net's heatmaps; what its trunk saw is kept."""
        self._maps = self._nets["pose"].seen(pictures)
        return self._nets["pose"].told(self._maps)


class _Follower:
    """Says which body of the frame before a body was."""

    def __init__(self) -> None:
        self._video: VideoId | None = None
        self._tracker = Tracker()
        self._last: dict[int, tuple[int, int]] = {}
        self._count = 0

    def previous(
        self, video: VideoId, numbers: Sequence[int], found: Sequence[Bodies]
    ) -> NDArray[np.intp]:
        """(B,) as `Glance.previous`."""
        if video != self._video:
            self._video, self._tracker, self._last = video, Tracker(), {}
        before = []
        for number, bodies in zip(numbers, found, strict=True):
            for track in self._tracker.follow(number, bodies.points):
                frame, body = self._last.get(int(track), (-2, -1))
                before.append(body if frame == number - 1 else -1)
                self._last[int(track)] = number, self._count
                self._count += 1
        return np.array(before, np.intp)


def _read(
    shown: Shown, refs: Sequence[FrameRef], report: Report
) -> Iterator[tuple[VideoId, list[int], list[Picture]]]:
    """A few frames of one video at a time; those that cannot be read are left out."""
    done = 0
    for wanted in wanted_of(refs, shown.videos):
        for numbers, pictures in read_in_chunks(shown.frames, wanted.refs(), _AT_ONCE, _leave_out):
            yield wanted.video.id, numbers, pictures
            done += len(numbers)
            report.progress(done / len(refs), f"{wanted.video.name}: looking into the net")


def _leave_out(ref: FrameRef, error: VideoUnreadableError) -> None:
    """Such a frame has no body, and says nothing."""
