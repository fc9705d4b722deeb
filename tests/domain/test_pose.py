from pathlib import Path

import numpy as np
import pytest

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet, most_instances_per_frame
from poseapp.domain.pose import Instance, Visibility, visibility_of
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video

HERE = FrameRef(VideoId(1), 4)
SKELETON = Skeleton("pair", (Keypoint("a"), Keypoint("b")))


def instance(frame=HERE, points=((1, 2), (3, 4)), visibility=(2, 1), **more):
    return Instance(frame, np.array(points, float), np.array(visibility), **more)


def label_set(*instances, **more):
    video = Video(VideoId(1), Path("/a.mp4"), 10, 10, 50, 25.0)
    return LabelSet(SKELETON, (video,), instances, **more)


def test_an_absent_keypoint_keeps_no_position():
    made = instance(visibility=(2, 0))
    assert np.isnan(made.points[1]).all()
    assert made.present.tolist() == [True, False]


def test_a_present_keypoint_needs_a_position():
    with pytest.raises(ValueError, match="no finite position"):
        instance(points=((np.nan, 2), (3, 4)))


def test_the_arrays_cannot_be_changed_and_are_copies():
    source = np.array([[1.0, 2.0], [3.0, 4.0]])
    made = Instance(HERE, source, np.array([2, 2]))
    source[0] = 99
    assert made.points[0].tolist() == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        made.points[0, 0] = 5


def test_visibility_must_be_one_of_the_three():
    with pytest.raises(ValueError, match="no Visibility"):
        instance(visibility=(3, 1))


def test_the_box_spans_the_present_keypoints():
    assert instance(points=((5, 2), (3, 9))).box() == (3, 2, 5, 9)
    assert instance(visibility=(0, 0)).box() is None


def test_same_pose_looks_at_frame_positions_and_visibility():
    assert instance().same_pose(instance())
    assert not instance().same_pose(instance(visibility=(2, 2)))
    assert not instance().same_pose(instance(frame=FrameRef(VideoId(1), 5)))


def test_points_without_more_knowledge_are_visible_or_absent():
    seen = visibility_of([[1, 2], [np.nan, 3]])
    assert seen.tolist() == [Visibility.VISIBLE, Visibility.ABSENT]


def test_frames_count_from_zero():
    with pytest.raises(ValueError, match="negative"):
        FrameRef(VideoId(1), -1)


def test_a_label_set_sorts_by_frame_and_finds_them():
    late, early = instance(FrameRef(VideoId(1), 9)), instance(FrameRef(VideoId(1), 2))
    labels = label_set(late, early)
    assert [ref.frame for ref in labels.frames] == [2, 9]
    assert labels.at(early.frame) == (early,)
    assert labels.only([late.frame]).instances == (late,)
    assert labels.points().shape == (2, 2, 2)


def test_the_digest_changes_with_what_is_labelled_and_with_nothing_else():
    first = label_set(instance())
    assert first.digest() == label_set(instance(score=0.5)).digest()
    assert first.digest() != label_set(instance(visibility=(2, 2))).digest()
    assert first.digest() != label_set(instance(), empty_frames=frozenset({HERE})).digest()


def test_a_label_set_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="keypoints"):
        label_set(Instance(HERE, np.zeros((3, 2)), np.full(3, 2)))
    with pytest.raises(ValueError, match="unknown video"):
        label_set(instance(FrameRef(VideoId(7), 0)))


def test_the_fullest_frame_is_counted():
    assert (
        most_instances_per_frame([instance(), instance(), instance(FrameRef(VideoId(1), 8))]) == 2
    )
    assert most_instances_per_frame([]) == 0
