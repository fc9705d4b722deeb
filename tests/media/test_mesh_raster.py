"""The rasteriser against a slow one that asks every pixel of every triangle; and spheres."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.media.mesh_raster import Raster, View, rasterise, visible_vertices

VIEW = View(60.0, 48, 36)


def sphere(middle: tuple[float, float, float], radius: float, rings: int = 24):
    """Vertices and triangles, counterclockwise from outside in camera axes."""
    along, around = np.meshgrid(
        np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, 2 * rings), indexing="ij"
    )
    unit = np.stack(
        [np.sin(along) * np.cos(around), np.sin(along) * np.sin(around), np.cos(along)], axis=-1
    )
    number = np.arange(unit.shape[0] * unit.shape[1]).reshape(unit.shape[:2])
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    quads = [np.stack(corners, axis=-1).reshape(-1, 3) for corners in ((a, b, c), (a, c, d))]
    return unit.reshape(-1, 3) * radius + middle, np.concatenate(quads)


def asked_one_by_one(vertices: np.ndarray, faces: np.ndarray, view: View):
    """(H, W) faces, depths and what lies on no edge, by half planes in double precision."""
    clear = np.ones((view.height, view.width), bool)
    face, depth = np.full((view.height, view.width), -1), np.full((view.height, view.width), np.inf)
    middle = np.array([view.width - 1, view.height - 1]) / 2
    xy = vertices[:, :2] / vertices[:, 2:] * view.focal_px + middle
    y, x = np.mgrid[: view.height, : view.width]
    for number, (a, b, c) in enumerate(faces):
        parts = [
            (xy[q, 0] - xy[p, 0]) * (y - xy[p, 1]) - (xy[q, 1] - xy[p, 1]) * (x - xy[p, 0])
            for p, q in ((b, c), (c, a), (a, b))
        ]
        area = sum(parts)
        if area[0, 0] >= 0:
            continue
        for part, (p, q) in zip(parts, ((b, c), (c, a), (a, b)), strict=True):
            clear &= np.abs(part) > 3e-3 * np.linalg.norm(xy[q] - xy[p])
        inside = np.all([part <= 0 for part in parts], axis=0)
        inverse = sum(part / vertices[v, 2] for part, v in zip(parts, (a, b, c), strict=True))
        distance = area / inverse
        nearer = inside & (distance < depth)
        face[nearer], depth[nearer] = number, distance[nearer]
    return face, depth, clear


def tumbled(seed: int, count: int = 60):
    """Random triangles before the camera, some of them outside the picture."""
    rng = np.random.default_rng(seed)
    middles = rng.uniform([-1.2, -1, 1.5], [1.2, 1, 4], (count, 1, 3))
    return (middles + rng.normal(0, 0.3, (count, 3, 3))).reshape(-1, 3), np.arange(
        3 * count
    ).reshape(-1, 3)


@given(st.integers(0, 10_000))
def test_every_pixel_shows_the_triangle_that_is_in_front(seed: int):
    vertices, faces = tumbled(seed)
    face, depth = rasterise(vertices, faces, VIEW).spread()
    true_face, true_depth, clear = asked_one_by_one(vertices, faces, VIEW)
    assert clear.mean() > 0.8
    np.testing.assert_allclose(depth[clear], true_depth[clear], rtol=2e-3)
    assert (face == true_face)[clear].mean() > 0.999  # where two cross, rounding chooses


@given(st.integers(0, 10_000))
def test_weights_give_back_the_point_that_is_seen(seed: int):
    vertices, faces = tumbled(seed)
    raster = rasterise(vertices, faces, VIEW)
    weights, (row, column) = raster.weights(vertices, faces), np.nonzero(raster.face >= 0)
    corners = vertices[faces[raster.face[row, column]]]
    points = (weights[row, column][..., None] * corners).sum(axis=1)
    at = np.stack([column + raster.left, row + raster.top], axis=1)
    apart = np.abs(VIEW.project(points) - at).max(axis=1)
    back = apart < 0.01
    assert back.mean() > 0.99
    assert apart.max(initial=0) < 0.5  # at the tip of a splinter, rounding makes it longer
    np.testing.assert_allclose(points[back, 2], raster.depth[row, column][back], rtol=2e-3)
    assert np.isnan(weights[raster.face < 0]).all()


@given(st.integers(0, 10_000))
def test_two_triangles_leave_no_crack_between_them(seed: int):
    rng = np.random.default_rng(seed)
    corners = np.array([[-5, -5, 2], [-5, 5, 2], [5, 5, 2], [5, -5, 2.0]])
    turn = rng.uniform(0, 2 * np.pi)
    corners[:, :2] = corners[:, :2] @ np.array(
        [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    face, depth = rasterise(corners, np.array([[0, 1, 2], [0, 2, 3]]), VIEW).spread()
    assert (face >= 0).all()
    np.testing.assert_allclose(depth, 2.0, rtol=1e-5)


def test_a_sphere_is_a_disc_with_the_depth_that_geometry_gives():
    view = View(400.0, 201, 151)
    vertices, faces = sphere((0.0, 0.0, 4.0), 0.5, 60)
    raster = rasterise(vertices, faces, view)
    face, depth = raster.spread()
    # a line of sight at angle t to the middle meets the sphere where sin t < r / d
    y, x = np.mgrid[:151, :201]
    away = np.hypot(x - 100, y - 75) / 400
    edge = np.tan(np.arcsin(0.5 / 4))
    assert (face[away < edge - 0.004] >= 0).all()
    assert (face[away > edge + 0.004] < 0).all()
    assert depth[75, 100] == pytest.approx(3.5, abs=1e-3)


def test_pixels_are_where_the_camera_says():
    face, _ = rasterise(
        np.array([[-0.1, -0.1, 1], [-0.1, 0.1, 1], [0.1, 0.1, 1.0]]),
        np.array([[0, 1, 2]]),
        View(20.0, 11, 11),
    ).spread()
    # corners at (3, 3), (3, 7) and (7, 7); centres on an edge belong to it
    assert np.argwhere(face == 0).tolist() == [[y, x] for y in range(3, 8) for x in range(3, y + 1)]


def test_what_faces_away_is_drawn_only_where_the_mesh_is_open():
    vertices, faces = np.array([[-1, -1, 2], [1, 1, 2], [-1, 1, 2.0]]), np.array([[0, 1, 2]])
    assert (rasterise(vertices, faces, VIEW).face < 0).all()
    assert (rasterise(vertices, faces, VIEW, closed=False).face == 0).any()


def test_what_is_behind_the_camera_or_beside_the_picture_is_not_drawn():
    vertices, faces = sphere((0.0, 0.0, -4.0), 0.5)
    assert rasterise(vertices, faces, VIEW).face.size == 0
    vertices, faces = sphere((9.0, 0.0, 4.0), 0.5)
    assert not (rasterise(vertices, faces, VIEW).face >= 0).any()
    assert rasterise(np.zeros((0, 3)), np.zeros((0, 3), int), VIEW).face.size == 0


def test_a_body_round_the_camera_is_drawn_where_it_is_before_it():
    vertices, faces = sphere((0.0, 0.0, 0.3), 0.5)
    raster = rasterise(vertices, faces, VIEW, closed=False)
    assert np.isfinite(raster.depth[raster.face >= 0]).all()


def test_the_near_half_of_a_sphere_is_visible_but_for_what_another_hides():
    view = View(400.0, 201, 151)
    vertices, faces = sphere((0.0, 0.0, 4.0), 0.5, 40)
    raster = rasterise(vertices, faces, view)
    seen = visible_vertices(raster, vertices, faces)
    # a point p of the sphere is seen where the camera is before its tangent plane
    before = ((vertices - (0, 0, 4)) * -vertices).sum(axis=1)
    assert seen[before > 0.7].all()  # where it turns away, a pixel is many centimetres deep
    assert not seen[before < -0.1].any()

    small, more = sphere((0.0, 0.0, 2.0), 0.1, 20)
    both = np.concatenate([vertices, small])
    triangles = np.concatenate([faces, more + len(vertices)])
    seen_now = visible_vertices(rasterise(both, triangles, view), both, triangles)[: len(vertices)]
    shadow = np.hypot(*vertices[:, :2].T) / vertices[:, 2] < 0.045
    assert not seen_now[shadow].any()
    assert seen_now[seen & ~shadow & (np.hypot(*vertices[:, :2].T) > 0.25)].all()


def test_vertices_beside_the_picture_are_not_visible():
    vertices, faces = sphere((0.0, 0.0, 4.0), 0.5)
    view = View(400.0, 60, 151)
    seen = visible_vertices(rasterise(vertices, faces, view), vertices, faces)
    x = view.project(vertices)[:, 0]
    assert seen.any()
    assert not seen[(x < -0.5) | (x > 59.5)].any()


def test_an_empty_raster_spreads_to_an_empty_picture():
    raster = rasterise(*sphere((0.0, 0.0, -4.0), 0.5), VIEW)
    assert isinstance(raster, Raster)
    face, depth = raster.spread()
    assert face.shape == (36, 48)
    assert (face < 0).all()
    assert np.isinf(depth).all()
