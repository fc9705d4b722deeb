"""Motion-HMR learns: lessons by number, its loss, and its error on styles that it never met."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poseapp.domain.alignment import pa_mpjpe
from poseapp.learn.motion_hmr.adversary import Adversary, domain_loss
from poseapp.learn.motion_hmr.lessons import Lesson, as_detected, keypoint_lesson, mirrored
from poseapp.learn.motion_hmr.library import Library
from poseapp.learn.motion_hmr.objective import Weights, objective
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.performance import Performance
from poseapp.learn.synth.troupe import SIZE, Troupe
from poseapp.learn.train.loop import Metrics, Task
from poseapp.nets.body.pose_prior import shipped_prior
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import CLIP, MEASURED_KEYPOINTS, Architecture
from poseapp.nets.motion_hmr.clips import Clips
from poseapp.nets.motion_hmr.net import Bodies, MotionHMR, bodies_of_frames

_HELD_OUT_SEED = 1_000_003


def keypoint_task(
    architecture: Architecture,
    performances: Sequence[Performance],
    held_out: Sequence[Performance],
    weights: Weights,
    seed: int,
    exam_clips: int = 200,
) -> Task[MotionHMR, Lesson]:
    """Learn from keypoints of the performances; measured on the held-out ones."""
    torch.manual_seed(seed)
    body, errors = shipped_body(), DetectorErrors()
    troupe = Troupe(body, performances, CLIP, free=True)
    strangers = Troupe(body, held_out, CLIP)
    exam = keypoint_lesson(strangers, np.random.default_rng(_HELD_OUT_SEED), exam_clips, errors)
    chance = torch.Generator().manual_seed(seed)

    def lesson(step: int, size: int) -> Lesson:
        return keypoint_lesson(troupe, np.random.default_rng([seed, step]), size, errors)

    def loss(net: MotionHMR, given: Lesson, device: torch.device) -> Tensor:
        given = given.to(device)
        pairs = torch.randperm(CLIP - 1, generator=chance)[: weights.pairs].to(device)
        said = net(given.clips, pairs)
        return objective(said, given, pairs, body, shipped_prior(), weights)

    return Task(MotionHMR(architecture), lesson, loss, lambda net: measured(net, exam))


@dataclass(frozen=True, slots=True)
class Course:
    """What a net of pictures learns from."""

    library: Library
    """Of longer clips than the exam's, a window by chance."""
    clips: int
    """How many different ones, over and over."""
    errors: DetectorErrors | None = None
    """Of the keypoints; without them they are exact, as the paper's."""
    real: Callable[[int], Clips] | None = None
    """Clips without labels by number, for DANN."""
    troupe: Troupe | None = None
    """As many clips more of these people, without pictures and new ones in every step: else a few
    clips' poses are learnt by heart."""


@dataclass(frozen=True, slots=True)
class CourseStep:
    """What one step of a course learns from."""

    made: Lesson
    bare: Lesson | None
    """Without pictures."""
    real: Clips | None


def picture_task(
    architecture: Architecture, course: Course, exam: Lesson, weights: Weights, seed: int
) -> Task[Pupil, CourseStep]:
    """Learn from synthetic clips, half of them mirrored; measured on other ones.

    Args:
        architecture: of the net.
        course: has the clips that are learnt from.
        exam: is measured on; as many frames as it has are looked at together.
        weights: of the loss.
        seed: of the net's first weights and of the order of the clips.
    """
    torch.manual_seed(seed)
    body = shipped_body()
    chance = torch.Generator().manual_seed(seed)
    frames = exam.points.shape[1]
    library, real = course.library, course.real
    spare = library.studio.frames - frames
    errors = course.errors or DetectorErrors(0, 0, 0, 0)

    def lesson(step: int, size: int) -> CourseStep:
        rng = np.random.default_rng([seed, step])
        numbers, first = rng.integers(course.clips, size=size), rng.integers(spare, endpoint=True)
        made = library.lesson(numbers.tolist(), architecture, int(first), frames)
        if rng.random() < 0.5:
            made = mirrored(made, body, architecture, SIZE[0])
        if course.errors is not None:
            made = as_detected(made, course.errors, rng)
        bare = None
        if course.troupe is not None:
            bare = keypoint_lesson(course.troupe, rng, size, errors)
        return CourseStep(made, bare, None if real is None else real(step))

    def said(pupil: Pupil, given: Lesson, features: Tensor) -> Tensor:
        pairs = torch.randperm(features.shape[1], generator=chance)[: weights.pairs]
        pairs = pairs.to(features.device)
        told = pupil.net.told(features, pairs)
        return objective(told, given, pairs, body, shipped_prior(), weights)

    def loss(pupil: Pupil, given: CourseStep, device: torch.device) -> Tensor:
        made = given.made.to(device)
        features = pupil.net.encoder(made.clips)
        cost = said(pupil, made, features)
        if given.bare is not None:
            bare = given.bare.to(device)
            cost = cost + said(pupil, bare, pupil.net.encoder(bare.clips))
        if given.real is not None:
            of_real = pupil.net.encoder(given.real.to(device))
            cost = cost + domain_loss(pupil.adversary, features, of_real)
        return cost

    return Task(Pupil(architecture), lesson, loss, lambda pupil: measured(pupil.net, exam))


class Pupil(nn.Module):
    """A net, and the adversary that it learns against where there is one."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.net = MotionHMR(architecture)
        self.adversary = Adversary(self.net.encoder.width)


@torch.no_grad()
def measured(net: MotionHMR, exam: Lesson) -> Metrics:
    """PA-MPJPE in millimetres of the frames of which enough is shown, over the 14 keypoints."""
    errors = clip_errors(bodies_of_frames(net, exam.clips), exam)
    return {"score": float(np.nanmean(errors)), "pa_mpjpe_mm": float(np.nanmean(errors))}


def clip_errors(bodies: Bodies, exam: Lesson) -> NDArray[np.float64]:
    """(B, T) millimetres; NaN where the person is totally occluded, as the paper does not score."""
    return np.where(exam.clips.occluded.numpy(), np.nan, 1000 * _errors(bodies, exam))


def _errors(bodies: Bodies, exam: Lesson) -> NDArray[np.float64]:
    body = shipped_body()
    chosen = [body.keypoint_names.index(name) for name in MEASURED_KEYPOINTS]
    clips, frames = bodies.camera.shape[:2]
    points, _ = body.keypoints(bodies.rotations().flatten(0, 1), bodies.shape.flatten(0, 1))
    return pa_mpjpe(points[:, chosen].unflatten(0, (clips, frames)), exam.points)
