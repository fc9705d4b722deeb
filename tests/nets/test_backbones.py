import pytest
import torch

from poseapp.domain.errors import TrainingError
from poseapp.nets.pose_net import BACKBONES, HEADS, build

# What the public nets count without their classifiers (all parameters less pooled layers and fc).
PUBLISHED = {
    "efficientnet-lite0": 4_652_008 - (320 * 1280 + 2 * 1280) - 1281 * 1000,
    "mobilenet-v3-small": 2_542_856 - (96 * 576 + 2 * 576) - (577 * 1024 + 1025 * 1000),
    "mobilenet-v3-large": 5_483_032 - (160 * 960 + 2 * 960) - (961 * 1280 + 1281 * 1000),
    "resnet-18": 11_689_512 - 513 * 1000,
    "resnet-50": 25_557_032 - 2049 * 1000,
    "hrnet-w18-small": 13_187_464 - 11_709_544,
}

# One name from deep inside each public weight file.
DEEP_NAMES = {
    "efficientnet-lite0": ("_blocks.15._project_conv.weight", (320, 1152, 1, 1)),
    "mobilenet-v3-small": ("features.4.block.2.fc1.weight", (24, 96, 1, 1)),
    "mobilenet-v3-large": ("features.15.block.3.0.weight", (160, 960, 1, 1)),
    "resnet-18": ("layer4.1.conv2.weight", (512, 512, 3, 3)),
    "resnet-50": ("layer3.5.conv3.weight", (1024, 256, 1, 1)),
    "hrnet-w18-small": ("stage4.0.fuse_layers.3.0.2.0.weight", (128, 16, 3, 3)),
}


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_has_as_many_parameters_as_the_published_net(name):
    assert sum(p.numel() for p in BACKBONES[name]().parameters()) == PUBLISHED[name]


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_uses_the_names_of_the_public_weights(name):
    deep, shape = DEEP_NAMES[name]
    assert tuple(BACKBONES[name]().state_dict()[deep].shape) == shape


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_gives_maps_at_strides_4_8_16_32(name):
    backbone = BACKBONES[name]().eval()
    maps = backbone(torch.zeros(2, 3, 64, 96))
    assert [tuple(m.shape) for m in maps] == [
        (2, channels, 64 // stride, 96 // stride)
        for channels, stride in zip(backbone.channels, (4, 8, 16, 32), strict=True)
    ]


@pytest.mark.parametrize("head", HEADS)
def test_a_head_gives_one_map_a_keypoint_at_stride_4(head):
    net = build(f"mobilenet-v3-small+{head}", keypoints=5).eval()
    assert net(torch.zeros(2, 3, 64, 96)).shape == (2, 5, 16, 24)


def test_softmax_heatmaps_hold_one_body_and_sigmoid_ones_any_number():
    raw = torch.randn(2, 3, 8, 8)
    one = build("mobilenet-v3-small", 3, "softmax").heatmaps(raw)
    several = build("mobilenet-v3-small", 3, "sigmoid").heatmaps(raw)
    assert torch.allclose(one.sum(dim=(2, 3)), torch.ones(2, 3))
    assert torch.allclose(several, raw.sigmoid())


def test_the_net_turns_bgr_round_and_normalises_by_itself():
    net = build("resnet-18", 1).eval()
    seen = []
    net.backbone.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    picture = torch.zeros(1, 3, 32, 32)
    picture[:, 2] = 255  # red is last in BGR
    net(picture)
    expected = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0 - 0.406) / 0.225]
    assert seen[0][0, :, 5, 5].tolist() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_settled_net_keeps_its_first_layers_and_its_statistics(name):
    net = build(name, 2)
    net.settle()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    optimiser = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    net.train()
    net(255 * torch.rand(2, 3, 64, 64)).square().sum().backward()
    optimiser.step()
    changed = {k for k, v in net.state_dict().items() if not torch.equal(v, before[k])}
    assert not any(f"backbone.{early}." in k for k in changed for early in net.backbone.early)
    assert not any(k.startswith("backbone.") and "running" in k for k in changed)
    trained = {k for k, p in net.named_parameters() if p.requires_grad}
    assert len(changed & trained) > 0.5 * len(trained)
    assert any(k.startswith("head.") and "running" in k for k in changed)


@pytest.mark.parametrize("name", ["resnet-19", "resnet-18+heavy", "resnet-18+", ""])
def test_a_net_that_is_not_there_is_refused_with_those_that_are(name):
    with pytest.raises(TrainingError, match="resnet-18, resnet-50"):
        build(name, 2)
