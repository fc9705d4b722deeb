"""Bodies laid over keypoints: what a known motion shows is found again."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.domain.alignment import pa_mpjpe
from poseapp.domain.errors import BodyError
from poseapp.domain.human import LIMB_KEYPOINTS
from poseapp.domain.report import SilentReport
from poseapp.infer.fitting.energy import jerkiness
from poseapp.infer.fitting.fit import fit
from poseapp.nets.body.shipped import shipped_body
from tests.fixtures.people_seen import COCO, keypoints_of, person_of, pixels_of, walker


@pytest.fixture(scope="module")
def body():
    return shipped_body()


@pytest.fixture(scope="module")
def seen(body):
    """A motion, its keypoints in space, and the 17 that COCO names as they are seen."""
    motion = walker()
    points = keypoints_of(body, motion)
    return motion, points, pixels_of(points, motion)[:, :17]


@pytest.fixture(scope="module")
def found(body, seen):
    _, _, pixels = seen
    return fit(body, person_of(pixels), SilentReport())


def _limbs(body, points):
    return points[:, [body.keypoint_names.index(name) for name in LIMB_KEYPOINTS]]


def test_keypoints_without_noise_are_met(body, seen, found):
    _, _, pixels = seen
    again = pixels_of(keypoints_of(body, found), found)[:, :17]
    distance = np.linalg.norm(again - pixels, axis=-1)
    assert distance.mean() < 2.5
    np.testing.assert_allclose(found.error_px, distance.mean(axis=1), rtol=1e-3)


def test_the_person_stands_in_space_as_they_did(body, seen, found):
    motion, points, _ = seen
    errors = pa_mpjpe(_limbs(body, keypoints_of(body, found)), _limbs(body, points))
    assert errors.mean() < 0.05
    np.testing.assert_allclose(found.translation[:, 2], motion.translation[:, 2], rtol=0.15)


def test_a_keypoint_far_off_is_not_believed(body, seen, found):
    _, _, pixels = seen
    wrong = pixels.copy()
    wrong[6, COCO.index("left wrist")] += 150
    bent = fit(body, person_of(wrong), SilentReport(), start=found)
    again = pixels_of(keypoints_of(body, bent), bent)[6, :17]
    assert np.linalg.norm(again - pixels[6], axis=-1).max() < 25


def test_more_smoothing_lets_a_body_shake_less_and_miss_more(body, seen, found):
    _, _, pixels = seen
    noisy = pixels + np.random.default_rng(5).normal(0, 3, pixels.shape)
    shaking, missing = [], []
    for smoothing in (0.25, 1.0, 4.0):
        motion = fit(body, person_of(noisy), SilentReport(), start=found, smoothing=smoothing)
        joints = keypoints_of(body, motion)
        shaking.append(np.linalg.norm(np.diff(joints, 2, axis=0), axis=-1).mean())
        missing.append(motion.error_px.mean())
    assert shaking[0] > 1.3 * shaking[1] > 1.3**2 * shaking[2]
    assert missing[0] < missing[1] < missing[2]


def test_a_start_that_is_quite_wrong_does_no_harm(body, seen, found):
    _, _, pixels = seen
    back = found.rotations.copy()
    back[:, 1:] = 0.7 * np.random.default_rng(0).normal(size=back[:, 1:].shape)
    wrong = replace(found, rotations=back, translation=found.translation + np.array([0.8, 0.5, 2]))
    again = fit(body, person_of(pixels), SilentReport(), start=wrong)
    assert again.error_px.mean() < found.error_px.mean() + 0.5


def test_a_frame_that_shows_nothing_lies_between_its_neighbours(body, seen, found):
    _, _, pixels = seen
    hidden = pixels.copy()
    hidden[5] = np.nan
    filled = fit(body, person_of(hidden), SilentReport(), start=found)
    assert np.isnan(filled.error_px[5])
    again = pixels_of(keypoints_of(body, filled), filled)[5, :17]
    assert np.linalg.norm(again - pixels[5], axis=-1).mean() < 6


def test_an_animal_is_refused(body):
    with pytest.raises(BodyError, match="0 of the twelve"):
        fit(body, person_of(np.zeros((3, 2, 2)), ("snout", "tail")), SilentReport())


def test_a_window_without_people_is_told(body):
    nothing = np.full((3, 17, 2), np.nan)
    with pytest.raises(BodyError, match="Too few keypoints"):
        fit(body, person_of(nothing), SilentReport())


def test_even_motion_has_no_jerk_and_a_fall_has_its_own():
    """Free fall: 9.81 m/s² in every frame, so (9.81/10)²/2 for each joint and inner frame."""
    frames = torch.tensor([0, 2, 4, 6])
    seconds = frames.double() / 30
    fall = torch.zeros(4, 5, 3, dtype=torch.double)
    fall[..., 1] = (0.5 * 9.81 * seconds**2)[:, None]
    even = torch.zeros(4, 5, 3, dtype=torch.double)
    even[..., 0] = seconds[:, None]
    assert jerkiness(even, frames, 30.0).item() == pytest.approx(0, abs=1e-20)
    assert jerkiness(fall, frames, 30.0).item() == pytest.approx(2 * 5 * 0.5 * 0.981**2)


def test_frames_across_a_gap_are_not_compared():
    joints = torch.tensor([0.0, 0.0, 5.0, 5.0]).view(4, 1, 1).expand(4, 2, 3)
    assert jerkiness(joints, torch.tensor([0, 1, 9, 10]), 30.0).item() == 0


def test_a_start_of_part_of_the_frames_is_told(body, seen, found):
    _, _, pixels = seen
    with pytest.raises(ValueError, match="same frames"):
        fit(body, person_of(pixels), SilentReport(), start=found.part(slice(0, 3)))
