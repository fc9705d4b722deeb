import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.nets.heatmaps import (
    cell_to_pixel,
    decode,
    gaussians,
    local_maxima,
    peaks,
    pixel_to_cell,
)

inside = st.floats(4, 27)


@given(st.floats(-50, 500), st.sampled_from([1, 2, 4, 8]))
def test_cells_and_pixels_are_two_names_for_a_place(x, stride):
    assert cell_to_pixel(pixel_to_cell([x, 0], stride), stride)[0] == pytest.approx(x, abs=1e-9)


def test_the_first_cell_of_stride_four_stands_for_the_middle_of_its_four_pixels():
    assert cell_to_pixel([0.0, 1.0], 4) == pytest.approx([1.5, 5.5])


@given(inside, inside, st.floats(0.8, 2.5))
def test_a_bell_between_cells_is_read_exactly(x, y, sigma):
    maps = gaussians([[x, y]], (32, 32), sigma)[None]
    points, _ = decode(maps, "sigmoid")
    assert points[0, 0] == pytest.approx([x, y], abs=0.01)


def test_reading_has_no_bias_where_probability_is_noisy():
    rng = np.random.default_rng(0)
    true = rng.uniform(8, 24, (400, 1, 2))
    maps = np.stack([gaussians(p, (32, 32), 1.5) for p in true])
    noisy = maps * np.exp(0.15 * rng.standard_normal(maps.shape)).astype(np.float32)
    noisy /= noisy.sum(axis=(2, 3), keepdims=True)
    points, _ = decode(noisy)
    error = points - true
    assert abs(error.mean(axis=0)).max() < 0.02
    assert np.sqrt((error**2).sum(axis=2)).mean() < 0.2


def test_the_score_of_a_softmax_map_is_the_probability_around_its_peak():
    sharp = gaussians([[10, 12]], (32, 32), 1.0)[None]
    sharp /= sharp.sum()
    half = 0.5 * sharp + 0.5 * np.roll(sharp, (12, 12), axis=(2, 3))
    even = np.full((1, 1, 32, 32), 1 / 1024, np.float32)
    scores = decode(np.concatenate([sharp, half, even]))[1][:, 0]
    assert scores == pytest.approx([0.999, 0.4995, 16 / 1024], abs=0.002)


def test_the_score_of_other_maps_is_the_height_of_the_peak():
    maps = 0.6 * gaussians([[10, 12]], (32, 32), 1.0)[None]
    assert decode(maps, "sigmoid")[1][0, 0] == pytest.approx(0.6)


def test_a_peak_at_the_edge_is_read_inside_the_map():
    maps = gaussians([[0.0, 31.0]], (32, 32), 1.5)[None]
    points, _ = decode(maps)
    assert points[0, 0] == pytest.approx([0, 31], abs=0.55)


def test_absent_keypoints_have_empty_maps():
    maps = gaussians([[np.nan, np.nan], [3, 4]], (8, 8), 1.0)
    assert maps[0].sum() == 0
    assert maps[1, 4, 3] == 1


def test_two_equal_peaks_are_told_from_one():
    one = gaussians([[8, 8]], (32, 32), 1.5)
    two = one + gaussians([[24, 8]], (32, 32), 1.5)
    found = peaks(np.stack([one, two]))
    assert found.second_ratio[:, 0] == pytest.approx([0.0, 1.0], abs=0.03)
    assert found.second_distance[1, 0] == pytest.approx(16)
    assert found.entropy[0, 0] < found.entropy[1, 0] < 1


def test_entropy_is_nothing_for_one_cell_and_full_for_an_even_map():
    one = np.zeros((1, 1, 8, 8), np.float32)
    one[0, 0, 3, 3] = 1
    assert peaks(one).entropy[0, 0] == pytest.approx(0, abs=1e-6)
    assert peaks(np.ones((1, 1, 8, 8), np.float32)).entropy[0, 0] == pytest.approx(1, abs=1e-6)


def test_local_maxima_come_highest_first_and_to_a_fraction_of_a_cell():
    bells = gaussians([[6.3, 9.8], [20.4, 15.1], [25, 25]], (32, 32), 1.5)
    heights = np.array([0.7, 0.9, 0.1])[:, None, None]
    found = local_maxima((heights * bells).max(axis=0).astype(np.float32), threshold=0.3)
    assert found[:, :2] == pytest.approx(np.array([[20.4, 15.1], [6.3, 9.8]]), abs=0.02)


def test_a_flat_empty_map_has_no_maxima():
    assert local_maxima(np.zeros((8, 8), np.float32), 0.2).shape == (0, 3)


def test_a_flat_top_is_one_maximum():
    heatmap = np.zeros((12, 20), np.float32)
    heatmap[3:5, 2:5] = 0.45
    heatmap[8, 15] = 0.45
    found = local_maxima(heatmap, 0.2)
    assert len(found) == 2
    assert found[:, 0].round().tolist() in ([3, 15], [2, 15])
    assert found[:, 2].tolist() == pytest.approx([0.45, 0.45])
