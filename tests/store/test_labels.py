from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import FrameRef, InstanceId, RunId, TrackId, VideoId
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.skeleton import Keypoint, Skeleton
from tests.fixtures.projects import LEFT_EAR, MOUSE, NAN, NOSE, POSE, TAIL, body, film, rolled_back

FRAME = FrameRef(VideoId(1), 7)


def assert_same(one: Instance, other: Instance) -> None:
    assert one.same_pose(other)
    assert (one.id, one.track, one.origin, one.run, one.score) == (
        other.id,
        other.track,
        other.origin,
        other.run,
        other.score,
    )
    assert (one.scores is None) == (other.scores is None)
    if one.scores is not None:
        assert one.scores.tolist() == other.scores.tolist()


@st.composite
def instances(draw):
    visibility = draw(st.lists(st.sampled_from(Visibility), min_size=4, max_size=4))
    coordinate = st.floats(-1e4, 1e4)
    points = draw(st.lists(st.tuples(coordinate, coordinate), min_size=4, max_size=4))
    return Instance(
        FrameRef(VideoId(1), draw(st.integers(0, 5))),
        points,
        visibility,
        track=draw(st.none() | st.integers(1, 3)),
        scores=draw(st.none() | st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4)),
        score=draw(st.none() | st.floats(0, 1)),
        origin=draw(st.sampled_from(Origin)),
        run=draw(st.none() | st.just(RunId("run 1"))),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(instances(), max_size=5))
def test_instances_come_back_as_they_were_by_number_by_frame_and_all_together(project, made):
    with rolled_back(project):
        stored = [replace(i, id=project.labels.insert(i)) for i in made]
        for instance in stored:
            assert_same(project.labels.get(instance.id), instance)
        for frame in range(6):
            there = [i for i in stored if i.frame.frame == frame]
            for one, other in zip(
                project.labels.at(FrameRef(VideoId(1), frame)), there, strict=True
            ):
                assert_same(one, other)
        together = sorted(stored, key=lambda i: (i.frame, i.id))
        for one, other in zip(project.labels.snapshot().instances, together, strict=True):
            assert_same(one, other)
        assert project.labels.count() == len(made)
        assert project.labels.frame_count() == len({i.frame for i in made})


def test_replacing_returns_what_was_there_and_writes_what_is_new(project):
    number = project.labels.insert(body(FRAME))
    moved = replace(project.labels.get(number), points=POSE + 5, track=TrackId(2))
    before = project.labels.replace(moved)
    assert_same(before, replace(body(FRAME), id=number))
    assert_same(project.labels.get(number), moved)


def test_a_deleted_instance_comes_back_under_its_number_and_in_its_place(project):
    first, second = (project.labels.insert(body(FRAME, POSE + n)) for n in range(2))
    gone = project.labels.delete(first)
    with pytest.raises(ProjectError, match="not in the project any more"):
        project.labels.get(first)
    assert project.labels.insert(gone) == first
    assert [i.id for i in project.labels.at(FRAME)] == [first, second]


def test_numbers_are_never_used_twice(project):
    first = project.labels.insert(body(FRAME))
    project.labels.delete(first)
    assert project.labels.insert(body(FRAME)) > first


def test_replacing_or_deleting_what_is_not_there_is_refused(project):
    for step in (project.labels.get, project.labels.delete):
        with pytest.raises(ProjectError):
            step(InstanceId(99))
    with pytest.raises(ValueError, match="stored"):
        project.labels.replace(body(FRAME))


def test_an_instance_of_another_skeleton_is_refused(project):
    with pytest.raises(ValueError, match="skeleton"):
        project.labels.insert(Instance(FRAME, [[1, 2]], [2]))


class TestASkeletonThatChanges:
    """No change of the skeleton loses a position."""

    def test_renaming_and_reordering_move_the_columns(self, project):
        number = project.labels.insert(body(FRAME))
        nose, left, right, tail = project.skeleton.keypoints
        project.write_skeleton(Skeleton("m", (tail, replace(nose, name="snout"), left, right)))
        assert project.labels.get(number).points.tolist() == POSE[[3, 0, 1, 2]].tolist()

    def test_a_removed_keypoint_keeps_its_positions_for_when_it_returns(self, project):
        number = project.labels.insert(body(FRAME))
        whole = project.skeleton
        project.write_skeleton(Skeleton("m", whole.keypoints[:2]))
        assert project.labels.get(number).points.tolist() == POSE[:2].tolist()
        project.write_skeleton(whole)
        assert project.labels.get(number).points.tolist() == POSE.tolist()

    def test_so_it_does_when_it_returns_by_name_alone(self, project):
        number = project.labels.insert(body(FRAME))
        project.write_skeleton(Skeleton("m", project.skeleton.keypoints[:2]))
        project.write_skeleton(MOUSE)
        assert project.labels.get(number).points.tolist() == POSE.tolist()

    def test_even_an_instance_deleted_meanwhile_comes_back_whole(self, project):
        number = project.labels.insert(body(FRAME))
        whole = project.skeleton
        project.write_skeleton(Skeleton("m", whole.keypoints[:2]))
        project.labels.insert(project.labels.delete(number))
        project.write_skeleton(whole)
        assert project.labels.get(number).points.tolist() == POSE.tolist()

    def test_a_new_keypoint_is_absent_and_unsure_in_what_was_labelled_before(self, project):
        scores = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
        number = project.labels.insert(body(FRAME, scores=scores))
        project.write_skeleton(Skeleton("m", (*project.skeleton.keypoints, Keypoint("paw"))))
        found = project.labels.get(number)
        assert found.visibility.tolist() == [2, 2, 2, 2, 0]
        assert found.scores.tolist() == [*scores.tolist(), 0.0]

    def test_names_that_change_places_take_their_positions_along(self, project):
        number = project.labels.insert(body(FRAME))
        nose, left, right, tail = project.skeleton.keypoints
        swapped = (nose, replace(left, name=right.name), replace(right, name=left.name), tail)
        project.write_skeleton(Skeleton("m", swapped))
        assert project.labels.get(number).points.tolist() == POSE.tolist()

    def test_a_number_of_another_project_counts_for_nothing(self, project):
        number = project.labels.insert(body(FRAME))
        project.write_skeleton(MOUSE.with_uids([900, 901, 902, 903]))
        assert project.labels.get(number).points.tolist() == POSE.tolist()


