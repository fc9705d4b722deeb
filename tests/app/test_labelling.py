from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poseapp.app.commands import AddVideo
from poseapp.domain.errors import PoseAppError, ReadOnlyError
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Origin, Visibility, visibility_of
from poseapp.domain.skeleton import Keypoint, Skeleton
from tests.fixtures.projects import (
    LEFT_EAR,
    NOSE,
    POSE,
    RIGHT_EAR,
    TAIL,
    body,
    film,
    predicted,
)

FRAME = FrameRef(VideoId(1), 5)


@pytest.fixture
def session(mice):
    return mice


@pytest.fixture
def labelling(session):
    return session.labelling


@pytest.fixture
def get(session):
    return session.project.labels.get


@pytest.fixture
def mouse(session):
    """A whole body on the frame."""
    return session.project.labels.insert(body(FRAME))


class TestKeypoints:
    def test_the_first_click_makes_a_body_and_the_next_ones_complete_it(self, labelling, get):
        number = labelling.place_keypoint(FRAME, None, NOSE, (3, 4))
        assert labelling.place_keypoint(FRAME, number, TAIL, (5, 6)) == number
        made = get(number)
        assert made.visibility.tolist() == [2, 0, 0, 2]
        assert made.points[[NOSE, TAIL]].tolist() == [[3, 4], [5, 6]]
        assert made.origin is Origin.PERSON

    def test_moving_keeps_an_occluded_point_occluded(self, labelling, mouse, get):
        labelling.set_visibility(mouse, TAIL, Visibility.OCCLUDED)
        labelling.move_keypoint(mouse, TAIL, (1, 2))
        assert get(mouse).visibility[TAIL] == Visibility.OCCLUDED
        assert get(mouse).points[TAIL].tolist() == [1, 2]

    def test_a_round_of_visibilities_ends_where_it_began(self, labelling, mouse, get):
        before = get(mouse)
        seen = [get(labelling.cycle_visibility(mouse, TAIL)).visibility[TAIL] for _ in range(3)]
        assert seen == [Visibility.OCCLUDED, Visibility.ABSENT, Visibility.VISIBLE]
        assert get(mouse).same_pose(before)

    def test_a_point_that_never_was_appears_amid_its_neighbours(self, labelling, get):
        number = labelling.place_keypoint(FRAME, None, NOSE, (3, 4))
        labelling.cycle_visibility(number, TAIL)
        assert get(number).visibility[TAIL] == Visibility.VISIBLE
        assert get(number).points[TAIL].tolist() == [3, 4]

    def test_the_last_point_may_go_and_come_back(self, labelling, get):
        number = labelling.place_keypoint(FRAME, None, NOSE, (3, 4))
        labelling.set_visibility(number, NOSE, Visibility.ABSENT)
        assert not get(number).present.any()
        labelling.set_visibility(number, NOSE, Visibility.VISIBLE)
        assert get(number).points[NOSE].tolist() == [3, 4]

    def test_the_undo_button_says_what_was_done_to_which_point(self, labelling, session, mouse):
        labelling.move_keypoint(mouse, LEFT_EAR, (0, 0))
        assert session.history.undo_text == "Moved left ear"
        labelling.set_visibility(mouse, TAIL, Visibility.OCCLUDED)
        assert session.history.undo_text == "Hid tail"
        labelling.set_visibility(mouse, TAIL, Visibility.ABSENT)
        assert session.history.undo_text == "Took tail away"
        labelling.set_visibility(mouse, TAIL, Visibility.VISIBLE)
        assert session.history.undo_text == "Showed tail"


class TestBodies:
    def test_a_body_moves_as_a_whole(self, labelling, mouse, get):
        labelling.move_instance(mouse, 10, -5)
        assert get(mouse).points.tolist() == (POSE + np.array((10, -5))).tolist()

    def test_swapping_sides_swaps_back(self, labelling, mouse, get):
        labelling.swap_sides(mouse)
        assert get(mouse).points[[LEFT_EAR, RIGHT_EAR]].tolist() == POSE[[2, 1]].tolist()
        labelling.swap_sides(mouse)
        assert get(mouse).points.tolist() == POSE.tolist()

    def test_deleting_takes_it_off_the_frame(self, labelling, mouse):
        labelling.delete_instance(mouse)
        assert labelling.view(FRAME).labels == ()

    def test_pasting_on_another_frame_keeps_place_and_track(self, labelling, session, mouse, get):
        ann = session.tracks.add_for(mouse, "Ann")
        labelling.copy([mouse])
        (pasted,) = labelling.paste(FrameRef(VideoId(1), 6))
        assert get(pasted).points.tolist() == POSE.tolist()
        assert get(pasted).track == ann

    def test_pasting_on_the_same_frame_goes_aside_and_is_nobody(
        self, labelling, session, mouse, get
    ):
        session.tracks.add_for(mouse, "Ann")
        labelling.copy([mouse])
        (pasted,) = labelling.paste(FRAME)
        assert (get(pasted).points - POSE > 0).all()
        assert get(pasted).track is None

    def test_a_paste_is_one_edit(self, labelling, session, mouse):
        labelling.copy([mouse, mouse])
        assert len(labelling.paste(FrameRef(VideoId(1), 6))) == 2
        assert session.history.undo() == "Pasted 2 bodies"
        assert session.project.labels.count() == 1

    def test_with_nothing_copied_nothing_is_pasted(self, labelling, session):
        assert labelling.paste(FRAME) == ()
        assert session.history.undo_text is None

    def test_what_was_copied_before_the_skeleton_changed_is_not_pasted(
        self, labelling, session, mouse
    ):
        labelling.copy([mouse])
        session.project.write_skeleton(Skeleton("short", session.project.skeleton.keypoints[:2]))
        assert labelling.paste(FRAME) == ()


