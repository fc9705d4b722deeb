from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Instance, Origin
from poseapp.domain.skeleton import BodyPart, Keypoint, Skeleton
from poseapp.domain.suggestion import Reason
from poseapp.domain.video import Video, VideoKind
from poseapp.store.codec import Tagged, from_json, to_json


class Shape(Tagged):
    pass


@dataclass(frozen=True)
class Dot(Shape):
    at: tuple[float, float] | None = None


@dataclass(frozen=True)
class Several(Shape):
    shapes: tuple[Shape, ...]


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Video, Video(VideoId(3), Path("/a/b c"), 4, 5, 6, 29.97, VideoKind.IMAGES, ("x", "ü"))),
        (
            Skeleton,
            Skeleton(
                "fly",
                (Keypoint("head", "#00FF00", 7), Keypoint("tail", uid=9)),
                ((0, 1),),
                (),
                (BodyPart("all", (0, 1)),),
            ),
        ),
        (tuple[Reason, ...], (Reason("jump", 'It "jumped".', 0.25), Reason("a", "b", 1, "nose"))),
        (Shape, Several((Dot(), Dot((1.5, -2.0)), Several(())))),
    ],
)
def test_a_value_comes_back_as_it_was(hint, value):
    assert from_json(hint, to_json(value)) == value


def test_keypoint_numbers_that_do_not_count_for_equality_come_back_too():
    skeleton = Skeleton("x", (Keypoint("a", uid=4),))
    assert from_json(Skeleton, to_json(skeleton)).keypoints[0].uid == 4


@given(
    st.lists(st.floats(allow_infinity=False), min_size=6, max_size=6),
    st.lists(st.integers(0, 2), min_size=3, max_size=3),
    st.none() | st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3),
    st.sampled_from(Origin),
)
def test_an_instance_comes_back_to_the_last_bit(numbers, visibility, scores, origin):
    points = np.array(numbers).reshape(3, 2)
    seen = np.where(np.isfinite(points).all(axis=1), visibility, 0)
    instance = Instance(FrameRef(VideoId(1), 2), points, seen, scores=scores, origin=origin)
    back = from_json(Instance, to_json(instance))
    assert back.same_pose(instance)
    assert back.origin is origin
    assert (back.scores is None) == (scores is None)
    if scores is not None:
        assert back.scores.tobytes() == instance.scores.tobytes()


def test_numbers_that_numpy_made_are_plain_numbers():
    made = FrameRef(VideoId(np.int64(3)), np.int32(4))
    assert from_json(FrameRef, to_json(made)) == FrameRef(VideoId(3), 4)
    assert to_json(Dot((np.float32(0.5), np.float64(1)))) == '{"is":"Dot","at":[0.5,1.0]}'


def test_a_type_that_cannot_be_told_from_others_is_refused():
    with pytest.raises(NotImplementedError, match="list"):
        from_json(list[int], "[1]")


def test_fields_with_their_default_are_left_out():
    document = json.loads(to_json(Dot()))
    assert document == {"is": "Dot"}


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (Video, "{}"),
        (Video, '{"id": "one"}'),
        (FrameRef, '{"video": 1, "frame": -1}'),
        (FrameRef, '{"video": 1, "frame": 1, "more": 2}'),
        (FrameRef, "[]"),
        (FrameRef, "nonsense"),
        (Shape, '{"is": "Triangle"}'),
        (tuple[float, float], "[1]"),
    ],
)
def test_what_is_no_such_value_is_refused(hint, text):
    with pytest.raises((ValueError, TypeError, KeyError)):
        from_json(hint, text)
