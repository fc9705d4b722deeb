"""The backbones a person may choose from, in words; read without loading torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetChoice:
    """One entry of the list."""

    name: str
    """As `pose_net.build` knows it."""
    title: str
    pretrained: bool = False
    """Whether its ImageNet weights can be installed as a package; else it begins from nothing."""


NETS = (
    NetChoice("efficientnet-lite0", "EfficientNet-Lite0", pretrained=True),
    NetChoice("mobilenet-v3-small", "MobileNetV3 small"),
    NetChoice("mobilenet-v3-large", "MobileNetV3 large"),
    NetChoice("resnet-18", "ResNet-18"),
    NetChoice("resnet-50", "ResNet-50"),
    NetChoice("hrnet-w18-small", "HRNet-W18 small"),
)
DEFAULT = NETS[0].name


def net_title(name: str | None) -> str:
    """What a net is called on the screen, whatever its head; None is the default."""
    backbone = (name or DEFAULT).partition("+")[0]
    return next((net.title for net in NETS if net.name == backbone), backbone)
