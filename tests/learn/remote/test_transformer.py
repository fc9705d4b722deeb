"""The Motion Transformer really moves bodies: on a figure that swings its arm."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from poseapp.domain.errors import TrainingError
from poseapp.learn.remote.generator import Generator, drawn_size
from poseapp.learn.remote.motion import moved
from poseapp.learn.remote.objective import full_loss, see, telling_loss
from poseapp.learn.remote.settings import PAPERS_DRAWING, AsPrinted, Drawing, Settings
from poseapp.learn.remote.studio import Studio
from poseapp.nets.pose_net import BACKBONES, build
from tests.fixtures.tiny_net import TinyBackbone
from tests.learn.remote.figures import pairs

CPU = torch.device("cpu")
SMALL = Settings(drawing=Drawing(side=None, width=8, blocks=2), drawing_lr=4e-3)


@pytest.fixture(autouse=True)
def tiny_net(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TinyBackbone)
    torch.manual_seed(0)


def test_it_beats_copying_the_source_and_a_pose_of_another_moment():
    studio = Studio(build("tiny", 3), 3, SMALL, CPU)
    for step in range(140):
        studio.warm_up(*pairs(step))
    given, partners = pairs(5000, count=32)
    with torch.no_grad():
        drawn = studio.generator(given.labelled, given.truth, partners)
        shuffled = studio.generator(given.labelled, given.truth, partners.roll(1, dims=0))
    error = float((drawn - given.unlabelled).abs().mean())
    copied = float((given.labelled - given.unlabelled).abs().mean())
    with_another = float((shuffled - given.unlabelled).abs().mean())
    assert error < 0.8 * copied
    assert error < 0.95 * with_another


def test_at_first_it_shows_the_moved_source_and_paints_little():
    generator = Generator(3, SMALL.drawing, AsPrinted())
    given, partners = pairs(0)
    with torch.no_grad():
        drawn = generator(given.labelled, given.truth, partners)
        kept = moved(given.labelled, given.truth, partners)
    assert float((drawn - kept).abs().max()) < 0.25
    assert not torch.equal(drawn, kept)


def test_an_update_moves_all_three_nets_and_the_average_lags():
    studio = Studio(build("tiny", 3), 3, SMALL, CPU)
    names = ("estimator", "generator", "discriminator", "average")
    before = {n: [p.clone() for p in getattr(studio, n).parameters()] for n in names}
    terms, outcome = studio.update(pairs(0)[0], transformer=True)
    assert set(terms) == {"truth", "adversarial", "pose", "discriminator"}
    assert outcome is not None
    moved = {
        n: sum(
            float((a - b).detach().abs().sum())
            for a, b in zip(before[n], getattr(studio, n).parameters(), strict=True)
        )
        for n in names
    }
    assert min(moved.values()) > 0
    assert moved["average"] == pytest.approx(0.02 * moved["estimator"], rel=1e-3)


def test_each_net_learns_from_its_own_loss_alone():
    """What the discriminator said of drawn frames is computed once and serves both losses."""
    studio, given = Studio(build("tiny", 3), 3, SMALL, CPU), pairs(0)[0]
    nets = [studio.estimator, studio.generator, studio.discriminator]
    estimator, generator, discriminator = copy.deepcopy(nets)
    estimator.eval()
    studio.update(given, transformer=True)
    outcome = full_loss(estimator, generator, discriminator, given, SMALL.weights, SMALL.as_printed)
    poses = outcome.poses.detach()
    told = telling_loss(
        discriminator(outcome.real, poses), discriminator(outcome.drawn.detach(), poses)
    )
    for net, twin, loss in (
        (nets[0], estimator, outcome.total),
        (nets[1], generator, outcome.total),
        (nets[2], discriminator, told),
    ):
        wanted = torch.autograd.grad(loss, list(twin.parameters()), retain_graph=True)
        for parameter, gradient in zip(net.parameters(), wanted, strict=True):
            assert torch.allclose(parameter.grad, gradient, rtol=1e-3, atol=1e-6)


def test_labels_alone_leave_the_drawing_nets_as_they_are():
    studio = Studio(build("tiny", 3), 3, SMALL, CPU)
    before = [p.clone() for p in studio.generator.parameters()]
    terms, outcome = studio.update(pairs(0)[0], transformer=False)
    assert set(terms) == {"truth"}
    assert outcome is None
    assert all(
        torch.equal(a, b) for a, b in zip(before, studio.generator.parameters(), strict=True)
    )


def statistics(net):
    return {k: v.clone() for k, v in net.state_dict().items() if "running" in k}


def test_reconstructed_frames_do_not_reach_the_statistics_unless_as_printed():
    for printed, kept in ((AsPrinted(), True), (AsPrinted(batch_statistics=True), False)):
        studio = Studio(build("tiny", 3), 3, replace(SMALL, as_printed=printed), CPU)
        before = statistics(studio.estimator)
        studio.update(pairs(0)[0], transformer=True)
        after = statistics(studio.estimator)
        assert all(torch.equal(after[k], before[k]) for k in before) is kept


def test_what_was_saved_goes_on_alike():
    def fresh():
        torch.manual_seed(3)
        return Studio(build("tiny", 3), 3, SMALL, CPU)

    one, other = fresh(), fresh()
    one.update(pairs(0)[0], transformer=True)
    other.restore({k: v.clone() for k, v in one.saved().items()})
    told = [studio.update(pairs(1)[0], transformer=True)[0] for studio in (one, other)]
    assert told[0] == told[1]


def test_the_printed_generator_sees_one_pose_and_paints_everything():
    given, partners = pairs(0)
    generator = Generator(3, SMALL.drawing, AsPrinted(target_pose_only=True, whole_picture=True))
    with torch.no_grad():
        one = generator(given.labelled, given.truth, partners)
        other = generator(given.labelled, torch.zeros_like(partners), partners)
        blank = generator(torch.zeros_like(given.labelled), given.truth, partners)
    assert torch.equal(one, other)
    assert float((one - given.labelled).abs().mean()) > 0.1
    assert float((one - blank).abs().mean()) > 0
    ours = Generator(3, SMALL.drawing, AsPrinted())
    with torch.no_grad():
        assert not torch.equal(
            ours(given.labelled, given.truth, partners),
            ours(given.labelled, torch.zeros_like(partners), partners),
        )


def test_a_step_of_the_papers_size_teaches_all_three_nets():
    """On small pictures; the nets are those of the paper."""
    settings = Settings(drawing=PAPERS_DRAWING)
    studio = Studio(build("resnet-50+deconv", 3), 3, settings, CPU)
    layers = [conv for conv in studio.estimator.head.modules() if isinstance(conv, nn.Conv2d)]
    assert layers
    nets = (studio.estimator, studio.generator, studio.discriminator)
    before = [next(net.parameters()).clone() for net in nets]
    given, _ = pairs(0, count=1)
    terms, outcome = studio.update(given, transformer=True)
    assert set(terms) == {"truth", "adversarial", "pose", "discriminator"}
    assert outcome is not None
    assert outcome.drawn.shape == (2, 3, 32, 32)
    now = [next(net.parameters()) for net in nets]
    assert not any(torch.equal(a, b) for a, b in zip(before, now, strict=True))


def test_memory_that_gives_out_is_a_sentence(monkeypatch):
    studio = Studio(build("tiny", 3), 3, SMALL, CPU)

    def gives_out(*_):
        raise MemoryError

    monkeypatch.setattr(studio.generator, "forward", gives_out)
    for ask in (
        lambda: studio.update(pairs(0)[0], transformer=True),
        lambda: studio.warm_up(*pairs(0)),
        lambda: studio.redrawn(pairs(0)[0]),
    ):
        with pytest.raises(TrainingError, match="not enough memory to learn from pairs"):
            ask()


def test_what_is_shown_is_what_each_frame_makes_of_the_other():
    studio = Studio(build("tiny", 3), 3, SMALL, CPU)
    given, _ = pairs(0)
    shown = studio.redrawn(given)
    assert all(picture.shape == (8, 32, 32, 3) for picture in shown)
    with torch.no_grad():
        estimated = see(studio.estimator, given.unlabelled).poses
        wanted = (
            given.labelled,
            studio.generator(given.unlabelled, estimated, given.truth),
            given.unlabelled,
            studio.generator(given.labelled, given.truth, estimated),
        )
    for picture, tensor in zip(shown, wanted, strict=True):
        colours = torch.from_numpy(picture).permute(0, 3, 1, 2) / 127.5 - 1
        assert torch.allclose(colours, tensor, atol=0.005)


def test_the_papers_size_is_another_configuration_of_the_same_net():
    generator = Generator(15, PAPERS_DRAWING, AsPrinted())
    assert len(generator.blocks) == 9
    assert generator.picture[0].out_channels == 64
    assert generator.blocks[-1].change[0].out_channels == 256
    assert generator.poses[0].in_channels == 30


def test_what_is_drawn_keeps_its_shape_and_never_grows():
    assert drawn_size(torch.zeros(1, 3, 128, 128), 64) == (64, 64)
    assert drawn_size(torch.zeros(1, 3, 96, 160), 64) == (40, 64)
    assert drawn_size(torch.zeros(1, 3, 32, 32), 64) == (32, 32)
    assert drawn_size(torch.zeros(1, 3, 384, 384), None) == (384, 384)
