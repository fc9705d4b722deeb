"""Lessons: what is given and what is true belong together, also in the mirror."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.learn.motion_hmr.adversary import Adversary, domain_loss
from poseapp.learn.motion_hmr.lessons import (
    as_detected,
    keypoint_lesson,
    mirrored,
    picture_lesson,
    take_of,
)
from poseapp.learn.synth.composite import synthetic_clip
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.troupe import SIZE, Troupe
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import LIGHT, MEASURED_KEYPOINTS
from tests.fixtures.performances import panned, swaying

FRAMES = 4
SEES = replace(LIGHT, side_px=48)


@pytest.fixture(scope="module")
def troupe():
    return Troupe(shipped_body(), [swaying()], FRAMES)


@pytest.fixture(scope="module")
def lesson(troupe):
    film = panned(FRAMES, (1, 1))
    clip = synthetic_clip(troupe, film, np.random.default_rng(1), "following")
    return picture_lesson([take_of(clip, SEES.side_px)], SEES)


def test_what_is_given_lies_where_it_truly_is(lesson):
    clips = lesson.clips
    back = clips.middle[:, :, None] + clips.points * clips.side[:, None, None, None] / 2
    shown = clips.shown
    assert shown.any()
    torch.testing.assert_close(back[shown], lesson.seen[:, :, :12][shown], atol=1e-3, rtol=0)


def test_the_mirror_twice_is_no_mirror(lesson):
    body = shipped_body()
    again = mirrored(mirrored(lesson, body, SEES, 320), body, SEES, 320)
    assert again.clips.pictures is not None
    torch.testing.assert_close(again.clips.pictures, lesson.clips.pictures)
    torch.testing.assert_close(again.clips.following, lesson.clips.following)
    torch.testing.assert_close(again.rotations, lesson.rotations)
    torch.testing.assert_close(again.seen, lesson.seen, atol=1e-3, rtol=0)


def test_in_the_mirror_left_is_right_and_flow_goes_the_other_way(lesson):
    flipped = mirrored(lesson, shipped_body(), SEES, 320)
    left, right = (MEASURED_KEYPOINTS.index(f"{side} wrist") for side in ("left", "right"))
    torch.testing.assert_close(flipped.seen[0, 2, left, 0], 319 - lesson.seen[0, 2, right, 0])
    torch.testing.assert_close(flipped.points[0, 2, left, 1:], lesson.points[0, 2, right, 1:])
    assert flipped.clips.pictures is not None
    assert lesson.clips.pictures is not None
    u, v, length = lesson.clips.pictures[0, 1]
    torch.testing.assert_close(flipped.clips.pictures[0, 1, 0], -u.flip(-1))
    torch.testing.assert_close(flipped.clips.pictures[0, 1, 1], v.flip(-1))
    torch.testing.assert_close(flipped.clips.pictures[0, 1, 2], length.flip(-1))


def test_the_body_in_the_mirror_is_where_the_mirror_shows_it(troupe):
    """Mirrored rotations and the mirrored truth in space are the same person."""
    body = shipped_body()
    lesson = keypoint_lesson(troupe, np.random.default_rng(0), 1, DetectorErrors())
    flipped = mirrored(lesson, body, LIGHT, SIZE[0])
    chosen = [body.keypoint_names.index(name) for name in MEASURED_KEYPOINTS]
    still = torch.zeros(FRAMES, body.shape_count)
    made = body.keypoints(lesson.rotations[0], still)[0][:, chosen]
    seen = body.keypoints(flipped.rotations[0], still)[0][:, chosen]
    sides = [
        MEASURED_KEYPOINTS.index(
            name.replace("left", "?").replace("right", "left").replace("?", "right")
        )
        for name in MEASURED_KEYPOINTS
    ]
    expected = made[:, sides] * torch.tensor([-1.0, 1, 1])
    apart = seen - expected
    # but for where the root turns about, which a mirror moves too
    assert (apart - apart.mean(dim=1, keepdim=True)).abs().max() < 5e-3


def test_the_same_generator_makes_the_same_lesson(troupe):
    first, second = (
        keypoint_lesson(troupe, np.random.default_rng([0, 7]), 2, DetectorErrors())
        for _ in range(2)
    )
    assert torch.equal(first.clips.points, second.clips.points)
    assert torch.equal(first.rotations, second.rotations)


def test_the_adversary_learns_what_the_encoder_unlearns():
    torch.manual_seed(0)
    adversary = Adversary(3)
    made_up = torch.zeros(4, 2, 3, requires_grad=True)
    real = torch.ones(4, 2, 3)
    loss = domain_loss(adversary, made_up, real, weight=2.0)
    loss.backward()
    plain = made_up.detach().clone().requires_grad_()
    features = torch.cat([plain, real])
    truth = torch.cat([torch.zeros(4, 2), torch.ones(4, 2)])
    torch.nn.functional.binary_cross_entropy_with_logits(adversary(features), truth).backward()
    assert made_up.grad is not None
    assert plain.grad is not None
    torch.testing.assert_close(made_up.grad, -2.0 * plain.grad)


def test_a_detector_errs_where_it_sees_and_both_frames_of_a_pair_agree():
    none = DetectorErrors(jitter=0, drift=0, habit=0, wild=0)
    troupe = Troupe(shipped_body(), [swaying()], 6)
    exact = keypoint_lesson(troupe, np.random.default_rng(0), 20, none)
    erring = as_detected(exact, DetectorErrors(), np.random.default_rng(1))
    moved = erring.clips.points - exact.clips.points
    assert (moved[~exact.clips.shown] == 0).all()
    torch.testing.assert_close(
        erring.clips.following - exact.clips.following, moved[:, 1:], atol=1e-6, rtol=0
    )
    pixels = moved * exact.clips.side[:, None, None, None] / 2
    tall = np.ptp(exact.seen[..., 1].numpy(), axis=2)[..., None, None]
    share = (pixels.numpy() / tall)[exact.clips.shown.numpy()]
    assert np.median(np.linalg.norm(share, axis=-1)) == pytest.approx(0.022, rel=0.25)
