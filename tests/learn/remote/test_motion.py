import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from poseapp.learn.remote.motion import moved, places
from poseapp.nets.heatmaps import gaussians
from tests.learn.remote.figures import pairs


def bells(*points, size=(16, 16), sigma=1.0):
    return torch.from_numpy(gaussians(np.array(points, float), size, sigma))[None]


@settings(max_examples=30, deadline=None)
@given(st.floats(4, 11), st.floats(4, 11))
def test_the_place_of_a_bell_is_its_centre(x, y):
    found = places(bells((x, y)))[0, 0]
    assert found.tolist() == pytest.approx([(x + 0.5) / 8 - 1, (y + 0.5) / 8 - 1], abs=2e-3)


def test_a_spot_goes_where_its_keypoint_goes():
    picture = torch.full((1, 3, 64, 64), -1.0)
    picture[:, :, 18:23, 18:23] = 1.0  # around the pixel (20, 20), which is the cell 4.625
    shifted = moved(picture, bells((4.625, 4.625)), bells((8.625, 6.625)))[0, 0]
    assert shifted[28, 36] > 0.5
    assert picture[0, 0, 28, 36] == -1


def test_a_flow_of_one_shift_is_that_of_opencv():
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    spread = [(x, y) for x in range(1, 15, 2) for y in range(1, 15, 2)]
    source, target = bells(*spread), bells(*[(x + 1, y) for x, y in spread])
    # inside, where keypoints far outweigh the ground, everything moves by a cell of 4 px
    found = moved(picture, source, target)[0].permute(1, 2, 0).numpy()[24:40, 24:40]
    shift = np.array([[1.0, 0, 4], [0, 1, 0]])
    wanted = cv2.warpAffine(picture[0].permute(1, 2, 0).numpy(), shift, (64, 64))[24:40, 24:40]
    still = picture[0].permute(1, 2, 0).numpy()[24:40, 24:40]
    assert np.abs(found - wanted).mean() < 0.5 * np.abs(found - still).mean()


def test_the_same_pose_moves_nothing():
    given_, _ = pairs(0, count=2)
    same = moved(given_.labelled, given_.truth, given_.truth)
    assert torch.allclose(same, given_.labelled, atol=1e-4)


def test_keypoints_that_nobody_labelled_move_nothing():
    given_, partners = pairs(0, count=2)
    nowhere = torch.zeros_like(partners)
    for source, target in ((nowhere, partners), (partners, nowhere), (nowhere, nowhere)):
        still = moved(given_.labelled, source, target)
        assert torch.allclose(still, given_.labelled, atol=1e-4)


def test_moved_along_the_swinging_figure_is_nearer_to_the_other_moment():
    given_, partners = pairs(3, count=32)

    def error(drawn):
        return float((drawn - given_.unlabelled).abs().mean())

    with_another = error(moved(given_.labelled, given_.truth, partners.roll(1, dims=0)))
    assert error(moved(given_.labelled, given_.truth, partners)) < with_another


def test_the_gradient_points_to_where_the_keypoint_is():
    """A step down the error in colour brings a misplaced target nearer to the truth."""
    picture = torch.full((1, 3, 64, 64), -1.0)
    yy, xx = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")

    def spot(x, y):
        return picture + 2 * torch.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * 5.0**2))

    source, wanted = spot(20, 20), spot(32, 20)
    cell = torch.tensor([6.5, 4.625], requires_grad=True)  # it should be 7.625
    grid = torch.arange(16.0)
    target = torch.exp(-((grid - cell[0]) ** 2)[None, :] / 2 - ((grid - cell[1]) ** 2)[:, None] / 2)
    drawn = moved(source, bells((4.625, 4.625)), target[None, None])
    (drawn - wanted).square().mean().backward()
    assert cell.grad is not None
    assert cell.grad[0] < 0
