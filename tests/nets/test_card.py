import dataclasses

import pytest

from poseapp.domain.errors import InferenceError
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.nets.card import Card, NetFile

SKELETON = Skeleton("mouse", (Keypoint("nose"), Keypoint("left ear")), bones=((0, 1),))
CARD = Card(
    SKELETON,
    NetFile("net.onnx", 160, 160, 4, "softmax"),
    NetFile("centroid.onnx", 160, 128, 4, "sigmoid"),
    131.5,
    2,
    "efficientnet-lite0",
    "ImageNet",
    {"seed": 3},
    {"held_out_px": 2.5},
)


@pytest.mark.parametrize(
    "card", [CARD, dataclasses.replace(CARD, centroid=None, crop_px=None, instances=1)]
)
def test_a_card_is_read_as_it_was_written(card, tmp_path):
    (tmp_path / "card.json").write_text(card.to_json(), encoding="utf-8")
    assert Card.read(tmp_path) == card


def test_the_card_says_whether_bodies_are_looked_for_first():
    assert CARD.kind == "top-down"
    assert dataclasses.replace(CARD, centroid=None).kind == "whole-frame"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pose": 3}', '{"pose": null}'])
def test_a_damaged_card_is_refused_with_a_sentence(text, tmp_path):
    (tmp_path / "card.json").write_text(text, encoding="utf-8")
    with pytest.raises(InferenceError, match="missing or damaged"):
        Card.read(tmp_path)


def test_a_folder_without_a_card_is_refused(tmp_path):
    with pytest.raises(InferenceError, match="missing or damaged"):
        Card.read(tmp_path)
