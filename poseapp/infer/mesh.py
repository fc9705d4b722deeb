"""Meshes of people in videos: Motion-HMR over windows of 31 frames, then fitted to the keypoints.

Windows overlap by half and are averaged, so that the ends of one, of which it knows only one side,
count little. The net learnt at 30 frames a second: faster videos are looked at in turns of every
second, third, … frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.errors import BodyError
from poseapp.domain.human import ENOUGH_LIMB_KEYPOINTS
from poseapp.domain.metrics import box_size
from poseapp.domain.report import PartOfReport, Report
from poseapp.infer.fitting.fit import fit, with_errors
from poseapp.infer.seen_person import SeenPerson
from poseapp.infer.sides import unswapped
from poseapp.nets.body.body import Body
from poseapp.nets.body.camera import intrinsics_of, translation_of_weak
from poseapp.nets.body.naming import shared_keypoints
from poseapp.nets.body.rotations import axis_angle_of_matrix, matrix_of_six
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.body.transfer import transferred
from poseapp.nets.motion_hmr.architecture import CLIP, INPUT_KEYPOINTS
from poseapp.nets.motion_hmr.clips import Clips, make_clips, of_frames
from poseapp.nets.motion_hmr.net import Bodies, MotionHMR, bodies_of_frames

Floats = NDArray[np.floating]
Pictures = Callable[[NDArray[np.int64], Clips], Tensor]
"""(B, T) frame numbers, -1 for none, and their clips → (B, T - 1, 3, S, S) pictures of pairs."""

NET_FPS = 30.0
SURE = 0.3
"""Score below which the net is not shown a keypoint."""
LONGEST_GAP_S = 0.5
"""Frames that show too little of the person are filled in up to here, and left out beyond."""
WINDOWS_AT_ONCE = 16
EDGE = 0.1
"""How much the first and last frame of a window count, against its middle."""
MISFIT = 0.2
"""Of the person's size: where the error is usually more, that is no person."""
_NO_BODY = (
    "No body lies as the keypoints of this individual do: the best is {:.0%} of their size off. "
    "Correct the keypoints, or delete the predictions where nobody is there."
)
_NO_PEOPLE = (
    "This individual is nowhere seen with seven of the twelve keypoints of arms and legs, which a "
    "mesh needs. Label or predict more of them, or choose another individual."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Weighted sums over the windows that saw a frame, (T, ...) each."""

    weight: Floats
    six: Floats
    shape: Floats
    middle: Floats
    """Of the limbs' keypoints, metres from the camera."""
    extent: Floats
    """Root mean square of their distance from that."""

    @classmethod
    def of(cls, frames: int) -> _Sums:
        """Nothing seen yet."""
        own = shipped_body()
        widths = (1, 6 * len(own.joint_names), own.shape_count, 3, 1)
        return cls(*(np.zeros((frames, width)) for width in widths))

    def add(
        self, windows: NDArray[np.int64], clips: Clips, bodies: Bodies, intrinsics: Tensor
    ) -> None:
        """What was said of (B, 31) frames; -1 is none."""
        there = windows >= 0
        side = clips.side[:, None].expand(-1, CLIP).flatten()
        boxes = of_frames(clips.middle[:, :-1], clips.middle[:, :-1]).flatten(0, 1)
        every = intrinsics.expand(len(side), 3, 3)
        place = translation_of_weak(bodies.camera.flatten(0, 1), boxes, side, every)
        rotations = matrix_of_six(bodies.six.flatten(0, 1))
        middle, extent = _limbs(shipped_body(), rotations, bodies.shape.flatten(0, 1))
        weight = (_importance() * there)[..., None]
        for total, value in (
            (self.six, bodies.six.flatten(2)),
            (self.shape, bodies.shape),
            (self.middle, (middle + place).view(len(windows), CLIP, 3)),
            (self.extent, extent.view(len(windows), CLIP, 1)),
            (self.weight, torch.ones(len(windows), CLIP, 1)),
        ):
            np.add.at(total, windows[there], (value.double().numpy() * weight)[there])


def recover(
    net: MotionHMR | None,
    body: Body,
    person: SeenPerson,
    report: Report,
    pictures: Pictures | None = None,
    *,
    refine: bool = True,
    smoothing: float = 1.0,
) -> BodyMotion:
    """The body of one person in every frame that shows enough of them, or lies between such.

    Args:
        net: on the CPU; without one the body is fitted from nothing.
        body: that is wanted; the net's own is the shipped one, another takes its poses.
        person: whose keypoints they are.
        report: asked after every few windows, then after every iteration of the fit.
        pictures: what a net is shown that sees more than keypoints.
        refine: whether what the net found is fitted to the keypoints in the end.
        smoothing: of that fit; 1 is usual.

    Raises:
        BodyError: when the skeleton is not human, no frame shows enough, or what was fitted lies
            nowhere near the keypoints.
    """
    shared_keypoints(person.names, body.keypoint_names)  # says why where the skeleton will not do
    person = unswapped(person.throughout())
    kept = _kept(person)
    if not kept.any():
        raise BodyError(_NO_PEOPLE)
    sure = replace(person, scores=np.where(person.scores >= SURE, person.scores, 0.0))
    sure = sure.of(np.flatnonzero(kept))
    if net is not None and net.architecture.picture and pictures is None:
        raise ValueError("a net that sees pictures must be shown some")
    start = None
    if net is not None:
        netted = PartOfReport(report, 0.0, 0.5 if refine else 1.0)
        start = _netted(net, body, person, kept, netted, pictures)
        if not refine:
            return with_errors(body, sure, start)
        report = PartOfReport(report, 0.5, 1.0)
    return _believed(fit(body, sure, report, start=start, smoothing=smoothing), sure)


def _believed(motion: BodyMotion, person: SeenPerson) -> BodyMotion:
    """The motion, unless a body cannot lie as the keypoints do: detectors see ghosts."""
    assert motion.error_px is not None
    size = np.nanmedian(box_size(person.points))
    if (off := np.nanmedian(motion.error_px) / max(size, 1.0)) > MISFIT:
        raise BodyError(_NO_BODY.format(off))
    return motion


def _netted(
    net: MotionHMR,
    body: Body,
    person: SeenPerson,
    kept: NDArray[np.bool_],
    report: Report,
    pictures: Pictures | None,
) -> BodyMotion:
    """What the net makes of the frames that are kept."""
    given, shown = _inputs(person)
    windows = _windows(kept, max(1, round(person.fps / NET_FPS)))
    sums = _Sums.of(len(kept))
    intrinsics = intrinsics_of(torch.full((1,), person.focal), *person.size)
    for first in range(0, len(windows), WINDOWS_AT_ONCE):
        report.progress(first / len(windows), "recovering meshes")
        some = np.stack(windows[first : first + WINDOWS_AT_ONCE])
        clips = _clips(some, given, shown)
        if pictures is not None:
            frames = np.where(some < 0, -1, person.frames[some])
            clips = replace(clips, pictures=pictures(frames, clips))
        with torch.no_grad():
            sums.add(some, clips, bodies_of_frames(net, clips), intrinsics)
    return _averaged(sums, np.flatnonzero(kept), body, person)


def _kept(person: SeenPerson) -> NDArray[np.bool_]:
    """(T,) frames that show enough of the person, or lie between such."""
    _, shown = _inputs(person)
    good = shown.sum(axis=1) >= ENOUGH_LIMB_KEYPOINTS
    return frames_between(good, int(LONGEST_GAP_S * person.fps))


def frames_between(good: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    """(T,) the good frames, and those in gaps between them that are not longer than `longest`."""
    kept = good.copy()
    places = np.flatnonzero(good)
    for before, after in pairwise(places):
        if after - before - 1 <= longest:
            kept[before:after] = True
    return kept


def _inputs(person: SeenPerson) -> tuple[Floats, NDArray[np.bool_]]:
    """(T, 12, 2) and (T, 12) the net's keypoints, zero where not shown, and which are shown."""
    points, scores = person.points, person.scores
    given = np.zeros((len(points), len(INPUT_KEYPOINTS), 2))
    shown = np.zeros(given.shape[:2], bool)
    for own, of_net in zip(*shared_keypoints(person.names, INPUT_KEYPOINTS), strict=True):
        shown[:, of_net] = np.isfinite(points[:, own]).all(axis=1) & (scores[:, own] >= SURE)
        given[:, of_net] = np.where(shown[:, of_net, None], points[:, own], 0.0)
    return given, shown


def _windows(kept: NDArray[np.bool_], stride: int) -> list[NDArray[np.int64]]:
    """(31,) frame numbers of each window, `stride` apart; -1 where a run of frames is shorter."""
    edges = np.flatnonzero(np.diff(kept.astype(int), prepend=0, append=0))
    windows = []
    for first, end in edges.reshape(-1, 2):
        for phase in range(min(stride, end - first)):
            run = np.arange(first + phase, end, stride)
            starts = {*range(0, max(len(run) - CLIP, 0), CLIP // 2), max(len(run) - CLIP, 0)}
            for start in sorted(starts):
                window = np.full(CLIP, -1)
                part = run[start : start + CLIP]
                window[: len(part)] = part
                windows.append(window)
    return windows


def _clips(windows: NDArray[np.int64], given: Floats, shown: NDArray[np.bool_]) -> Clips:
    """The clips of (B, 31) frames; -1 is none, and shows nothing."""
    seen = shown[windows] & (windows >= 0)[..., None]
    return make_clips(torch.from_numpy(given[windows]).float(), torch.from_numpy(seen))


def _importance() -> Floats:
    """(31,) of a window's frames."""
    near = 1 - np.abs(np.linspace(-1, 1, CLIP))
    return np.maximum(near, EDGE)


def _limbs(body: Body, rotations: Tensor, shape: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 3) middles and (B, 1) extents of the limbs' keypoints, from the body's origin."""
    keypoints, _ = body.keypoints(rotations, shape)
    limbs = keypoints[:, [body.keypoint_names.index(name) for name in INPUT_KEYPOINTS]]
    middle = limbs.mean(dim=1)
    return middle, (limbs - middle[:, None]).square().sum(dim=2).mean(dim=1, keepdim=True).sqrt()


@torch.no_grad()
def _averaged(sums: _Sums, places: NDArray[np.int64], body: Body, person: SeenPerson) -> BodyMotion:
    """One motion of one shape, of the frames at these places.

    The net's shapes differ from frame to frame, and its cameras fit those. So every frame's body is
    put where its limbs lie on the same pixels: as much farther away as it is larger.
    """
    weight = sums.weight[places]
    six = torch.from_numpy(sums.six[places] / weight).float()
    rotations = matrix_of_six(six.unflatten(1, (-1, 6)))
    own = sums.shape[places].sum(axis=0) / weight.sum()
    same = body.joint_names == shipped_body().joint_names
    shape = own if same else np.zeros(body.shape_count)
    turned = transferred(rotations, shipped_body(), body)
    every = torch.from_numpy(shape).float().expand(len(places), -1)
    middle, extent = (found.double().numpy() for found in _limbs(body, turned, every))
    farther = extent * weight / sums.extent[places]
    return BodyMotion(
        body.name,
        person.size,
        person.focal,
        person.frames[places],
        axis_angle_of_matrix(turned).double().numpy(),
        shape,
        farther * sums.middle[places] / weight - middle,
    )
