"""Rotations against SciPy."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from poseapp.nets.body.rotations import (
    axis_angle_of_matrix,
    matrix_of_axis_angle,
    matrix_of_six,
    mirrored,
    six_of_matrix,
)


def _axis_angles() -> np.ndarray:
    """Random ones up to a full turn, tiny ones, half turns, none."""
    rng = np.random.default_rng(0)
    unit = rng.normal(size=(50, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    angles = [rng.uniform(0, 2 * np.pi, (50, 1)), np.full((50, 1), 1e-5), np.full((50, 1), np.pi)]
    return np.concatenate([unit * a for a in angles] + [np.zeros((1, 3)), np.pi * np.eye(3)])


def test_rodrigues_is_scipys_rotation():
    vectors = _axis_angles()
    ours = matrix_of_axis_angle(torch.from_numpy(vectors)).numpy()
    np.testing.assert_allclose(ours, Rotation.from_rotvec(vectors).as_matrix(), atol=1e-12)


def test_axis_angles_come_back_as_the_same_rotation():
    matrices = Rotation.from_rotvec(_axis_angles()).as_matrix()
    back = axis_angle_of_matrix(torch.from_numpy(matrices)).numpy()
    assert (np.linalg.norm(back, axis=1) <= np.pi + 1e-9).all()
    np.testing.assert_allclose(Rotation.from_rotvec(back).as_matrix(), matrices, atol=1e-7)
    tiny = np.array([[1e-4, -2e-4, 5e-5]])
    matrix = torch.from_numpy(Rotation.from_rotvec(tiny).as_matrix())
    np.testing.assert_allclose(axis_angle_of_matrix(matrix).numpy(), tiny, rtol=1e-6)


def test_six_numbers_hold_a_rotation_and_any_six_give_one():
    matrices = torch.from_numpy(Rotation.random(20, rng=1).as_matrix())
    torch.testing.assert_close(matrix_of_six(six_of_matrix(matrices)), matrices)
    any_six = torch.randn(20, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    made = matrix_of_six(any_six).numpy()
    np.testing.assert_allclose(
        made @ made.transpose(0, 2, 1), np.tile(np.eye(3), (20, 1, 1)), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(made), 1, atol=1e-12)
    first = any_six[:, :3].numpy()
    np.testing.assert_allclose(made[:, :, 0], first / np.linalg.norm(first, axis=1, keepdims=True))


@pytest.mark.parametrize("angle", [0.0, 1e-4, 1.0, 3.0])
def test_gradients_are_those_of_differences(angle):
    unit = torch.tensor([[0.6, 0.0, 0.8]], dtype=torch.float64)
    vector = (angle * unit).requires_grad_()
    assert torch.autograd.gradcheck(matrix_of_axis_angle, (vector,))


def test_a_mirrored_pose_is_the_mirror_image_of_its_rotations():
    pose = torch.randn(3, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    swapped = mirrored(pose, torch.tensor([1, 0]))
    glass = np.diag([-1.0, 1.0, 1.0])
    expected = glass @ Rotation.from_rotvec(pose[:, 0].numpy()).as_matrix() @ glass
    got = Rotation.from_rotvec(swapped[:, 1].numpy()).as_matrix()
    np.testing.assert_allclose(got, expected, atol=1e-12)
