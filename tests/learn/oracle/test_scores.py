import numpy as np
import pytest

from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.learn.oracle.scores import score, torso_of
from tests.learn.oracle.worlds import SKELETON, STANDING


def test_scores_of_a_case_worked_out_by_hand():
    truth = np.stack([STANDING, STANDING])
    guessed = truth.copy()
    guessed[0, 0] += (3, 4)  # 5 px: within a fifth of the 80 px box and of the 72 px torso
    guessed[1, 2] += (15, 0)  # 15 px: within 16 px of the box, beyond 14.4 px of the torso
    guessed[1, 1] += (0, 50)
    found = score(guessed, truth, SKELETON)
    assert found.error_px == pytest.approx((5 + 15 + 50) / 10)
    assert found.error_median_px == 0
    assert found.error_p95_px == pytest.approx(np.percentile([0] * 7 + [5, 15, 50], 95))
    assert found.pck == pytest.approx((1 + 0.5 + 1 + 1 + 1) / 5)
    assert found.pck_torso == pytest.approx((1 + 0.5 + 0.5 + 1 + 1) / 5)


def test_what_is_not_labelled_is_not_measured():
    truth = np.stack([STANDING, STANDING])
    truth[0, 3] = np.nan
    guessed = np.nan_to_num(truth, nan=999.0)
    assert score(guessed, truth, SKELETON).error_px == 0


def test_the_torso_goes_from_the_left_shoulder_to_the_right_hip():
    assert torso_of(SKELETON) == (1, 2)
    mouse = Skeleton("mouse", (Keypoint("nose"), Keypoint("left_ear")))
    assert torso_of(mouse) is None
    truth = np.array([[[0.0, 0], [0, 10]]])
    found = score(truth + np.array([1, 0]), truth, mouse)
    assert (found.pck, found.pck_torso) == (1.0, None)


def test_a_lone_keypoint_has_no_size_to_compare_with():
    point = np.zeros((3, 1, 2))
    assert score(point + 1, point, Skeleton("dot", (Keypoint("dot"),))).pck == 0.0
