import copy
import math

import pytest
import torch

from poseapp.learn.remote.discriminator import Discriminator
from poseapp.learn.remote.generator import Generator
from poseapp.learn.remote.objective import (
    Pairs,
    Seen,
    fooling_loss,
    full_loss,
    look,
    pose_loss,
    reconstruct,
    see,
    telling_loss,
    truth_loss,
)
from poseapp.learn.remote.settings import AsPrinted, Drawing, Weights
from poseapp.nets.pose_net import BACKBONES, build
from tests.fixtures.tiny_net import TinyBackbone
from tests.learn.remote.figures import pairs

DRAWING = Drawing(side=16, width=4, blocks=2)
OURS = AsPrinted()


@pytest.fixture(autouse=True)
def first_weights(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TinyBackbone)
    torch.manual_seed(0)


def estimator():
    net = build("tiny", 3)
    torch.nn.init.normal_(net.head.last.weight, std=0.3)
    return net.eval()


def gradient(net):
    return sum(float(p.grad.abs().sum()) for p in net.parameters() if p.grad is not None)


def drawn_from(net, eyes, generator, *, detached=False):
    """L_pose of both frames with other eyes than the estimator's: only P_unLBL leads back to it."""
    given, _ = pairs(0)
    estimated = see(net, given.unlabelled).poses
    both = reconstruct(generator, given, estimated.detach() if detached else estimated)
    real = torch.cat([given.labelled, given.unlabelled])
    return pose_loss(look(eyes, torch.cat(both)), look(eyes, real), OURS)


def test_the_transformer_teaches_the_estimator_through_the_estimated_pose():
    net = estimator()
    eyes = copy.deepcopy(net).requires_grad_(False)
    drawn_from(net, eyes, Generator(3, DRAWING, OURS)).backward()
    assert gradient(net) > 0
    assert all(p.grad is not None and p.grad.any() for p in net.head.last.parameters())


def test_a_detached_pose_teaches_nothing():
    net = estimator()
    eyes = copy.deepcopy(net).requires_grad_(False)
    drawn_from(net, eyes, Generator(3, DRAWING, OURS), detached=True).backward()
    assert gradient(net) == 0


def test_where_the_estimate_tells_how_the_source_stands_it_is_held_fast():
    net = estimator()
    given, _ = pairs(0)
    labelled, _ = reconstruct(Generator(3, DRAWING, OURS), given, see(net, given.unlabelled).poses)
    labelled.sum().backward()
    assert gradient(net) == 0


def test_the_pose_loss_teaches_through_the_pose_alone_unless_as_printed():
    """As if other eyes had looked at what was drawn."""
    given, _ = pairs(0)
    alone = Weights(truth=0.0, adversarial=0.0)
    for printed, same in ((OURS, True), (AsPrinted(taught_to_look=True), False)):
        net, generator = estimator(), Generator(3, DRAWING, OURS)
        twin, eyes = copy.deepcopy(net), copy.deepcopy(net).requires_grad_(False)
        full_loss(net, generator, Discriminator(3, DRAWING), given, alone, printed).total.backward()
        drawn_from(twin, eyes, generator).backward()
        gradients = [
            torch.cat([p.grad.flatten() for p in each.parameters()]) for each in (net, twin)
        ]
        assert torch.allclose(*gradients, rtol=1e-3, atol=1e-6) is same


def certain(truth):
    """An estimator's answer that is right: heatmaps that are the bells, scaled to sum to one."""
    raw = (truth + 1e-9).log()
    poses = 2 * math.pi * raw.flatten(2).softmax(dim=2).view_as(raw)
    return Seen([], raw, poses)


def test_there_is_no_loss_of_truth_where_the_estimate_is_perfect():
    given, _ = pairs(0)
    assert float(truth_loss(certain(given.truth), given, OURS)) == pytest.approx(0, abs=1e-5)
    wrong = certain(given.truth.flip(3))
    assert float(truth_loss(wrong, given, OURS)) > 1
    squared = AsPrinted(squared_maps=True)
    # bells near the rim sum to less than those in the middle, so a map that sums to one is higher
    assert float(truth_loss(certain(given.truth), given, squared)) < 0.3
    assert float(truth_loss(wrong, given, squared)) > 1