class TestAddingABody:
    def test_a_template_stands_amid_the_frame_and_inside_it(self, labelling, get):
        points = get(labelling.add_instance(FRAME, "template")).points
        assert points.mean(axis=0) == pytest.approx([319.5, 239.5])
        assert (points > 0).all()
        assert (points < (640, 480)).all()

    def test_without_labels_the_average_is_the_template(self, labelling, get):
        average, template = (
            get(labelling.add_instance(FrameRef(VideoId(1), n), how)).points
            for n, how in enumerate(("average", "template"))
        )
        assert average.tolist() == template.tolist()

    def test_the_average_has_the_shape_and_the_place_of_the_labels(self, labelling, mouse, get):
        assert get(labelling.add_instance(FRAME)).points == pytest.approx(POSE)

    def test_in_a_video_without_labels_the_average_stands_amid_the_frame(
        self, labelling, session, mouse, get
    ):
        other = session.history.do(AddVideo(film(session.project.path / "b.mp4"))).video
        points = get(labelling.add_instance(FrameRef(other, 0))).points
        centre = np.array([319.5, 239.5])
        assert points == pytest.approx(POSE - POSE.mean(axis=0) + centre)

    def test_a_body_can_be_put_where_the_cursor_is(self, labelling, mouse, get):
        for how in ("average", "copy previous", "template"):
            number = labelling.add_instance(FrameRef(VideoId(1), 6), how, (100, 110))
            assert get(number).points.mean(axis=0) == pytest.approx([100, 110])

    def test_copying_takes_the_bodies_of_the_last_labelled_frame_one_by_one(
        self, labelling, session, mouse, get
    ):
        labelling.set_visibility(mouse, TAIL, Visibility.OCCLUDED)
        session.project.labels.insert(body(FRAME, POSE + 100))
        later = FrameRef(VideoId(1), 9)
        first, second, third = (labelling.add_instance(later, "copy previous") for _ in range(3))
        assert get(first).visibility.tolist() == [2, 2, 2, 1]
        assert get(second).points.tolist() == get(third).points.tolist() == (POSE + 100).tolist()

    def test_with_no_earlier_label_there_is_nothing_to_copy(self, labelling, mouse):
        with pytest.raises(PoseAppError, match="No frame before this one is labelled"):
            labelling.add_instance(FrameRef(VideoId(1), 4), "copy previous")

    def test_labels_without_a_single_point_do_not_spoil_the_average(self, labelling, get):
        number = labelling.place_keypoint(FRAME, None, NOSE, (3, 4))
        labelling.set_visibility(number, NOSE, Visibility.ABSENT)
        assert np.isfinite(get(labelling.add_instance(FRAME)).points).all()


