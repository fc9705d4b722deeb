"""A body posed in NumPy is the body that torch poses."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from poseapp.domain.errors import BodyError
from poseapp.nets.body.arrays import BodyArrays, shipped_arrays
from poseapp.nets.body.body import Body
from poseapp.nets.body.figure import Figure, arrays_called, matrices
from poseapp.nets.body.rotations import matrix_of_axis_angle
from poseapp.nets.body.shipped import shipped_body


def tensor(array):
    return torch.as_tensor(np.asarray(array, np.float32))


def posed_by_torch(body: BodyArrays, rotations, shape):
    return Body(body)(matrix_of_axis_angle(tensor(rotations)[None]), tensor(shape)[None])


@pytest.fixture(scope="module")
def bent_body():
    """Anny with corrections for bent joints, as the SMPL family has them."""
    anny = shipped_arrays()
    rng = np.random.default_rng(5)
    bends = rng.normal(0, 1e-3, (9 * (len(anny.parents) - 1), len(anny.template), 3))
    return replace(anny, pose_shapes=bends.astype(np.float32))


@pytest.mark.parametrize("which", ["anny", "bent"])
def test_a_figure_is_what_torch_makes_of_the_same_parameters(which, bent_body):
    body = shipped_arrays() if which == "anny" else bent_body
    rng = np.random.default_rng(1)
    rotations, shape = rng.normal(0, 0.6, (20, 3)), rng.normal(0, 1, 16)
    mesh = Figure(body, shape).posed(rotations, (0.2, -0.1, 4.0))
    truth = posed_by_torch(body, rotations, shape)
    moved = np.array([0.2, -0.1, 4.0])
    np.testing.assert_allclose(mesh.vertices, truth.vertices[0].numpy() + moved, atol=2e-5)
    np.testing.assert_allclose(mesh.joints, truth.joints[0].numpy() + moved, atol=2e-5)
    np.testing.assert_allclose(mesh.keypoints, truth.keypoints[0].numpy() + moved, atol=2e-5)


def test_no_rotation_is_rest_and_the_roots_turns_all_about_it():
    figure = Figure(shipped_arrays(), np.zeros(16))
    still = figure.posed(np.zeros((20, 3)), np.zeros(3))
    np.testing.assert_allclose(still.vertices, figure.rest, atol=1e-6)
    turn = np.array([0.3, 0.8, -0.2])
    turned = figure.posed(np.concatenate([turn[None], np.zeros((19, 3))]), np.zeros(3))
    root = figure.rest_joints[0]
    expected = Rotation.from_rotvec(turn).apply(figure.rest - root) + root
    np.testing.assert_allclose(turned.vertices, expected, atol=1e-5)


def test_joints_of_many_frames_are_those_of_each():
    rng = np.random.default_rng(2)
    figure = Figure(shipped_arrays(), rng.normal(0, 1, 16))
    rotations, translation = rng.normal(0, 0.5, (4, 20, 3)), rng.normal(0, 1, (4, 3))
    together = figure.joints(rotations, translation)
    for n in range(4):
        alone = figure.posed(rotations[n], translation[n]).joints
        np.testing.assert_allclose(together[n], alone, atol=1e-6)


def test_the_average_body_is_as_tall_as_an_adult():
    assert 1.5 < Figure(shipped_arrays(), np.zeros(16)).height_m < 1.9


def test_matrices_are_scipys():
    vectors = np.random.default_rng(3).normal(0, 1, (2, 5, 3))
    np.testing.assert_allclose(
        matrices(vectors)[1, 4], Rotation.from_rotvec(vectors[1, 4]).as_matrix()
    )


def test_the_arrays_are_those_of_the_body():
    body, arrays = shipped_body(), shipped_arrays()
    np.testing.assert_array_equal(body.faces.numpy(), arrays.faces)
    np.testing.assert_allclose(arrays.skin.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(arrays.regressor.sum(axis=1), 1, atol=1e-3)


def test_a_body_is_called_by_its_name_or_by_its_file(tmp_path):
    assert arrays_called("Anny") is shipped_arrays()
    with pytest.raises(BodyError, match=r"gone\.npz cannot be read as a body"):
        arrays_called(str(tmp_path / "gone.npz"))
