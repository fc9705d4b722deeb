"""Where a fit starts: every frame is tried facing four ways, and a likely way through is taken."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp
from torch import Tensor

from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.report import Report
from poseapp.infer.fitting.descent import improve
from poseapp.infer.fitting.energy import misses, strangeness
from poseapp.infer.fitting.guess import RAY, Guess, guess_of, placed
from poseapp.infer.fitting.seen import Seen
from poseapp.infer.seen_person import SeenPerson
from poseapp.nets.body.body import Body
from poseapp.nets.body.pose_prior import shipped_prior
from poseapp.nets.body.rotations import (
    axis_angle_of_matrix,
    matrix_of_axis_angle,
    six_of_matrix,
)
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.body.transfer import transferred

YAWS = 4
"""Ways that a person may face when nothing is known."""
TURNS_A_WAY = 6
"""Angles that are looked at for each of them."""
TRIED_FPS = 8.0
"""Frames in a second that are tried on their own; between them poses are interpolated."""
TRYING = 60
"""Iterations."""
BELIEF = 15.0
"""Nats in a frame by which another's guess is believed before what was found from nothing."""
STEP_M = 0.3
"""How far a joint usually gets from one tried frame to the next."""
_RATES = (0.04, 0.04, 0.04, 0.02, 0.02)
"""Of a guess's parameters, in their order."""


def found_start(
    body: Body, seen: Seen, person: SeenPerson, report: Report, other: BodyMotion | None
) -> Guess:
    """A guess for every frame, from frames that were tried on their own.

    Args:
        body: on the CPU.
        seen: of the person.
        person: that it is about.
        report: asked after every iteration.
        other: the same frames as somebody else found them, tried beside the guesses from nothing.
    """
    tried = _tried_frames(seen, person)
    ways, count = _faced(body, seen.of(tried)), YAWS
    if other:
        ways, count = _beside(ways, guess_of(other), tried), YAWS + 1

    here = seen.of(tried.repeat_interleave(count))

    def each() -> Tensor:
        costs = misses(here, placed(body, ways, here).seen)
        return costs + strangeness(body, ways) + 0.5 * ways.shape.square().sum(dim=1)

    improve(
        ways.parameters(), _RATES, lambda: each().sum(), TRYING,
        lambda n: report.progress(n, "looking for a pose"),
    )  # fmt: skip
    with torch.no_grad():
        joints = placed(body, ways, here).joints
        costs = each().view(-1, count)
        costs[:, :YAWS] += BELIEF if other else 0.0
        best = _likely_way(costs, joints.view(len(tried), count, -1, 3))
    rows = torch.arange(len(tried)) * count + best
    return _between(ways, rows, person.frames[tried.numpy()], person.frames)


def _beside(ways: Guess, start: Guess, tried: Tensor) -> Guess:
    """Each tried frame's guesses, `YAWS` of them, and after them the one that it starts from."""
    own = [value.detach()[tried] for value in start.parameters()[:-1]]
    own.append(start.build.detach().expand(len(tried), -1))
    pairs = zip(ways.parameters(), own, strict=True)
    joined = [
        torch.cat([way.detach().unflatten(0, (-1, YAWS)), one[:, None]], dim=1).flatten(0, 1)
        for way, one in pairs
    ]
    return Guess(*joined).freed()


def _tried_frames(seen: Seen, person: SeenPerson) -> Tensor:
    """Frames with enough keypoints, about `TRIED_FPS` a second, the first and the last of all."""
    good = np.flatnonzero(seen.enough)
    chosen, last = [], -math.inf
    for n in good:
        if person.frames[n] - last >= person.fps / TRIED_FPS:
            chosen.append(n)
            last = person.frames[n]
    return torch.tensor(chosen if chosen[-1] == good[-1] else [*chosen, good[-1]])


