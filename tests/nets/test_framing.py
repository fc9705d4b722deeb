import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.nets.framing import Framing, canvas_for, crop, letterbox, scaling

side = st.integers(1, 3000)
canvas_side = st.integers(1, 12).map(lambda n: 32 * n)
coordinate = st.floats(-500, 3500)


@given(side, side, canvas_side, canvas_side, coordinate, coordinate)
def test_a_point_comes_back_from_the_input_to_where_it_was(width, height, w, h, x, y):
    framing = letterbox((width, height), (w, h))
    there = framing.to_input([x, y])
    assert framing.to_picture(there) == pytest.approx([x, y], abs=1e-6)


@given(st.floats(-180, 180), st.floats(0.3, 3), coordinate, coordinate, st.booleans(), coordinate)
def test_a_turned_scaled_and_mirrored_framing_comes_back_too(angle, size, dx, dy, mirror, x):
    turn = np.deg2rad(angle)
    matrix = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if mirror:
        matrix = matrix @ np.diag([-1.0, 1.0])
    framing = letterbox((640, 480), (256, 192)).after(np.column_stack([matrix, [dx, dy]]))
    assert framing.to_picture(framing.to_input([x, 100.0])) == pytest.approx([x, 100.0], abs=1e-6)


@given(side, side, canvas_side, canvas_side)
def test_letterboxing_shows_every_pixel_as_large_as_fits(width, height, w, h):
    framing = letterbox((width, height), (w, h))
    corners = framing.to_input([[-0.5, -0.5], [width - 0.5, height - 0.5]])
    assert corners.min() >= -0.5 - 1e-6
    assert (corners[1] <= np.array([w, h]) - 0.5 + 1e-6).all()
    spare = np.array([w, h]) - (corners[1] - corners[0])
    assert min(spare) == pytest.approx(0, abs=1e-6)


def test_a_crop_puts_its_point_in_the_middle_of_the_input():
    framing = crop(100.25, 40.5, 1.5, (64, 96))
    assert framing.to_input([100.25, 40.5]) == pytest.approx([31.5, 47.5])
    assert framing.scale == pytest.approx(1.5)


@pytest.mark.parametrize("size", [(31, 17), (120, 90), (640, 480), (1001, 333)])
@pytest.mark.parametrize("canvas", [(96, 64), (256, 192), (32, 32)])
def test_what_is_cut_lies_where_the_map_of_points_says(size, canvas):
    """A soft blob is drawn at a known sub-pixel place; its centre of mass is found in the cut."""
    width, height = size
    framing = letterbox(size, canvas)
    spread = max(2.0, 2.5 / framing.scale)
    x, y = 0.41 * width, 0.57 * height
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    blob = 139 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread**2))
    picture = np.repeat((116 + blob).round().astype(np.uint8)[:, :, None], 3, axis=2)
    cut = framing.cut(picture)[:, :, 0].astype(np.float64) - 116
    mass = np.where(cut > 20, cut, 0)
    rows, columns = np.mgrid[: canvas[1], : canvas[0]]
    found = np.array([(mass * columns).sum(), (mass * rows).sum()]) / mass.sum()
    assert found == pytest.approx(framing.to_input([x, y]), abs=0.1)


def test_the_cut_is_grey_where_the_picture_ends():
    white = np.full((20, 20, 3), 255, np.uint8)
    cut = letterbox((20, 20), (64, 32)).cut(white)
    assert cut.shape == (32, 64, 3)
    assert (cut[:, :10] == 116).all()
    assert (cut[8:24, 24:40] == 255).all()


def test_the_cut_of_a_picture_in_its_own_size_is_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    assert np.array_equal(letterbox((96, 64), (96, 64)).cut(picture), picture)


def test_two_changes_after_each_other_are_their_product():
    framing = letterbox((100, 50), (64, 32)).after(scaling(2, 1, 0)).after(scaling(1, 0, 3))
    direct = letterbox((100, 50), (64, 32)).to_input([10, 20]) * 2 + [1, 3]
    assert framing.to_input([10, 20]) == pytest.approx(direct)


@pytest.mark.parametrize(
    ("sizes", "long_side", "canvas"),
    [
        ([(640, 480)], 256, (256, 192)),
        ([(396, 406)], 256, (256, 256)),
        ([(1920, 1080)], 256, (256, 160)),
        ([(1080, 1920)], 256, (160, 256)),
        ([(640, 480), (480, 640)], 256, (256, 256)),
        ([(640, 40)], 256, (256, 32)),
    ],
)
def test_the_canvas_fits_the_videos_in_multiples_of_32(sizes, long_side, canvas):
    assert canvas_for(sizes, long_side) == canvas


def test_points_that_are_absent_stay_absent():
    framing = Framing(scaling(2.0), 64, 64)
    assert np.isnan(framing.to_input([[np.nan, np.nan]])).all()
