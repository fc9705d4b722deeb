"""Cameras by hand."""

import math

import numpy as np
import torch

from poseapp.nets.body.camera import (
    FACING,
    crop_to_pixels,
    intrinsics_of,
    perspective,
    pixels_to_crop,
    translation_of_weak,
    weak_perspective,
)
from poseapp.nets.body.rotations import matrix_of_axis_angle


def test_the_weak_camera_shifts_before_it_scales():
    points = torch.tensor([[[0.5, -1.0, 9.0], [0.0, 0.0, -3.0]]])
    seen = weak_perspective(points, torch.tensor([[0.8, 0.1, 0.25]]))
    torch.testing.assert_close(seen, torch.tensor([[[0.48, -0.6], [0.08, 0.2]]]))


def test_perspective_by_hand():
    intrinsics = torch.tensor([[[1000.0, 0, 320], [0, 500, 240], [0, 0, 1]]])
    points = torch.tensor([[[1.0, -0.5, 4.0], [0, 0, 2]]])
    expected = torch.tensor([[[570.0, 177.5], [320, 240]]])
    torch.testing.assert_close(perspective(points, intrinsics), expected)


def test_a_picture_of_odd_size_has_its_middle_on_a_pixel():
    matrix = intrinsics_of(torch.tensor([700.0]), 641, 481)[0]
    assert matrix.tolist() == [[700, 0, 320], [0, 700, 240], [0, 0, 1]]


def test_what_is_behind_the_camera_gives_finite_pixels():
    points = torch.tensor([[[0.1, 0.1, -1.0]]], requires_grad=True)
    seen = perspective(points, intrinsics_of(torch.tensor([500.0]), 100, 100))
    seen.sum().backward()
    assert torch.isfinite(seen).all()
    assert points.grad is not None
    assert torch.isfinite(points.grad).all()


def test_crops_and_pixels_are_inverse():
    middle, side = torch.tensor([[100.0, 50.0]]), torch.tensor([80.0])
    corner = torch.tensor([[[1.0, -1.0]]])
    pixels = crop_to_pixels(corner, middle, side)
    assert pixels.tolist() == [[[140, 10]]]
    torch.testing.assert_close(pixels_to_crop(pixels, middle, side), corner)


def test_both_cameras_agree_at_the_depth_of_the_body():
    camera = torch.tensor([[0.7, 0.2, -0.3]])
    middle, side = torch.tensor([[400.0, 200.0]]), torch.tensor([300.0])
    intrinsics = intrinsics_of(torch.tensor([900.0]), 640, 480)
    points = torch.tensor([[[0.3, -0.8, 0.0], [-0.4, 0.9, 0.0], [0.0, 0.0, 0.0]]])
    weak = crop_to_pixels(weak_perspective(points, camera), middle, side)
    move = translation_of_weak(camera, middle, side, intrinsics)
    torch.testing.assert_close(perspective(points + move[:, None], intrinsics), weak)
    assert math.isclose(float(move[0, 2]), 2 * 900 / (0.7 * 300), rel_tol=1e-6)


def test_facing_stands_upright_and_looks_at_the_camera():
    turn = matrix_of_axis_angle(torch.tensor(FACING)).numpy()
    up, ahead = turn @ [0, 1, 0], turn @ [0, 0, 1]
    np.testing.assert_allclose(up, [0, -1, 0], atol=1e-6)
    np.testing.assert_allclose(ahead, [0, 0, -1], atol=1e-6)