def _faced(body: Body, seen: Seen) -> Guess:
    """`YAWS` guesses for each of the B frames, a frame's one after the other.

    Each is the usual pose, turned somewhere within its part of the circle, that lies best on the
    keypoints, placed there.
    """
    usual = _usual_poses(body)
    turns = torch.arange(YAWS * TURNS_A_WAY) * (2 * math.pi / (YAWS * TURNS_A_WAY))
    upright = matrix_of_axis_angle(torch.tensor([math.pi, 0.0, 0.0]))
    yaw = torch.stack([torch.zeros_like(turns), turns, torch.zeros_like(turns)], dim=1)
    pairs = torch.cartesian_prod(torch.arange(len(turns)), torch.arange(len(usual)))
    roots = (upright @ matrix_of_axis_angle(yaw))[pairs[:, 0]]
    angles = usual[pairs[:, 1]]
    rotations = torch.cat([roots[:, None], matrix_of_axis_angle(angles)], dim=1)
    keypoints, _ = body.keypoints(rotations, torch.zeros(len(pairs), body.shape_count))
    scale, shift, left = _weak_fits(keypoints[:, seen.chosen, :2], seen)
    best = left.view(len(left), YAWS, -1).argmin(dim=2)
    best = (best + torch.arange(YAWS) * (len(pairs) // YAWS)).flatten()
    frame = torch.arange(len(left)).repeat_interleave(YAWS)
    return Guess(
        six_of_matrix(roots[best]),
        angles[best],
        shift[frame, best] / seen.focal_px / RAY,
        (seen.focal_px / scale[frame, best]).log(),
        torch.zeros(len(best), body.shape_count),
    ).freed()


def _usual_poses(body: Body) -> Tensor:
    """(M, J - 1, 3) axis angles."""
    own = shipped_body()
    angles = shipped_prior().means.view(-1, len(own.joint_names) - 1, 3)
    root = torch.eye(3).expand(len(angles), 1, 3, 3)
    rotations = torch.cat([root, matrix_of_axis_angle(angles)], dim=1)
    return axis_angle_of_matrix(transferred(rotations, own, body))[:, 1:]


def _weak_fits(flat: Tensor, seen: Seen) -> tuple[Tensor, Tensor, Tensor]:
    """(B, N), (B, N, 2), (B, N): scale · flat + shift as near as can be, and what is left, squared.

    Args:
        flat: (N, K, 2) metres.
        seen: of B frames.
    """
    weights = (seen.weights / seen.weights.sum(dim=1, keepdim=True).clamp(min=1e-6))[:, None]
    mean = torch.einsum("bik,nkx->bnx", weights, flat)
    aim = torch.einsum("bik,bkx->bix", weights, seen.points)
    apart = (flat[None] - mean[:, :, None]) * weights[..., None]
    wanted = (seen.points - aim)[:, None]
    spread = (apart * (flat[None] - mean[:, :, None])).sum(dim=(2, 3)).clamp(min=1e-9)
    scale = ((apart * wanted).sum(dim=(2, 3)) / spread).clamp(min=1e-3)
    fits = scale[..., None, None] * (flat[None] - mean[:, :, None])
    left = ((fits - wanted) ** 2 * weights[..., None]).sum(dim=(2, 3))
    return scale, aim - scale[..., None] * mean, left


def _likely_way(costs: Tensor, joints: Tensor) -> Tensor:
    """(N,) which of (N, Y) guesses to take, by Viterbi: likely, and near to the ones before.

    Args:
        costs: (N, Y) nats.
        joints: (N, Y, J, 3) metres.
    """
    shape = joints - joints.mean(dim=2, keepdim=True)
    total, back = costs[0], []
    for n in range(1, len(costs)):
        apart = (shape[n - 1][:, None] - shape[n][None]).square().sum(dim=(2, 3))
        best = (total[:, None] + apart / (2 * STEP_M**2)).min(dim=0)
        back.append(best.indices)
        total = best.values + costs[n]
    way = [int(total.argmin())]
    for indices in reversed(back):
        way.append(int(indices[way[-1]]))
    return torch.tensor(way[::-1])


@torch.no_grad()
def _between(
    ways: Guess, rows: Tensor, known: NDArray[np.int64], numbers: NDArray[np.int64]
) -> Guess:
    """The chosen guesses at `known` frames, interpolated to all `numbers`."""
    rotations = ways.rotations()[rows].double().numpy()
    wanted = np.clip(numbers, known[0], known[-1])
    if len(known) > 1:
        turns = [
            Slerp(known, Rotation.from_matrix(own))(wanted).as_matrix()
            for own in rotations.swapaxes(0, 1)
        ]
        rotations = np.stack(turns, axis=1)
    else:
        rotations = rotations.repeat(len(numbers), axis=0)
    place = torch.cat([ways.ray[rows], ways.log_depth[rows, None]], dim=1).double().numpy()
    places = np.stack([np.interp(wanted, known, column) for column in place.T], axis=1)
    turned = torch.from_numpy(rotations).float()
    where = torch.from_numpy(places).float()
    return Guess(
        six_of_matrix(turned[:, 0]),
        axis_angle_of_matrix(turned[:, 1:]),
        where[:, :2].clone(),
        where[:, 2].clone(),
        ways.build[rows].mean(dim=0),
    )