def test_an_absent_keypoint_remembers_where_it_was(project):
    number = project.labels.insert(body(FRAME))
    hidden = POSE.copy()
    hidden[TAIL] = NAN
    project.labels.replace(body(FRAME, hidden, id=number))
    assert not project.labels.get(number).present[TAIL]
    assert project.labels.last_position(number, TAIL) == tuple(POSE[TAIL])


def test_a_keypoint_that_never_was_somewhere_has_no_last_position(project):
    points = np.full((4, 2), NAN)
    points[NOSE] = 3
    number = project.labels.insert(body(FRAME, points))
    assert project.labels.last_position(number, LEFT_EAR) is None


def test_labelled_frames_are_sorted_and_named_once(project):
    other = project.videos.add(film(project.path / "other.mp4"))
    for frame in (9, 2, 9, 5):
        project.labels.insert(body(FrameRef(VideoId(1), frame)))
    project.labels.insert(body(FrameRef(other, 1)))
    assert project.labels.labelled_frames(VideoId(1)).tolist() == [2, 5, 9]
    assert project.labels.labelled_frames(other).dtype == np.int64


def test_the_nearest_labelled_frame_is_of_the_same_video(project):
    other = project.videos.add(film(project.path / "other.mp4"))
    for frame in (2, 9):
        project.labels.insert(body(FrameRef(VideoId(1), frame)))
    project.labels.insert(body(FrameRef(other, 6)))
    near = project.labels.nearest_labelled
    assert near(FRAME, before=True) == FrameRef(VideoId(1), 2)
    assert near(FRAME, before=False) == FrameRef(VideoId(1), 9)
    assert near(FrameRef(VideoId(1), 2), before=True) is None
    assert near(FrameRef(other, 7), before=False) is None


def test_the_newest_instances_are_those_made_last(project):
    made = [project.labels.insert(body(FrameRef(VideoId(1), frame))) for frame in (5, 1, 3)]
    assert {i.id for i in project.labels.newest(2)} == set(made[1:])


def test_an_empty_mark_rests_while_its_frame_has_labels(project):
    assert project.labels.mark_empty(FRAME, True) is False
    assert project.labels.mark_empty(FRAME, True) is True
    assert project.labels.snapshot().empty_frames == {FRAME}
    assert project.labels.empty_frames(VideoId(1)).tolist() == [7]
    number = project.labels.insert(body(FRAME))
    assert project.labels.snapshot().empty_frames == frozenset()
    project.labels.delete(number)
    assert project.labels.mark_empty(FRAME, False) is True
    assert not project.labels.is_empty(FRAME)


def test_a_snapshot_leaves_out_videos_that_were_removed(project):
    other = project.videos.add(film(project.path / "other.mp4"))
    project.labels.insert(body(FRAME))
    project.labels.insert(body(FrameRef(other, 1)))
    project.labels.mark_empty(FrameRef(other, 2), True)
    project.videos.remove(other)
    snapshot = project.labels.snapshot()
    assert [v.id for v in snapshot.videos] == [VideoId(1)]
    assert snapshot.frames == (FRAME,)
    assert snapshot.empty_frames == frozenset()
    assert (project.labels.count(), project.labels.frame_count()) == (1, 1)


def test_tracks_are_named_renamed_and_removed(project):
    one, two = (project.labels.add_track(name) for name in ("Ann", "Bob"))
    assert project.labels.rename_track(one, "Anna") == "Ann"
    assert project.labels.remove_track(two) == "Bob"
    assert project.labels.add_track("Bob", two) == two
    assert [(t.id, t.name) for t in project.labels.tracks()] == [(one, "Anna"), (two, "Bob")]
    for step in (project.labels.remove_track, lambda t: project.labels.rename_track(t, "x")):
        with pytest.raises(ProjectError, match="not in the project any more"):
            step(TrackId(77))


def test_numbers_that_numpy_made_are_stored_as_numbers(project):
    frame = FrameRef(VideoId(np.int64(1)), np.int64(7))
    number = project.labels.insert(body(frame, score=np.float32(0.5)))
    assert project.labels.get(number).frame == FRAME
    assert project.labels.get(number).score == 0.5
