"""The net in its variants: what it sees, what it cannot know, what is stored."""

from dataclasses import replace
from importlib.resources import as_file

import pytest
import torch

from poseapp.domain.errors import InferenceError
from poseapp.nets.body.camera import FACING
from poseapp.nets.body.rotations import axis_angle_of_matrix
from poseapp.nets.motion_hmr.architecture import CLIP, LIGHT, LIGHT_KEYPOINTS, Architecture
from poseapp.nets.motion_hmr.choice import (
    KEYPOINTS_NET,
    NO_NET,
    SHIPPED,
    architecture_in,
    shipped_names,
)
from poseapp.nets.motion_hmr.clips import make_clips
from poseapp.nets.motion_hmr.encoders import PictureEncoder, profiles, resnet
from poseapp.nets.motion_hmr.net import MotionHMR
from poseapp.nets.motion_hmr.stored import load_net, net_called, save_net

SMALL = replace(LIGHT_KEYPOINTS, memory=8, hidden=16)
TINY = replace(LIGHT, side_px=32, memory=8, hidden=16)


def _clips(clips: int = 2, pictures: int | None = None):
    chance = torch.Generator().manual_seed(0)
    points = 100 + 50 * torch.rand(clips, CLIP, 12, 2, generator=chance)
    made = make_clips(points, torch.ones(clips, CLIP, 12, dtype=torch.bool))
    if pictures is None:
        return made
    drawn = torch.rand(clips, CLIP - 1, 3, pictures, pictures, generator=chance)
    return replace(made, pictures=drawn)


def _net(architecture):
    torch.manual_seed(0)
    return MotionHMR(architecture).eval()


def _loud_net(architecture):
    """Whose corrections are as large as a trained one's."""
    net = _net(architecture)
    for name, value in net.named_parameters():
        if "_correction.weight" in name:
            torch.nn.init.normal_(value)
    return net


@pytest.mark.parametrize(
    "variant",
    [
        SMALL,
        replace(TINY, picture="flow", keypoints=True),
        replace(TINY, picture="flow", keypoints=False),
        replace(TINY, picture="rgb", keypoints=True),
        replace(TINY, picture="rgb", keypoints=False),
        replace(TINY, picture="", keypoints=True),
    ],
)
@torch.no_grad()
def test_every_variant_says_two_bodies_of_each_pair(variant):
    pictures = TINY.side_px if variant.picture else None
    present, future = _net(variant)(_clips(1, pictures))
    for bodies in (present, future):
        assert bodies.camera.shape == (1, 30, 3)
        assert bodies.rotations().shape == (1, 30, 20, 3, 3)
        assert torch.isfinite(bodies.shape).all()


@torch.no_grad()
def test_what_is_asked_of_some_pairs_is_what_is_said_of_all():
    net, clips = _net(SMALL), _clips()
    pairs = torch.tensor([4, 0, 29])
    every, some = net(clips)[1], net(clips, pairs)[1]
    torch.testing.assert_close(some.six, every.six[:, pairs])


@torch.no_grad()
def test_a_net_of_pictures_begins_as_one_of_keypoints():
    known, net = _loud_net(SMALL), _loud_net(replace(TINY, picture="flow"))
    clips = _clips(2, TINY.side_px)
    net.take_over(known)
    for ours, theirs in zip(net(clips), known(clips), strict=True):
        torch.testing.assert_close(ours.six, theirs.six)
        torch.testing.assert_close(ours.camera, theirs.camera)


def test_a_net_that_took_over_learns_from_pictures():
    net, clips = _net(replace(TINY, picture="flow")), _clips(2, TINY.side_px)
    net.take_over(_net(SMALL))
    pictures = net.encoder.width - net.encoder.numbers.width
    weight = net._memory.weight_ih_l0
    assert not weight[:, :pictures].any()
    net(clips)[0].six.square().sum().backward()
    assert weight.grad[:, :pictures].any()


@torch.no_grad()
def test_a_net_of_pictures_that_is_shown_none_goes_by_the_keypoints():
    known, net = _loud_net(SMALL), _loud_net(replace(TINY, picture="flow"))
    net.take_over(known)
    net._memory.weight_ih_l0[:, : net.encoder.width - net.encoder.numbers.width] = 1.0
    ours, theirs = (one(_clips(2))[0].six for one in (net, known))
    torch.testing.assert_close(ours, theirs)


@torch.no_grad()
def test_the_net_inside_says_what_is_said_without_pictures():
    net, clips = _loud_net(replace(TINY, picture="flow")), _clips(2)
    inside = net.without_pictures()
    assert inside.architecture.trunk == "points"
    for ours, theirs in zip(inside(clips), net(clips), strict=True):
        torch.testing.assert_close(ours.six, theirs.six)
        torch.testing.assert_close(ours.camera, theirs.camera)


@pytest.mark.parametrize("variant", [SMALL, replace(TINY, keypoints=False)])
def test_only_a_net_of_pictures_and_numbers_has_one_inside(variant):
    with pytest.raises(ValueError, match="does without pictures"):
        _net(variant).without_pictures()


@pytest.mark.parametrize(
    ("variant", "known"),
    [
        (replace(TINY, keypoints=False), SMALL),
        (SMALL, SMALL),
        (TINY, replace(SMALL, hidden=32)),
        (TINY, TINY),
    ],
)
def test_only_a_net_of_the_same_sizes_is_taken_over(variant, known):
    with pytest.raises(ValueError, match="take over"):
        _net(variant).take_over(_net(known))


