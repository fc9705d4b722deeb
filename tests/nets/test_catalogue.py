from __future__ import annotations

from poseapp.learn.recipes.supervised import Config
from poseapp.nets import catalogue
from poseapp.nets.pose_net import BACKBONES


def test_every_backbone_can_be_chosen_and_the_default_is_the_recipes():
    assert {net.name for net in catalogue.NETS} == set(BACKBONES)
    assert Config().net == catalogue.DEFAULT


def test_nets_have_titles_with_any_head():
    assert catalogue.net_title("resnet-18+deconv") == "ResNet-18"
    assert catalogue.net_title(None) == "EfficientNet-Lite0"
    assert catalogue.net_title("of-tomorrow") == "of-tomorrow"
