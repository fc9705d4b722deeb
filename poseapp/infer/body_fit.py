"""Fit a body to the keypoints of a person through a window, by gradients through the body.

One camera does not tell how far forward or back a limb points. Without a start, each frame is tried
facing four ways on its own; the way through them that is likely and smooth is then improved with
all frames together. A start, such as a net's, is one way more: it may be wrong where the keypoints
jump to somebody else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp
from torch import Tensor

from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.errors import BodyError
from poseapp.domain.report import Report
from poseapp.infer.body_energy import (
    BUILD,
    RAY,
    Guess,
    Seen,
    jerkiness,
    misses,
    placed,
    strangeness,
    trusted_misses,
)
from poseapp.nets.body.body import Body
from poseapp.nets.body.naming import shared_keypoints
from poseapp.nets.body.pose_prior import shipped_prior
from poseapp.nets.body.rotations import (
    axis_angle_of_matrix,
    matrix_of_axis_angle,
    six_of_matrix,
)
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.body.transfer import transferred

Floats = NDArray[np.floating]

YAWS = 4
"""Ways that a person may face when nothing is known."""
TURNS_A_WAY = 6
"""Angles that are looked at for each of them."""
TRIED_FPS = 8.0
"""Frames in a second that are tried on their own; between them poses are interpolated."""
TRYING, SETTLING, REFITTING = 60, 80, 15
"""Iterations."""
BELIEF = 15.0
"""Nats in a frame by which a start is believed before what was found from nothing."""
FEWEST_KEYPOINTS = 4
"""In a frame, below which it is not looked at on its own."""
REFIT_SPREAD = 0.4
"""Radians that a joint may turn when a frame is fitted again."""
STEP_M = 0.3
"""How far a joint usually gets from one tried frame to the next."""
_RATES = (0.04, 0.04, 0.04, 0.02, 0.02)
"""Of a guess's parameters, in their order."""


def fit(  # noqa: PLR0913 - a person's keypoints are six values
    body: Body,
    names: Sequence[str],
    points: Floats,
    scores: Floats,
    size: tuple[int, int],
    fps: float,
    report: Report,
    *,
    start: BodyMotion | None = None,
    frames: NDArray[np.int64] | None = None,
    focal_px: float | None = None,
) -> BodyMotion:
    """The motion of a body whose keypoints lie on those seen.

    Args:
        body: on the CPU.
        names: (K,) the skeleton's keypoints; those that the body has too are used.
        points: (T, K, 2) pixels, NaN where absent.
        scores: (T, K) in 0..1.
        size: width and height of the pictures.
        fps: frames in a second.
        report: asked after every iteration.
        start: the same frames as somebody else found them, tried beside other starts.
        frames: (T,) their numbers, ascending; 0, 1, … when not given.
        focal_px: of the camera; the picture's diagonal when not known.

    Raises:
        BodyError: when fewer than seven limb keypoints are the body's, or too few were seen.
    """
    numbers = np.arange(len(points)) if frames is None else np.asarray(frames, np.int64)
    own, chosen = shared_keypoints(names, body.keypoint_names)
    if start is not None and start.frames.tolist() != numbers.tolist():
        raise ValueError("a start must be of the same frames")
    focal = start.focal_px if start else focal_px or math.hypot(*size)
    seen = _seen(np.asarray(points)[:, own], np.asarray(scores)[:, own], size, focal)
    guess = _free(_found(body, chosen, seen, numbers, fps, report, start))
    times = torch.from_numpy(numbers)

    def energy() -> Tensor:
        found = placed(body, chosen, guess, focal)
        once = 0.5 * guess.shape.square().sum() + jerkiness(found.joints, times, fps)
        return ((misses(seen, found.seen) + strangeness(body, guess)).sum() + once) / len(numbers)

    _settle(
        guess.parameters(), energy, SETTLING, lambda n: report.progress(0.4 + 0.6 * n, "fitting")
    )
    return _motion(body, chosen, guess, seen, numbers, size)