@torch.no_grad()
def test_the_memory_goes_both_ways():
    net, clips = _loud_net(SMALL), _clips()
    before = net(clips)[0].six
    for changed, other in ((0, 29), (29, 0)):
        points = clips.points.clone()
        points[:, changed] += 0.3
        after = net(replace(clips, points=points))[0].six
        assert (after - before)[:, other].abs().max() > 1e-9


@torch.no_grad()
def test_an_untrained_net_says_a_person_who_faces_the_camera():
    present, _ = _net(SMALL)(_clips())
    root = axis_angle_of_matrix(present.rotations()[0, 0, 0])
    torch.testing.assert_close(root, torch.tensor(FACING), atol=0.1, rtol=0)


def test_a_heatmap_has_its_peak_at_the_keypoint_and_its_width():
    """At 224 px the standard deviation is 10: one of them away the map has e^-0.5."""
    points = torch.tensor([[[0.0, 0.5], [-0.25, 0.0]]])
    maps = _heatmaps(points, torch.tensor([[True, False]]), 224)
    assert maps.shape == (1, 2, 224, 224)
    row, column = divmod(int(maps[0, 0].argmax()), 224)
    assert column in (111, 112)
    assert row in (167, 168)
    # the keypoint lies amid four pixels
    torch.testing.assert_close(maps[0, 0, 167, 111], torch.tensor(0.5 / 100).neg().exp() ** 0.5)
    ten = maps[0, 0, 167, 121] / maps[0, 0, 167, 111]
    torch.testing.assert_close(ten, torch.tensor(-(9.5**2 - 0.5**2) / 200).exp())
    assert maps[0, 1].abs().max() == 0


@pytest.mark.parametrize(
    "variant",
    [TINY, replace(TINY, keypoints=False), replace(TINY, picture="")],
)
@torch.no_grad()
def test_the_first_convolution_is_that_of_drawn_pictures(variant):
    """Pictures, heatmaps and flag drawn one over the other, and convolved by torch."""
    torch.manual_seed(0)
    encoder = PictureEncoder(variant).eval()
    clips = _clips(2, variant.side_px if variant.picture else None)
    shown = torch.rand(clips.shown.shape, generator=torch.Generator().manual_seed(1)) > 0.3
    shown[:, 3:6] = False
    clips = make_clips(clips.middle[:, :, None] + 40 * clips.points, shown)
    if variant.picture:
        clips = replace(clips, pictures=_clips(2, variant.side_px).pictures)
    layers = [] if clips.pictures is None else [clips.pictures]
    if variant.keypoints:
        layers.append(_heatmaps(clips.points[:, :-1], clips.shown[:, :-1], variant.side_px))
    flag = clips.occluded[:, :-1, None, None, None].float()
    assert 0 < flag.sum() < flag.numel()
    drawn = [layer * (1 - flag) for layer in layers]
    ones = torch.ones(variant.side_px, variant.side_px)
    pairs = torch.cat([*drawn, flag * ones], dim=2).flatten(0, 1)
    expected = encoder._resnet(pairs)
    torch.testing.assert_close(encoder._averaged(clips), expected, atol=1e-3, rtol=1e-3)


def _heatmaps(points, shown, side):
    across, down = profiles(points, shown, side)
    return down[..., :, None] * across[..., None, :]


def test_a_hidden_keypoint_at_the_middle_is_no_keypoint():
    maps = _heatmaps(torch.zeros(1, 1, 2), torch.zeros(1, 1, dtype=torch.bool), 32)
    assert maps.abs().sum() == 0


def test_the_papers_trunk_has_the_size_of_a_resnet_50():
    """23.5 million weights without the last layer, plus what the ten more channels need."""
    net, width = resnet("resnet50", 3)
    assert width == 2048
    assert sum(p.numel() for p in net.parameters()) == 23_508_032


def test_what_is_stored_comes_back(tmp_path):
    net = _net(SMALL)
    save_net(net, tmp_path / "net.safetensors")
    again = load_net(tmp_path / "net.safetensors")
    assert again.architecture == SMALL
    for name, value in net.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, atol=1e-3, rtol=1e-3)


def test_a_file_that_is_no_net_is_told(tmp_path):
    (tmp_path / "net.safetensors").write_bytes(b"nothing")
    with pytest.raises(InferenceError, match=r"net\.safetensors cannot be read as a net"):
        load_net(tmp_path / "net.safetensors")


def test_a_net_is_told_from_its_file_without_loading_it(tmp_path):
    file = tmp_path / "net.safetensors"
    save_net(_net(SMALL), file)
    assert architecture_in(file) == SMALL
    assert net_called(str(file)).architecture == SMALL
    content = file.read_bytes()
    for damaged in (b"", content[:100], content.replace(b"memory", b"memorial")):
        file.write_bytes(damaged)
        with pytest.raises(InferenceError, match=r"net\.safetensors cannot be read as a net"):
            architecture_in(file)


def test_a_net_without_its_weights_is_refused(tmp_path):
    file = tmp_path / "net.safetensors"
    save_net(_net(SMALL), file)
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(InferenceError, match=r"net\.safetensors cannot be read as a net"):
        load_net(file)


def test_what_comes_with_the_app_is_called_by_name():
    assert KEYPOINTS_NET in shipped_names()
    for name in shipped_names():
        with as_file(SHIPPED[name]) as file:
            assert net_called(name).architecture == architecture_in(file)
    assert net_called(KEYPOINTS_NET).architecture.picture == ""
    assert net_called(NO_NET) is None


def test_a_net_that_sees_nothing_is_refused():
    with pytest.raises(ValueError, match="must see"):
        Architecture(keypoints=False, picture="")
