"""Performances: captured motion at the body's own size and at one rate."""

import numpy as np
import pytest
import torch

from poseapp.learn.synth.performance import FPS, mirror_order, mirrored, performance
from poseapp.learn.synth.retarget import NEEDED, body_at_rest
from poseapp.nets.body.rotations import matrix_of_axis_angle
from poseapp.nets.body.shipped import shipped_body
from tests.fixtures.performances import swaying


@pytest.fixture(scope="module")
def body():
    return shipped_body()


def _joints(body, one):
    turns = matrix_of_axis_angle(torch.from_numpy(one.pose).float())
    joints = body.keypoints(turns, torch.zeros(len(turns), body.shape_count))[1]
    return joints.double().numpy() - body.joints[0].double().numpy() + one.root[:, None]


def _captured(body, scale: float):
    """The body's own joints while it sways and walks, at another size; its head as captures are."""
    one = swaying()
    way = np.stack([np.zeros(60), np.ones(60), np.arange(60) / 60], axis=1)
    joints = _joints(body, type(one)(one.name, one.pose, way)) * scale
    return {name: joints[:, body.joint_names.index(name)] for name in NEEDED}, way


def test_steps_are_as_long_as_the_bodys_legs_make_them(body):
    points, way = _captured(body, 2.5)
    found = performance("walk/1", points, FPS, body_at_rest(body))
    walked = found.root[-1] - found.root[0]
    np.testing.assert_allclose(walked, way[len(found) - 1] - way[0], atol=0.02)


def test_a_faster_capture_is_taken_to_one_rate(body):
    points, way = _captured(body, 1.0)
    found = performance("walk/1", points, 2 * FPS, body_at_rest(body))
    assert len(found) == 30
    np.testing.assert_allclose(found.root[10, 2] - found.root[0, 2], way[20, 2], atol=0.02)


def test_a_mirror_swaps_sides(body):
    """Joints of the mirrored performance are the mirror images of the other side's."""
    one = swaying()
    order = mirror_order(body.joint_names)
    assert [body.joint_names[n] for n in order[[7, 14]]] == ["right shoulder", "left shoulder"]
    plain = _joints(body, one)
    other = _joints(body, mirrored(one, order))
    np.testing.assert_allclose(other, plain[:, order] * [-1, 1, 1], atol=2e-3)


def test_the_style_is_what_stands_before_the_slash():
    assert swaying(name="walking/walking_3 test").style == "walking"