class TestPredictions:
    @pytest.fixture(autouse=True)
    def one_mouse_predicted(self, session):
        session.project.predictions.write(predicted(VideoId(1), [5]))

    @pytest.fixture
    def prediction(self, labelling):
        return labelling.view(FRAME).predictions[0]

    def test_an_accepted_one_is_a_label_that_remembers_its_run(self, labelling, prediction, get):
        label = get(labelling.accept(prediction))
        assert label.same_pose(prediction)
        assert (label.origin, label.run, label.score) == (
            Origin.ACCEPTED,
            RunId("run 1"),
            prediction.score,
        )
        assert label.scores.tolist() == prediction.scores.tolist()
        assert labelling.view(FRAME).predictions == ()

    def test_a_touched_one_is_corrected_in_one_edit(self, labelling, session, prediction, get):
        number = labelling.touch(prediction, TAIL, (1, 2))
        label = get(number)
        assert label.points.tolist() == [*POSE[:3].tolist(), [1, 2]]
        assert (label.origin, label.run) == (Origin.CORRECTED, RunId("run 1"))
        assert session.history.undo() == "Corrected tail"
        view = labelling.view(FRAME)
        assert (view.labels, len(view.predictions)) == ((), 1)

    @pytest.mark.parametrize(
        "change",
        [
            lambda labelling, owner: labelling.swap_sides(owner),
            lambda labelling, owner: labelling.cycle_visibility(owner, TAIL),
            lambda labelling, owner: labelling.move_instance(owner, 5, -5),
        ],
    )
    def test_changing_one_is_one_edit_and_gives_what_it_gives_on_a_label(
        self, labelling, session, prediction, get, change
    ):
        changed = get(change(labelling, prediction))
        assert (changed.origin, changed.run) == (Origin.CORRECTED, prediction.run)
        session.history.undo()
        assert session.project.labels.at(prediction.frame) == ()
        number = labelling.touch(prediction)
        change(labelling, number)
        assert get(number).same_pose(changed)
        assert not changed.same_pose(prediction)

    def test_a_point_the_net_did_not_find_appears_amid_its_neighbours(
        self, labelling, prediction, get
    ):
        found = prediction.present.copy()
        found[TAIL] = False
        points = np.where(found[:, None], prediction.points, np.nan)
        without = replace(prediction, points=points, visibility=visibility_of(points))
        made = get(labelling.cycle_visibility(without, TAIL))
        assert made.visibility[TAIL] == Visibility.VISIBLE
        assert np.isfinite(made.points[TAIL]).all()
        np.testing.assert_array_equal(made.points[found], prediction.points[found])

    def test_a_touch_alone_takes_it_over(self, labelling, prediction, get):
        assert get(labelling.touch(prediction)).same_pose(prediction)

    def test_correcting_an_accepted_one_says_so_and_undo_takes_that_back(
        self, labelling, session, prediction, get
    ):
        number = labelling.accept(prediction)
        for step in (
            lambda: labelling.move_keypoint(number, TAIL, (1, 2)),
            lambda: labelling.set_visibility(number, TAIL, Visibility.ABSENT),
            lambda: labelling.move_instance(number, 1, 1),
            lambda: labelling.swap_sides(number),
        ):
            step()
            assert get(number).origin is Origin.CORRECTED
            session.history.undo()
            assert get(number).origin is Origin.ACCEPTED
            assert get(number).same_pose(prediction)

    def test_where_a_net_knows_one_body_any_label_hides_its_prediction(self, labelling, session):
        session.project.labels.insert(body(FRAME, POSE + 300))
        assert labelling.view(FRAME).predictions == ()

    def test_where_a_net_saw_two_bodies_a_label_hides_its_own_alone(self, labelling, session):
        session.project.predictions.write(predicted(VideoId(1), [5, 5]))
        session.project.labels.insert(body(FRAME))
        (left,) = labelling.view(FRAME).predictions
        assert left.points.tolist() == (POSE + 200).tolist()

    def test_accepting_all_leaves_out_those_with_a_label(self, labelling, session):
        session.project.predictions.write(predicted(VideoId(1), [5, 5]))
        session.project.labels.insert(body(FRAME))
        assert len(labelling.accept_all(FRAME)) == 1
        assert labelling.accept_all(FRAME) == ()
        assert session.history.undo() == "Accepted all predictions"
        assert len(labelling.view(FRAME).predictions) == 1

    def test_several_accepted_at_once_come_with_their_numbers_in_order(self, labelling, session):
        session.project.predictions.write(predicted(VideoId(1), [5, 5]))
        numbers = labelling.accept_all(FRAME)
        assert [i.id for i in labelling.view(FRAME).labels] == list(numbers)


class TestEmptyFrames:
    def test_marking_takes_the_labels_out_in_the_same_edit(self, labelling, session, mouse):
        labelling.mark_empty(FRAME)
        view = labelling.view(FRAME)
        assert view.empty
        assert view.labels == ()
        assert session.history.undo() == "Marked a frame as empty"
        assert not labelling.view(FRAME).empty
        assert len(labelling.view(FRAME).labels) == 1

    def test_a_mark_can_be_taken_back(self, labelling):
        labelling.mark_empty(FRAME)
        labelling.mark_empty(FRAME, False)
        assert not labelling.view(FRAME).empty

    def test_a_label_says_more_than_a_mark(self, labelling):
        labelling.mark_empty(FRAME)
        labelling.place_keypoint(FRAME, None, NOSE, (1, 2))
        assert not labelling.view(FRAME).empty


def test_a_keypoint_added_to_the_skeleton_can_be_placed_in_old_labels(
    labelling, session, mouse, get
):
    longer = (*session.project.skeleton.keypoints, Keypoint("paw"))
    session.project.write_skeleton(Skeleton("longer", longer))
    labelling.move_keypoint(mouse, 4, (9, 9))
    assert get(mouse).points[4].tolist() == [9, 9]
    assert get(mouse).points[:4].tolist() == POSE.tolist()


def test_every_verb_is_refused_where_only_reading_is_allowed(session, mouse):
    with session.project.reader() as reader:
        labelling = type(session.labelling)(type(session.history)(reader, lambda _: None), reader)
        for step in (
            lambda: labelling.move_keypoint(mouse, NOSE, (1, 2)),
            lambda: labelling.add_instance(FRAME),
            lambda: labelling.mark_empty(FRAME),
        ):
            with pytest.raises(ReadOnlyError):
                step()
        assert len(labelling.view(FRAME).labels) == 1