def test_keypoints_that_are_not_labelled_teach_nothing():
    given, _ = pairs(0)
    taught = given.taught.clone()
    taught[:, 2] = 0
    some = Pairs(given.labelled, given.unlabelled, given.truth, taught)
    bent = given.truth.clone()
    bent[:, 2] = bent[:, 2].flip(2)
    for printed in (OURS, AsPrinted(squared_maps=True)):
        told = truth_loss(certain(given.truth), some, printed)
        assert float(truth_loss(certain(bent), some, printed)) == pytest.approx(float(told))


def features(*layers):
    return [torch.tensor(layer, requires_grad=True).view(2, 1, 1, -1) for layer in layers]


def test_the_pose_loss_weighs_layers_alike():
    drawn = features([[1.0, 1.0], [2.0, 2.0]], [[100.0], [100.0]])
    real = features([[1.0, 1.0], [1.0, 1.0]], [[200.0], [200.0]])
    # mean square 0.5 of 1 in the first layer, 10⁴ of 4 · 10⁴ in the second
    assert pose_loss(drawn, real, OURS).item() == pytest.approx(0.5 + 0.25)
    raw = pose_loss(drawn, real, AsPrinted(raw_features=True))
    assert raw.item() == pytest.approx((0 + 2) / 2 + 1e4)


def test_the_features_of_the_real_frame_are_the_goal_unless_as_printed():
    for printed, moved in ((OURS, False), (AsPrinted(both_sides=True), True)):
        real = features([[1.0], [1.0]])
        leaf = real[0]
        leaf.retain_grad()
        pose_loss(features([[2.0], [2.0]]), real, printed).backward()
        assert (leaf.grad is not None) is moved


def test_adversarial_losses_are_equation_9():
    sure, unsure = torch.tensor([2.0]), torch.tensor([-1.0])
    share = 1 / (1 + math.exp(-2.0))
    assert float(fooling_loss(sure, OURS)) == pytest.approx(-math.log(share))
    printed = fooling_loss(sure, AsPrinted(saturating=True))
    assert float(printed) == pytest.approx(math.log(1 - share))
    doubt = 1 / (1 + math.exp(1.0))
    told = telling_loss(sure, unsure)
    assert float(told) == pytest.approx(-math.log(share) - math.log(1 - doubt))


def test_the_whole_is_the_weighted_sum_and_zero_leaves_a_loss_out():
    given, _ = pairs(1)
    nets = estimator(), Generator(3, DRAWING, OURS), Discriminator(3, DRAWING)
    whole = full_loss(*nets, given, Weights(pixel=0.1), OURS)
    t = whole.terms
    by_hand = t["truth"] + 0.25 * t["adversarial"] + 0.5 * t["pose"] + 0.1 * t["pixel"]
    assert whole.total.item() == pytest.approx(by_hand, rel=1e-5)
    for name in ("truth", "adversarial", "pose"):
        told = full_loss(*nets, given, Weights(**{name: 0.0}), OURS).terms
        assert set(told) == {"truth", "adversarial", "pose"} - {name}
    assert set(t) == {"truth", "adversarial", "pose", "pixel"}


def test_the_discriminator_is_told_the_labelled_pose_unless_as_printed():
    given, _ = pairs(2)
    nets = estimator(), Generator(3, DRAWING, OURS), Discriminator(3, DRAWING)
    told = full_loss(*nets, given, Weights(), OURS).poses
    assert torch.equal(told[:8], given.truth)
    printed = full_loss(*nets, given, Weights(), AsPrinted(estimated_condition=True)).poses
    assert torch.allclose(printed[:8], see(nets[0], given.labelled).poses)


def test_the_discriminator_learns_to_tell_drawn_frames_from_real_ones():
    discriminator = Discriminator(3, Drawing(side=16, width=4))
    optimiser = torch.optim.Adam(discriminator.parameters(), lr=3e-3)
    generator = Generator(3, DRAWING, OURS).requires_grad_(False)

    def shown(seed):
        given, partners = pairs(seed)
        drawn = generator(given.labelled, given.truth, partners)
        return given.unlabelled, drawn, partners

    for step in range(60):
        real, drawn, poses = shown(step)
        loss = telling_loss(discriminator(real, poses), discriminator(drawn, poses))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    real, drawn, poses = shown(1000)
    with torch.no_grad():
        margin = discriminator(real, poses).mean() - discriminator(drawn, poses).mean()
    assert float(margin) > 1
