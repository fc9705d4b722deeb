"""SMPL files: made-up ones of the right form, and those that are refused."""

import pickle

import numpy as np
import pytest
import torch

from poseapp.domain.errors import BodyError
from poseapp.nets.body.rotations import matrix_of_axis_angle
from poseapp.nets.body.smpl import load_smpl
from tests.fixtures.smpl import J, V, smpl_like, write_smpl_like


def _saved(tmp_path, arrays):
    return write_smpl_like(tmp_path / "SMPL_MADE_UP.npz", arrays)


def test_a_body_is_skinned_as_the_smpl_paper_says(tmp_path):
    arrays = smpl_like()
    body = load_smpl(_saved(tmp_path, arrays))
    rng = np.random.default_rng(1)
    angles = 0.3 * rng.normal(size=(J, 3)).astype(np.float32)
    beta = rng.normal(size=10)
    rotations = matrix_of_axis_angle(torch.from_numpy(angles))[None]
    got = body(rotations, torch.from_numpy(beta).float()[None])

    turns = rotations[0].double().numpy()
    shaped = arrays["v_template"] + arrays["shapedirs"][..., :10] @ beta
    joints = arrays["J_regressor"] @ shaped
    rest = shaped + arrays["posedirs"] @ (turns[1:] - np.eye(3)).ravel()
    parents = arrays["kintree_table"][0]
    world = []
    for j in range(J):
        local = np.eye(4)
        local[:3, :3] = turns[j]
        local[:3, 3] = joints[j] - (joints[parents[j]] if j else 0)
        world.append(world[parents[j]] @ local if j else local)
    expected = np.zeros((V, 3))
    for j in range(J):
        moved = world[j] @ np.vstack([(rest - joints[j]).T, np.ones(V)])
        expected += arrays["weights"][:, j : j + 1] * moved[:3].T
    np.testing.assert_allclose(got.vertices[0].numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(got.joints[0].numpy(), [w[:3, 3] for w in world], atol=1e-5)
    assert {"left wrist", "right ankle", "neck", "head top"} <= set(body.keypoint_names)
    assert body.shape_count == 10


def test_a_pickle_is_not_opened(tmp_path):
    file = tmp_path / "SMPL_NEUTRAL.pkl"
    file.write_bytes(pickle.dumps({"v_template": 1}))
    with pytest.raises(BodyError, match=r"may run code.*numpy\.savez"):
        load_smpl(file)


def test_a_pickle_inside_an_npz_is_not_opened(tmp_path):
    arrays = smpl_like() | {"J_regressor": np.array([{"a": 1}], dtype=object)}
    with pytest.raises(BodyError, match="cannot be read as a body"):
        load_smpl(_saved(tmp_path, arrays))


def test_missing_arrays_are_named(tmp_path):
    arrays = smpl_like()
    del arrays["weights"], arrays["f"]
    with pytest.raises(BodyError, match="lacks weights, f"):
        load_smpl(_saved(tmp_path, arrays))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("weights", np.ones((V, J - 1))),
        ("v_template", np.ones((V - 1, 3))),
        ("shapedirs", np.ones((V, 3))),
        ("posedirs", np.ones((V, 3, 8))),
        ("f", np.full((3, 3), V)),
        ("f", np.ones((0, 3))),
        ("kintree_table", np.full((2, J), 30)),
        ("J_regressor", np.ones((3, V))),
        ("v_template", np.array(["a", "b"])),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, name, wrong):
    with pytest.raises(BodyError, match=r"SMPL_MADE_UP\.npz"):
        load_smpl(_saved(tmp_path, smpl_like() | {name: wrong}))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"no archive at all"])
def test_damaged_files_are_refused(tmp_path, content):
    file = tmp_path / "body.npz"
    file.write_bytes(content)
    with pytest.raises(BodyError, match=r"body\.npz cannot be read"):
        load_smpl(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(BodyError, match=r"gone\.npz"):
        load_smpl(tmp_path / "gone.npz")
