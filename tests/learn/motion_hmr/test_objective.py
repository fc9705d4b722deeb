"""The loss: alignment against scikit-image, its gradient, and what it does not excuse."""

import numpy as np
import pytest
import torch
from skimage.transform import SimilarityTransform

from poseapp.learn.motion_hmr.lessons import keypoint_lesson
from poseapp.learn.motion_hmr.objective import Weights, aligned, objective
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.troupe import Troupe
from poseapp.nets.body.pose_prior import shipped_prior
from poseapp.nets.body.rotations import six_of_matrix
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import CLIP
from poseapp.nets.motion_hmr.net import Bodies
from tests.fixtures.performances import swaying


def _pairs(count: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(1)
    points = torch.randn(count, 14, 3, generator=chance, dtype=torch.double)
    return points, points.roll(1, 0) * 0.3 + torch.randn(
        count, 14, 3, generator=chance, dtype=torch.double
    )


def test_alignment_is_scikit_images():
    points, to = _pairs()
    got = aligned(points, to).numpy()
    for n, (source, target) in enumerate(zip(points.numpy(), to.numpy(), strict=True)):
        similarity = SimilarityTransform.from_estimate(source, target)
        np.testing.assert_allclose(got[n], similarity(source), atol=1e-10)


def test_the_gradient_of_squared_errors_is_exact_though_the_alignment_is_detached():
    points, to = _pairs(1)
    points.requires_grad_()
    ((aligned(points, to) - to) ** 2).sum().backward()
    assert points.grad is not None
    step, direction = 1e-6, torch.randn(points.shape, dtype=torch.double)
    with torch.no_grad():
        ahead, back = (
            ((aligned(points + sign * step * direction, to) - to) ** 2).sum() for sign in (1, -1)
        )
    slope = (ahead - back) / (2 * step)
    assert (points.grad * direction).sum().item() == pytest.approx(slope.item(), rel=1e-4)


@pytest.fixture(scope="module")
def lesson():
    troupe = Troupe(shipped_body(), [swaying()], CLIP)
    still = DetectorErrors(0, 0, 0, 0)
    return keypoint_lesson(troupe, np.random.default_rng(0), 3, still)


def _said(lesson, rotations=None):
    """Bodies as they truly are; the cameras do not matter here."""
    turns = lesson.rotations if rotations is None else rotations
    six = six_of_matrix(turns)
    shape = torch.zeros(*six.shape[:2], shipped_body().shape_count)
    camera = torch.tensor([0.8, 0.0, 0.0]).expand(*six.shape[:2], 3)
    present = Bodies(camera[:, :-1], six[:, :-1], shape[:, :-1])
    return present, Bodies(camera[:, 1:], six[:, 1:], shape[:, 1:])


def _space_only(lesson, said, **weights):
    chosen = Weights(
        **{"space": 0.0, "plane": 0.0, "turns": 0.0, "shape": 0.0, "pose": 0.0} | weights
    )
    every = torch.arange(CLIP - 1)
    return objective(said, lesson, every, shipped_body(), shipped_prior(), chosen).item()


def test_the_true_pose_has_almost_no_error_in_space(lesson):
    """Only the shapes differ, and the size of the alignment takes most of that."""
    assert _space_only(lesson, _said(lesson), space=1.0) < 0.03


def test_turning_the_whole_body_is_excused_in_space_but_not_for_rotations(lesson):
    turned = lesson.rotations.clone()
    half = torch.diag(torch.tensor([-1.0, 1.0, -1.0]))
    turned[:, :, 0] = half @ turned[:, :, 0]
    straight = _space_only(lesson, _said(lesson), space=1.0)
    assert _space_only(lesson, _said(lesson, turned), space=1.0) == pytest.approx(
        straight, rel=1e-3
    )
    assert _space_only(lesson, _said(lesson), turns=1.0) == pytest.approx(0, abs=1e-6)
    # a half turn moves two of the three columns to their opposites: 2 · 2² for one joint
    assert _space_only(lesson, _said(lesson, turned), turns=1.0) == pytest.approx(8, rel=1e-3)
