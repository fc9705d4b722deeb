import numpy as np
import pytest

from poseapp.domain.metrics import box_size, oks, pck, pixel_errors, torso_size, within

NAN = np.nan


def test_pixel_errors_are_distances_and_absent_points_have_none():
    errors = pixel_errors([[3, 4], [1, 1], [NAN, NAN]], [[0, 0], [NAN, NAN], [5, 5]])
    assert errors[0] == 5
    assert np.isnan(errors[1:]).all()


def test_the_box_is_measured_by_its_longer_side_over_present_points():
    body = [[0, 0], [10, 4], [NAN, NAN], [3, 7]]
    assert box_size([body, np.full((4, 2), NAN)]) == pytest.approx([10, NAN], nan_ok=True)


def test_the_torso_is_measured_from_a_shoulder_to_the_opposite_hip():
    body = np.array([[0, 0], [8, 0], [0, 15], [8, 15]])
    assert torso_size(body, shoulder=0, hip=3) == 17


def test_pck_counts_hits_at_a_fraction_of_each_body():
    truth = np.array([[[0, 0], [10, 0]], [[0, 0], [20, 0]], [[0, 0], [10, 0]]], float)
    found = truth + np.array([[[2, 0], [2.1, 0]], [[0, 4], [0, 0]], [[9, 0], [0, 0]]])
    # sizes 10, 20, 10 at 0.2: 2, 4, 2 px; first keypoint hit, hit, missed; second missed, hit, hit
    assert pck(found, truth, box_size(truth), 0.2) == pytest.approx([2 / 3, 2 / 3])


def test_pck_misses_what_was_not_predicted_and_leaves_out_what_is_not_labelled():
    truth = np.array([[[0, 0], [NAN, NAN], [10, 0]], [[0, 0], [NAN, NAN], [10, 0]]], float)
    found = np.array([[[0, 0], [1, 1], [NAN, NAN]], [[0, 0], [1, 1], [10, 0]]], float)
    assert pck(found, truth, [10, 10]) == pytest.approx([1, NAN, 0.5], nan_ok=True)


def test_pck_leaves_out_bodies_without_a_size():
    truth = np.zeros((3, 1, 2))
    assert pck(truth + 5, truth, [100, 0.5, NAN]) == pytest.approx([1.0])


def test_within_is_the_share_of_labelled_points_that_are_near():
    truth = np.array([[0, 0], [0, 0], [0, 0], [NAN, NAN]])
    found = np.array([[3, 4], [5.1, 0], [NAN, NAN], [0, 0]])
    assert within(found, truth, 5) == pytest.approx(1 / 3)
    assert np.isnan(within(found[3:], truth[3:], 5))


def test_oks_is_cocos_formula():
    # COCO: exp(-d² / (2 s² k²)) with k = 2 sigma and s² = area
    truth = np.array([[0.0, 0.0], [10.0, 0.0], [NAN, NAN]])
    found = truth + np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0]])
    expected = (np.exp(-25 / (2 * 400 * (2 * 0.05) ** 2)) + 1) / 2
    assert oks(found, truth, 400, [0.05, 0.025, 0.1]) == pytest.approx(expected)


def test_oks_counts_unpredicted_points_as_nothing_and_knows_no_empty_truth():
    truth = np.array([[[0, 0], [1, 1]], [[NAN, NAN], [NAN, NAN]]], float)
    found = np.array([[[0, 0], [NAN, NAN]], [[0, 0], [0, 0]]], float)
    assert oks(found, truth, [100, 100]) == pytest.approx([0.5, NAN], nan_ok=True)
