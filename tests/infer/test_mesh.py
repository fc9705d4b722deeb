"""Windows of a net over videos, with gaps, at other rates and for other bodies."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.domain.errors import BodyError
from poseapp.domain.human import LIMB_KEYPOINTS
from poseapp.domain.report import SilentReport
from poseapp.infer import mesh
from poseapp.infer.mesh import frames_between, recover
from poseapp.nets.body.camera import weak_perspective
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import CLIP, LIGHT_KEYPOINTS
from poseapp.nets.motion_hmr.net import MotionHMR
from tests.fixtures.people_seen import FPS, keypoints_of, person_of, pixels_of, walker

LIMBS = list(LIMB_KEYPOINTS)


@pytest.fixture(scope="module")
def body():
    return shipped_body()


@pytest.fixture(scope="module")
def net():
    """It knows nothing: everybody stands and looks into the camera."""
    torch.manual_seed(0)
    return MotionHMR(replace(LIGHT_KEYPOINTS, memory=8, hidden=16)).eval()


def _pixels(body, frames: int) -> np.ndarray:
    motion = walker(frames, yaw=0.0)
    chosen = [body.keypoint_names.index(name) for name in LIMBS]
    return pixels_of(keypoints_of(body, motion), motion)[:, chosen]


def _recovered(net, body, pixels, fps=FPS, **options):
    return recover(net, body, person_of(pixels, LIMBS, fps), SilentReport(), **options)


@pytest.mark.parametrize("frames", [1, 30, 31, 32, 100])
def test_every_frame_gets_a_body_that_is_where_the_person_is(net, body, frames):
    pixels = _pixels(body, frames)
    motion = _recovered(net, body, pixels, refine=False)
    assert motion.frames.tolist() == list(range(frames))
    middle = pixels_of(keypoints_of(body, motion), motion).mean(axis=1)
    assert np.linalg.norm(middle - pixels.mean(axis=1), axis=1).max() < 25
    assert motion.error_px is not None
    assert np.nanmax(motion.error_px) < 50


def test_long_gaps_are_left_out_and_short_ones_filled(net, body):
    pixels = _pixels(body, 60)
    pixels[5:10] = np.nan
    pixels[20:45] = np.nan
    motion = _recovered(net, body, pixels, refine=False)
    assert motion.frames.tolist() == [*range(20), *range(45, 60)]
    assert motion.error_px is not None
    assert np.isnan(motion.error_px[5:10]).all()


def test_frames_between_by_hand():
    good = np.array([0, 1, 0, 0, 1, 0, 0, 0, 1, 0], bool)
    assert frames_between(good, 2).tolist() == [False, *[True] * 4, *[False] * 3, True, False]


@pytest.mark.parametrize(("frames", "stride"), [(31, 1), (32, 1), (100, 1), (100, 2), (3, 2)])
def test_windows_cover_every_frame_at_even_steps(frames, stride):
    windows = mesh._windows(np.ones(frames, bool), stride)
    seen = {int(n) for window in windows for n in window if n >= 0}
    assert seen == set(range(frames))
    for window in windows:
        real = window[window >= 0]
        assert len(window) == CLIP
        assert (np.diff(real) == stride).all()


def test_the_wanted_scores_decide_what_the_net_is_shown(body):
    pixels = _pixels(body, 4)
    scores = np.ones(pixels.shape[:2])
    scores[1, 3] = mesh.SURE - 0.01
    given, shown = mesh._inputs(replace(person_of(pixels, LIMBS), scores=scores))
    assert shown.sum() == shown.size - 1
    assert not shown[1, 3]
    assert given[1, 3].tolist() == [0, 0]


def test_skeletons_in_another_order_are_the_same(net, body):
    pixels = _pixels(body, 31)
    order = np.random.default_rng(0).permutation(12)
    first = _recovered(net, body, pixels, refine=False)
    names = [LIMBS[n] for n in order]
    person = person_of(pixels[:, order], names)
    second = recover(net, body, person, SilentReport(), refine=False)
    np.testing.assert_allclose(first.translation, second.translation, atol=1e-5)


def test_the_weak_camera_of_the_crop_and_the_translation_agree(net, body):
    """What the net saw in its crop is where the body stands in the picture, but for perspective."""
    pixels = _pixels(body, CLIP)
    windows = mesh._windows(np.ones(CLIP, bool), 1)
    given, shown = mesh._inputs(person_of(pixels, LIMBS))
    clips = mesh._clips(np.stack(windows), given, shown)
    with torch.no_grad():
        bodies, _ = net(clips)
    points, _ = body.keypoints(bodies.rotations()[0], bodies.shape[0])
    crop = weak_perspective(points, bodies.camera[0]).numpy()
    seen = clips.middle[0, :-1, None].numpy() + crop * clips.side[0].item() / 2
    motion = _recovered(net, body, pixels, refine=False)
    again = pixels_of(keypoints_of(body, motion), motion)[:-1]
    assert np.abs(again - seen).max() < 8


class Undecided(torch.nn.Module):
    """Sees the same person in every frame, now large and far away, now small and near."""

    architecture = LIGHT_KEYPOINTS

    def __init__(self, net: MotionHMR) -> None:
        super().__init__()
        self.net = net

    def forward(self, clips):
        found = self.net(clips)
        for bodies in found:
            bodies.shape[:, ::2, 0] += 2.5
            bodies.shape[:, 1::2, 0] -= 2.5
        return found


def test_a_mean_of_shapes_stands_where_each_of_them_was_seen(net, body):
    pixels, torn = _pixels(body, CLIP), Undecided(net)
    motion = _recovered(torn, body, pixels, refine=False)
    given, shown = mesh._inputs(person_of(pixels, LIMBS))
    clips = mesh._clips(np.arange(CLIP)[None], given, shown)
    with torch.no_grad():
        bodies, _ = torn(clips)
    points, _ = body.keypoints(bodies.rotations()[0], bodies.shape[0])
    limbs = [body.keypoint_names.index(name) for name in LIMBS]
    crop = weak_perspective(points[:, limbs], bodies.camera[0]).mean(dim=1).numpy()
    seen = clips.middle[0, :-1].numpy() + crop * clips.side[0].item() / 2
    again = pixels_of(keypoints_of(body, motion), motion)[:-1, limbs].mean(axis=1)
    assert np.linalg.norm(again - seen, axis=1).max() < 5
    heights = np.ptp(pixels_of(points.numpy() + motion.translation[:-1, None], motion), axis=1)
    assert np.ptp(heights[:, 1]) > 20


def test_the_fit_brings_what_the_net_said_onto_the_keypoints(net, body):
    pixels = _pixels(body, 4)
    coarse = _recovered(net, body, pixels, refine=False)
    fine = _recovered(net, body, pixels)
    assert coarse.error_px is not None
    assert fine.error_px is not None
    assert fine.error_px.mean() < 0.3 * coarse.error_px.mean()


def test_nobody_is_told(net, body):
    with pytest.raises(BodyError, match="nowhere seen with seven"):
        _recovered(net, body, np.full((5, 12, 2), np.nan))


def test_who_is_cut_by_the_edge_is_fitted_to_what_is_seen(net, body):
    """Knees and ankles are below the picture; with the hips, too, six keypoints are not enough."""
    pixels = _pixels(body, 4)
    cut = pixels.copy()
    cut[
        :,
        [LIMBS.index(f"{side} {name}") for side in ("left", "right") for name in ("knee", "ankle")],
    ] = np.nan
    motion = _recovered(net, body, cut)
    assert motion.frames.tolist() == [0, 1, 2, 3]
    assert motion.error_px is not None
    assert motion.error_px.max() < 10
    at = pixels_of(keypoints_of(body, motion), motion)
    hips = [body.keypoint_names.index(f"{side} hip") for side in ("left", "right")]
    ankles = [body.keypoint_names.index(f"{side} ankle") for side in ("left", "right")]
    assert (at[:, ankles, 1] > at[:, hips, 1] + 100).all()  # legs go on below
    cut[:, [LIMBS.index(f"{side} hip") for side in ("left", "right")]] = np.nan
    with pytest.raises(BodyError, match="nowhere seen with seven"):
        _recovered(net, body, cut)


@pytest.mark.parametrize("begun", [True, False])
def test_keypoints_that_no_body_has_are_told(net, body, begun):
    """As of a ghost that a detector sees for four frames: wherever it fancies."""
    pixels = np.random.default_rng(0).uniform((700, 100), (1100, 900), (4, len(LIMBS), 2))
    with pytest.raises(BodyError, match="No body lies"):
        _recovered(net if begun else None, body, pixels)
