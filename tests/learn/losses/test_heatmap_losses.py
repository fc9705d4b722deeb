import numpy as np
import pytest
import torch

from poseapp.learn.losses.heatmap_binary import heatmap_binary
from poseapp.learn.losses.heatmap_cross_entropy import heatmap_cross_entropy
from poseapp.nets.heatmaps import gaussians

BOTH = pytest.mark.parametrize("loss", [heatmap_cross_entropy, heatmap_binary])


def bells(*points):
    return torch.from_numpy(gaussians(points, (12, 8), 1.2))[None]


@BOTH
def test_absent_points_send_no_gradient(loss):
    raw = torch.randn(1, 3, 8, 12, requires_grad=True)
    targets = bells((3, 4), (np.nan, np.nan), (9, 2))
    loss(raw, targets, torch.tensor([[1.0, 0.0, 1.0]])).backward()
    assert raw.grad[0, 1].abs().max() == 0
    assert raw.grad[0, 0].abs().max() > 0
    assert raw.grad[0, 2].abs().max() > 0


@BOTH
def test_nothing_to_teach_gives_nothing_and_no_nan(loss):
    raw = torch.randn(1, 2, 8, 12, requires_grad=True)
    value = loss(raw, torch.zeros(1, 2, 8, 12), torch.zeros(1, 2))
    value.backward()
    assert value.item() == 0
    assert raw.grad.abs().max() == 0


def test_cross_entropy_is_zero_for_the_target_itself_and_grows_with_distance():
    near, true, far = bells((5, 4)), bells((4, 4)), bells((9, 4))
    weights = torch.ones(1, 1)
    values = [
        heatmap_cross_entropy((t + 1e-9).log(), true, weights).item() for t in (true, near, far)
    ]
    assert values[0] == pytest.approx(0, abs=1e-5)
    assert values[0] < values[1] < values[2]


def test_cross_entropy_of_an_even_map_is_by_hand():
    """KL of a two-cell target from an even map over 96 cells is log(96) - log(2)."""
    target = torch.zeros(1, 1, 8, 12)
    target[0, 0, 3, 3] = target[0, 0, 3, 4] = 1
    value = heatmap_cross_entropy(torch.zeros(1, 1, 8, 12), target, torch.ones(1, 1))
    assert value.item() == pytest.approx(np.log(96) - np.log(2), abs=1e-3)


def test_an_empty_target_teaches_cross_entropy_an_even_map():
    empty, weights = torch.zeros(1, 1, 8, 12), torch.ones(1, 1)
    even = heatmap_cross_entropy(torch.zeros(1, 1, 8, 12), empty, weights)
    sure = heatmap_cross_entropy(5 * bells((4, 4)), empty, weights)
    assert even.item() == pytest.approx(0, abs=1e-5)
    assert sure.item() > 0.1


def test_binary_loss_is_zero_at_the_target_and_counts_bodies_apart():
    true, weights = bells((3, 3)).maximum(bells((9, 5))), torch.ones(1, 1)
    at_target = heatmap_binary(true.clamp(1e-6, 1 - 1e-6).logit(), true, weights)
    one_missing = heatmap_binary(bells((3, 3)).clamp(1e-6, 1 - 1e-6).logit(), true, weights)
    assert at_target.item() == pytest.approx(0, abs=1e-3)
    assert one_missing.item() > 1
