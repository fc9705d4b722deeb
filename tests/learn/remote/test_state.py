import numpy as np
import pytest

from poseapp.learn.remote.state import (
    actions,
    clip_memory,
    coarse,
    history,
    performance,
    remembered,
)

NAN = float("nan")


def test_performance_is_pck_by_keypoint_at_five_thresholds_and_the_mean_confidence():
    truth = np.array([[[0.0, 0], [100, 0]], [[0, 0], [100, 0]]])
    found = truth + np.array([[[4.0, 0], [40, 0]], [[25, 0], [60, 0]]])
    told = performance(found, truth, np.array([[0.2, 0.5], [0.4, 0.7]], np.float32))
    by_threshold = told[:10].reshape(5, 2)
    assert by_threshold[:, 0].tolist() == [0.5, 0.5, 0.5, 1, 1]
    assert by_threshold[:, 1].tolist() == [0, 0, 0, 0, 0.5]
    assert told[10:] == pytest.approx([0.3, 0.6])


def test_keypoints_that_are_never_labelled_tell_nothing():
    truth = np.array([[[0.0, 0], [10, 0], [NAN, NAN]]])
    told = performance(truth, truth, np.ones((1, 3), np.float32))
    assert np.isfinite(told).all()
    assert told[:15].reshape(5, 3)[:, 2].tolist() == [0] * 5


def test_an_action_is_confidence_and_motion_in_fifths_of_the_body():
    labelled = np.array([[10.0, 10], [50, 10], [NAN, NAN]])
    found = np.array([[[10.0, 10], [50, 10], [0, 0]], [[30.0, 10], [50, 20], [7, 7]]])
    told = actions(np.array([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]], np.float32), found, labelled)
    assert told.shape == (2, 9)
    assert told[1] == pytest.approx([0.1, 0.2, 0.3, 2.5, 0, 0, 1.25, 0, 0])
    assert told[0, 3:].tolist() == [0] * 6


def test_history_tells_place_window_and_counts_both_ways():
    told = history(5, 2, 20, {-2: 1, 1: 9}, {0: 0.5})
    assert told.tolist() == pytest.approx([0.25, 0.1, 0.2, 0, 0, 1, 0, 0, 0, 0.1, 0, 0])


def test_a_coarse_heatmap_keeps_its_sum_and_its_corner():
    heatmaps = np.zeros((3, 2, 16, 32), np.float32)
    heatmaps[1, 1, 15, 31] = 1
    told = clip_memory(coarse(heatmaps))
    assert told.shape == (3, 129)
    assert told[:, 128].tolist() == pytest.approx([0, 1 / 3, 2 / 3])
    maps = told[:, :128].reshape(3, 2, 8, 8)
    assert maps.sum() == 1
    assert maps[1, 1, 7, 7] == 1


def test_of_a_long_clip_every_second_third_or_later_frame_is_remembered():
    assert remembered(64).tolist() == list(range(64))
    assert remembered(150).tolist() == list(range(0, 150, 3))
    assert max(len(remembered(count)) for count in range(1, 400)) == 64
