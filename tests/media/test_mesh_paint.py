"""What a painted mesh looks like, asked of spheres and of a single large triangle."""

import numpy as np
import pytest

from poseapp.media.mesh_paint import Overlay, Paint, Style, painted, vertex_normals
from poseapp.media.mesh_raster import View
from tests.media.test_mesh_raster import sphere

VIEW = View(400.0, 201, 151)
BALL = sphere((0.0, 0.0, 4.0), 0.5, 60)


def whole(overlay: Overlay) -> np.ndarray:
    """(151, 201, 4)"""
    pixels = np.zeros((VIEW.height, VIEW.width, 4), np.uint8)
    h, w = overlay.pixels.shape[:2]
    pixels[overlay.top : overlay.top + h, overlay.left : overlay.left + w] = overlay.pixels
    return pixels


def test_normals_of_a_sphere_point_away_from_its_middle():
    vertices, faces = BALL
    normals = vertex_normals(np.asarray(vertices, np.float32), faces)
    away = (vertices - (0, 0, 4)) / 0.5
    inner = np.abs(away[:, 2]) < 0.99  # the seam's ends have triangles on one side only
    assert ((normals * away).sum(axis=1)[inner] > 0.99).all()


def test_light_comes_from_the_upper_left():
    pixels = whole(painted(*BALL, VIEW, Paint(Style.SHADED, 1.0)))
    assert pixels[55, 80, 0] > 1.5 * pixels[95, 120, 0]
    assert (pixels[75, 60:140, 3] == 255).all()


@pytest.mark.parametrize("style", list(Style))
def test_nothing_is_more_opaque_than_asked_for(style):
    pixels = whole(painted(*BALL, VIEW, Paint(style, 0.4)))
    assert 0 < pixels[..., 3].max() <= round(0.4 * 255)
    assert (pixels[..., :3].max(axis=-1) <= pixels[..., 3]).all()  # colours carry the opacity


def test_glass_shows_its_rim():
    pixels = whole(painted(*BALL, VIEW, Paint(Style.TRANSPARENT, 1.0)))
    middle, rim = int(pixels[75, 100, 3]), int(pixels[75, 52, 3])
    assert middle == pytest.approx(0.16 * 255, abs=2)
    assert rim > 3 * middle


def test_wires_are_the_edges_alone():
    corners = np.array([[-0.4, -0.3, 2], [-0.4, 0.3, 2], [0.4, 0.3, 2.0]])
    pixels = whole(painted(corners, np.array([[0, 1, 2]]), VIEW, Paint(Style.WIRE, 1.0)))
    assert pixels[100, 45, 3] == 0  # inside
    assert pixels[100, 20, 3] == 255  # the left edge lies at x = 20
    assert pixels[135, 50, 3] == 255  # so does the lower one at y = 135
    assert (pixels[..., 3] > 0).sum() < 0.2 * (160 * 120 / 2)


def test_an_overlay_is_laid_over_by_its_opacity():
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[0, 1] = (100, 50, 0, 128)
    pixels[1, 2] = (7, 8, 9, 255)
    picture = np.full((4, 5, 3), 200, np.uint8)
    made = Overlay(1, 2, pixels).over(picture)
    kept = round(200 * (255 - 128) / 255)
    assert made[2, 2].tolist() == [100 + kept, 50 + kept, kept]
    assert made[3, 3].tolist() == [7, 8, 9]
    assert (made == 200).all(axis=-1).sum() == 18
    assert (picture == 200).all()


def test_a_mesh_that_is_not_in_the_picture_paints_nothing():
    overlay = painted(*sphere((0.0, 0.0, -4.0), 0.5), VIEW, Paint())
    picture = np.full((151, 201, 3), 9, np.uint8)
    assert (overlay.over(picture) == 9).all()