def refit_frame(
    body: Body,
    names: Sequence[str],
    motion: BodyMotion,
    frame: int,
    points: Floats,
    scores: Floats,
) -> BodyMotion:
    """The same motion with one frame fitted to keypoints that were moved; well below a second.

    The pose stays near to what it was, the shape and all other frames stay.

    Args:
        body: that the motion is of.
        names: (K,) the skeleton's keypoints.
        motion: of one individual.
        frame: number of a frame that it has.
        points: (K, 2) pixels, NaN where absent.
        scores: (K,) in 0..1.

    Raises:
        BodyError: when the motion has no such frame, or too few keypoints are the body's.
    """
    at = motion.place(frame)
    if at is None:
        raise BodyError(
            f"There is no mesh in frame {frame}. Recover the meshes of this part of the video."
        )
    own, chosen = shared_keypoints(names, body.keypoint_names)
    seen = _seen(
        np.asarray(points)[None, own], np.asarray(scores)[None, own], motion.size, motion.focal_px
    )
    only = motion.part(slice(at, at + 1))
    guess = _guess_of(only)
    before = guess.angles.detach().clone()

    def energy() -> Tensor:
        found = placed(body, chosen, guess, motion.focal_px)
        turned = (guess.angles - before) / REFIT_SPREAD
        return trusted_misses(seen, found.seen).sum() + 0.5 * turned.square().sum()

    _settle(guess.parameters()[:-1], energy, REFITTING, lambda _: None)
    one = _motion(body, chosen, guess, seen, only.frames, motion.size)
    errors, error = motion.error_px, one.error_px
    return replace(
        motion,
        rotations=_with(motion.rotations, at, one.rotations[0]),
        translation=_with(motion.translation, at, one.translation[0]),
        error_px=None if errors is None or error is None else _with(errors, at, error[0]),
    )


def with_errors(
    body: Body, names: Sequence[str], motion: BodyMotion, points: Floats, scores: Floats
) -> BodyMotion:
    """The motion with its error in each frame, as keypoints of these frames show it.

    Args:
        body: that the motion is of.
        names: (K,) the skeleton's keypoints.
        motion: of one individual, T frames.
        points: (T, K, 2) pixels, NaN where absent.
        scores: (T, K) in 0..1.
    """
    own, chosen = shared_keypoints(names, body.keypoint_names)
    seen = _seen(points[:, own], scores[:, own], motion.size, motion.focal_px)
    return _motion(body, chosen, _guess_of(motion), seen, motion.frames, motion.size)


# -- between arrays and guesses ------------------------------------------------------------------


def _seen(points: Floats, scores: Floats, size: tuple[int, int], focal_px: float) -> Seen:
    known = np.isfinite(points).all(axis=2) & (scores > 0)
    if (known.sum(axis=1) >= FEWEST_KEYPOINTS).sum() == 0:
        raise BodyError(
            "Too few keypoints of this person were seen to lay a body over them. Label at least "
            "one frame with most of its arms and legs, or predict the keypoints first."
        )
    middle = (np.array(size) - 1) / 2
    flat = np.where(known[..., None], points - middle, 0.0)
    return Seen(
        torch.from_numpy(flat).float(),
        torch.from_numpy(np.where(known, scores, 0.0)).float(),
        torch.from_numpy(_sizes(points, known)).float(),
        focal_px,
    )


def _sizes(points: Floats, known: NDArray[np.bool_]) -> Floats:
    """(T,) diagonals of the boxes round the keypoints, alike in frames that follow each other.

    A frame that shows few of them takes the median of the others, if that is larger.
    """
    enough = known.sum(axis=1) >= FEWEST_KEYPOINTS
    high = np.where(known[..., None], points, -np.inf).max(axis=1)
    low = np.where(known[..., None], points, np.inf).min(axis=1)
    own = np.where(enough, np.linalg.norm(np.where(enough[:, None], high - low, 0), axis=1), 0)
    return np.maximum(own, np.median(own[enough]))


def _guess_of(motion: BodyMotion) -> Guess:
    rotations = torch.from_numpy(motion.rotations).float()
    place = torch.from_numpy(motion.translation).float()
    return _free(
        Guess(
            six_of_matrix(matrix_of_axis_angle(rotations[:, 0])),
            rotations[:, 1:].clone(),
            place[:, :2] / place[:, 2:] / RAY,
            place[:, 2].log(),
            torch.from_numpy(motion.shape).float() / BUILD,
        )
    )


def _free(guess: Guess) -> Guess:
    """The guess, to be improved from here on."""
    for value in guess.parameters():
        value.requires_grad_()
    return guess


@torch.no_grad()
def _motion(
    body: Body,
    chosen: list[int],
    guess: Guess,
    seen: Seen,
    numbers: NDArray[np.int64],
    size: tuple[int, int],
) -> BodyMotion:
    found = placed(body, chosen, guess, seen.focal_px).seen
    apart = (found - seen.points).norm(dim=-1).double().numpy()
    counted = seen.weights.numpy() > 0
    total = counted.sum(axis=1)
    mean = np.where(counted, apart, 0).sum(axis=1) / np.maximum(total, 1)
    return BodyMotion(
        body.name,
        size,
        seen.focal_px,
        numbers,
        axis_angle_of_matrix(guess.rotations()).double().numpy(),
        guess.shape.detach().double().numpy(),
        guess.translation().double().numpy(),
        np.where(total > 0, mean, np.nan),
    )


