"""Fit a body to the keypoints of a person through a window, by gradients through the body.

One camera does not tell how far forward or back a limb points. Without a start, each frame is tried
facing four ways on its own; the way through them that is likely and smooth is then improved with
all frames together. A start, such as a net's, is one way more: it may be wrong where the keypoints
jump to somebody else.

Parameters of neighbouring frames hang together by the accelerations, which slows every descent. So
it goes down in other variables: changes of the motion through a low-pass, whose quick parts count
as little as accelerations let them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.report import PartOfReport, Report
from poseapp.infer.fitting.descent import settle
from poseapp.infer.fitting.energy import jerkiness, misses, strangeness
from poseapp.infer.fitting.guess import guess_of, motion_of, placed
from poseapp.infer.fitting.low_pass import LowPass
from poseapp.infer.fitting.seen import seen_of
from poseapp.infer.fitting.start import found_start
from poseapp.infer.seen_person import SeenPerson
from poseapp.nets.body.body import Body

SETTLING = 80
"""Iterations."""
TAU_S = 0.05
"""Seconds over which accelerations weigh as much as keypoints: √(2 cm of error / 10 m/s²)."""


def fit(
    body: Body,
    person: SeenPerson,
    report: Report,
    *,
    start: BodyMotion | None = None,
    smoothing: float = 1.0,
) -> BodyMotion:
    """The motion of a body whose keypoints lie on those seen.

    Args:
        body: on the CPU.
        person: whose keypoints they are; those that the body has too are used.
        report: asked after every iteration.
        start: the same frames as somebody else found them, tried beside other starts.
        smoothing: how wide a stretch of time is smoothed, against the usual one. The width goes
            with the fourth root of how much accelerations count.

    Raises:
        BodyError: when fewer than seven limb keypoints are the body's, or too few were seen.
    """
    if start is not None and start.frames.tolist() != person.frames.tolist():
        raise ValueError("a start must be of the same frames")
    seen = seen_of(body, person)
    looking = PartOfReport(report, 0.0, 0.4)
    low_pass = LowPass(person.frames, person.fps, TAU_S * smoothing)
    first = found_start(body, seen, person, looking, start).passed(low_pass).passed(low_pass)
    change = first.nothing().freed()
    times = torch.from_numpy(person.frames)

    def energy() -> Tensor:
        guess = first + change.passed(low_pass)
        found = placed(body, guess, seen)
        jerks = smoothing**4 * jerkiness(found.joints, times, person.fps)
        each = misses(seen, found.seen) + strangeness(body, guess)
        return (each.sum() + 0.5 * guess.shape.square().sum() + jerks) / len(times)

    fitting = PartOfReport(report, 0.4, 1.0)
    settle(change.parameters(), energy, SETTLING, lambda n: fitting.progress(n, "fitting"))
    return motion_of(body, first + change.passed(low_pass), seen, person)


def with_errors(body: Body, person: SeenPerson, motion: BodyMotion) -> BodyMotion:
    """The motion with its error in each frame, as the person's keypoints of these frames show it.

    Raises:
        BodyError: as `fit` does.
    """
    return motion_of(body, guess_of(motion), seen_of(body, person), person)
