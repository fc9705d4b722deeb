"""The net's insides, held against autograd, finite differences and hand calculation."""

import numpy as np
import pytest
import torch

from poseapp.learn.losses.heatmap_cross_entropy import heatmap_cross_entropy
from poseapp.learn.select import aspects
from poseapp.learn.select.aspects import SURE, Look, Reference, local_peaks
from poseapp.nets.heads import DeconvHead, LightHead
from poseapp.nets.heatmaps import cell_to_pixel, decode, gaussians

CHANNELS, KEYPOINTS = (4, 5, 6, 7), 3


def maps_of(bodies, seed=0, side=16):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.rand((bodies, c, side >> n, side >> n), generator=generator)
        for n, c in enumerate(CHANNELS)
    ]


def made(kind=LightHead, seed=0):
    torch.manual_seed(seed)
    head = kind(CHANNELS, KEYPOINTS, 8).eval()
    torch.nn.init.normal_(head.last.weight)
    return head


@pytest.fixture
def head():
    return made()


def loss_of(head, shared, targets):
    return heatmap_cross_entropy(head.last(shared), targets, torch.ones(targets.shape[:2]))


def gradient_of(head, shared, targets):
    loss = loss_of(head, shared, targets)
    return torch.autograd.grad(loss, head.last.weight)[0][:, :, 0, 0]


@pytest.mark.parametrize("kind", [LightHead, DeconvHead])
def test_a_head_is_its_last_layer_after_what_it_shares(kind):
    head, maps = made(kind), maps_of(2)
    assert torch.equal(head(maps), head.last(head.shared(maps)))


def test_the_gradient_is_that_of_the_training_s_loss_at_the_net_s_own_answer(head):
    look = Look.at(head, maps_of(3))
    found = aspects.own_gradient(look)
    assert found.shape == (3, KEYPOINTS * 8)
    for body in range(3):
        highest = look.heatmaps[body].flatten(1).argmax(dim=1).numpy()
        at = np.stack([highest % 16, highest // 16], axis=1)
        targets = torch.from_numpy(gaussians(at, (16, 16), 1.0))[None]
        wanted = gradient_of(head, look.shared[body : body + 1].clone(), targets)
        torch.testing.assert_close(found[body].view(KEYPOINTS, 8), wanted, atol=1e-6, rtol=1e-4)


def test_the_gradient_is_that_of_finite_differences(head):
    double = head.double()
    look = Look.at(double, [level.double() for level in maps_of(1)])
    targets = aspects._own_bells(look.heatmaps)
    found = aspects.own_gradient(look).view(KEYPOINTS, 8)
    weight = double.last.weight
    with torch.no_grad():
        for keypoint, channel in [(0, 0), (1, 5), (2, 7)]:
            losses = []
            for step in (1e-5, -1e-5):
                weight[keypoint, channel] += step
                losses.append(float(loss_of(double, look.shared, targets)))
                weight[keypoint, channel] -= step
            slope = (losses[0] - losses[1]) / 2e-5
            assert found[keypoint, channel] == pytest.approx(slope, abs=1e-7)


def test_gradients_towards_labelled_frames_are_those_of_autograd_for_the_nearest_thirty(head):
    look, known = Look.at(head, maps_of(2)), Look.at(head, maps_of(33, seed=1))
    reference = Reference(aspects.embedding(known), known.heatmaps)
    found = reference.gradients(look)
    assert found.shape == (2, 33)
    assert torch.isfinite(found).sum(dim=1).tolist() == [30, 30]
    away = torch.cdist(aspects.embedding(look), aspects.embedding(known))
    assert torch.equal(torch.isnan(found[0]), away[0] >= away[0].topk(3).values[-1])
    nearest = int(away[1].argmin())
    wanted = gradient_of(head, look.shared[1:].clone(), known.heatmaps[nearest : nearest + 1])
    assert float(found[1, nearest]) == pytest.approx(float(wanted.square().sum()), rel=1e-3)


def test_the_loss_is_the_training_s_and_leaves_out_what_is_not_seen(head):
    look = Look.at(head, maps_of(2))
    cells = np.array([[[3.0, 4], [8, 8], [np.nan, np.nan]], [[2, 2], [40, 2], [9, 3]]])
    found = aspects.loss(look, cell_to_pixel(cells, 4))
    for body, seen in [(0, [1.0, 1, 0]), (1, [1.0, 0, 1])]:
        bells = torch.from_numpy(gaussians(cells[body], (16, 16), 1.0))[None]
        wanted = heatmap_cross_entropy(look.raw[body : body + 1], bells, torch.tensor([seen]))
        assert float(found[body]) == pytest.approx(float(wanted), rel=1e-5)


def test_two_planted_peaks_are_found_with_their_heights():
    planted = np.zeros((1, 1, 24, 24), np.float32)
    planted[0, 0] += 0.6 * gaussians([[5, 6]], (24, 24), 1.0)[0]
    planted[0, 0] += 0.3 * gaussians([[17, 15]], (24, 24), 1.0)[0]
    heights = local_peaks(torch.from_numpy(planted) * SURE)[0, 0]
    np.testing.assert_allclose(heights[:2], [0.6, 0.3], atol=1e-3)
    assert (heights[2:] < 1e-3).all()  # far cells in which nothing is left of the bells


def test_equal_cells_beside_each_other_are_one_peak():
    flat = np.zeros((1, 1, 12, 12), np.float32)
    flat[0, 0, 5, 4:7] = 1
    heights = local_peaks(torch.from_numpy(flat))[0, 0]
    assert int((heights > 0).sum()) == 1


def test_dropout_spreads_what_a_net_is_unsure_of(head):
    head = head.requires_grad_(False)
    look = Look.at(head, maps_of(2))
    found = aspects.spread(look)
    assert found.shape == (2, KEYPOINTS, 2, 2)
    np.testing.assert_allclose(found[..., 0].mean(dim=1), 0, atol=1e-4)  # from the body's middle
    assert (found[..., 1] > 0).all()
    assert torch.equal(found, aspects.spread(look))
    torch.nn.init.zeros_(head.last.weight)
    still = aspects.spread(Look.at(head, look.maps))
    np.testing.assert_allclose(still[..., 1], 0, atol=1e-5)


def test_confidence_is_the_score_that_is_read_from_heatmaps(head):
    look = Look.at(head, maps_of(4))
    scores = decode(look.heatmaps.numpy())[1]
    np.testing.assert_allclose(aspects.confidence(look.heatmaps), scores, rtol=1e-4)


def test_levels_are_padded_means_and_maps_are_pooled(head):
    look = Look.at(head, maps_of(2))
    levels = aspects.levels(look)
    assert levels.shape == (2, 4, 7)
    torch.testing.assert_close(levels[:, 0, :4], look.maps[0].mean(dim=(2, 3)))
    assert (levels[:, 0, 4:] == 0).all()
    assert aspects.coarse(look).shape == (2, 8, 8, 8)
    torch.testing.assert_close(aspects.embedding(look), look.shared.mean(dim=(2, 3)))


def test_places_are_what_the_heatmaps_hold_in_each_coarse_cell(head):
    look = Look.at(head, maps_of(2))
    told = aspects.places(look).numpy()
    by_hand = look.heatmaps.numpy().reshape(2, KEYPOINTS, 8, 2, 8, 2).sum(axis=(3, 5))
    assert told == pytest.approx(by_hand, rel=1e-5)
    assert told.sum(axis=(2, 3)) == pytest.approx(1, abs=1e-4)