def _with(values: Floats, at: int, value: Floats) -> Floats:
    changed = values.copy()
    changed[at] = value
    return changed


# -- finding a start -----------------------------------------------------------------------------


def _improve(
    guess: Guess, energy: Callable[[], Tensor], iterations: int, told: Callable[[float], None]
) -> None:
    """Adam, with a step that fades to nothing: for starts that are far off."""
    rates = zip(guess.parameters(), _RATES, strict=True)
    adam = torch.optim.Adam([{"params": [value], "lr": rate} for value, rate in rates])
    fading = torch.optim.lr_scheduler.CosineAnnealingLR(adam, iterations)
    for n in range(iterations):
        told(n / iterations)
        adam.zero_grad()
        energy().backward()
        adam.step()
        fading.step()


def _settle(
    free: list[Tensor], energy: Callable[[], Tensor], iterations: int, told: Callable[[float], None]
) -> None:
    """L-BFGS, from a start that is near."""
    newton = torch.optim.LBFGS(
        free, max_iter=iterations, max_eval=iterations * 5 // 4, line_search_fn="strong_wolfe",
        history_size=20,
    )  # fmt: skip
    asked = 0

    def step() -> Tensor:
        nonlocal asked
        told(min(asked / iterations, 1))
        asked += 1
        newton.zero_grad()
        cost = energy()
        cost.backward()
        return cost

    newton.step(step)


def _found(
    body: Body,
    chosen: list[int],
    seen: Seen,
    numbers: NDArray[np.int64],
    fps: float,
    report: Report,
    start: BodyMotion | None,
) -> Guess:
    """A guess for every frame, from frames that were tried on their own."""
    tried = _tried_frames(seen, numbers, fps)
    ways, count = _faced(body, chosen, seen.of(tried)), YAWS
    if start:
        ways, count = _beside(ways, _guess_of(start), tried), YAWS + 1

    def each() -> Tensor:
        found = placed(body, chosen, ways, seen.focal_px)
        costs = misses(seen.of(tried.repeat_interleave(count)), found.seen)
        return costs + strangeness(body, ways) + 0.5 * ways.shape.square().sum(dim=1)

    _improve(
        ways, lambda: each().sum(), TRYING, lambda n: report.progress(0.4 * n, "looking for a pose")
    )
    with torch.no_grad():
        joints = placed(body, chosen, ways, seen.focal_px).joints
        costs = each().view(-1, count)
        costs[:, :YAWS] += BELIEF if start else 0.0
        best = _likely_way(costs, joints.view(len(tried), count, -1, 3))
    rows = torch.arange(len(tried)) * count + best
    return _between(ways, rows, numbers[tried.numpy()], numbers)


def _beside(ways: Guess, start: Guess, tried: Tensor) -> Guess:
    """Each tried frame's guesses, `YAWS` of them, and after them the one that it starts from."""
    own = [value.detach()[tried] for value in start.parameters()[:-1]]
    own.append(start.build.detach().expand(len(tried), -1))
    pairs = zip(ways.parameters(), own, strict=True)
    joined = [
        torch.cat([way.detach().unflatten(0, (-1, YAWS)), one[:, None]], dim=1).flatten(0, 1)
        for way, one in pairs
    ]
    return _free(Guess(*joined))


def _tried_frames(seen: Seen, numbers: NDArray[np.int64], fps: float) -> Tensor:
    """Frames with enough keypoints, about `TRIED_FPS` a second, the first and the last of all."""
    good = np.flatnonzero((seen.weights > 0).sum(dim=1).numpy() >= FEWEST_KEYPOINTS)
    chosen, last = [], -math.inf
    for n in good:
        if numbers[n] - last >= fps / TRIED_FPS:
            chosen.append(n)
            last = numbers[n]
    return torch.tensor(chosen if chosen[-1] == good[-1] else [*chosen, good[-1]])


def _faced(body: Body, chosen: list[int], seen: Seen) -> Guess:
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
    scale, shift, left = _weak_fits(keypoints[:, chosen, :2], seen)
    best = left.view(len(left), YAWS, -1).argmin(dim=2)
    best = (best + torch.arange(YAWS) * (len(pairs) // YAWS)).flatten()
    frame = torch.arange(len(left)).repeat_interleave(YAWS)
    return _free(
        Guess(
            six_of_matrix(roots[best]),
            angles[best],
            shift[frame, best] / seen.focal_px / RAY,
            (seen.focal_px / scale[frame, best]).log(),
            torch.zeros(len(best), body.shape_count),
        )
    )


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
