from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseapp.app.posing import (
    average_pose,
    circle,
    corrected,
    middle_of_neighbours,
    not_labelled,
    with_keypoint,
    with_sides_swapped,
)
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Origin, Visibility
from tests.fixtures.projects import LEFT_EAR, MOUSE, NAN, NOSE, POSE, RIGHT_EAR, TAIL, body

FRAME = FrameRef(VideoId(1), 0)


def only(keypoint: int, at: tuple[float, float]):
    points = np.full((4, 2), NAN)
    points[keypoint] = at
    return body(FRAME, points)


def prediction(points, scores=None, run="run 1"):
    scores = np.full(4, 0.5) if scores is None else scores
    return body(FRAME, points, scores=scores, run=RunId(run), origin=Origin.PREDICTED)


def right_of(points: np.ndarray, by: float) -> np.ndarray:
    return points + np.array((by, 0))


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


class TestNotLabelled:
    """A label hides the prediction of the same body, and never more than one."""

    def test_the_nearest_one_is_hidden(self):
        near, far = prediction(POSE + 3), prediction(POSE + 200)
        assert not_labelled([body(FRAME)], [far, near]) == (far,)

    def test_one_label_hides_one_of_two_predictions_at_the_same_place(self):
        twins = prediction(POSE + 1), prediction(POSE + 2)
        assert not_labelled([body(FRAME)], twins) == (twins[1],)

    def test_another_body_is_not_hidden(self):
        other = prediction(POSE + 200)
        assert not_labelled([body(FRAME)], [other]) == (other,)

    def test_each_label_hides_its_own_even_where_a_greedy_choice_would_not(self):
        left, middle, right = (body(FRAME, right_of(POSE, x)) for x in (0, 20, 41))
        assert (
            not_labelled([left, middle], [prediction(left.points), prediction(middle.points)]) == ()
        )
        shown = [prediction(middle.points), prediction(right.points)]
        assert not_labelled([left, middle], shown) == ()

    def test_a_label_made_from_a_prediction_hides_it_however_far_it_was_dragged(self):
        scores = np.array([0.1, 0.2, 0.3, 0.4])
        source = prediction(POSE, scores)
        dragged = body(FRAME, POSE + 900, scores=scores, run=RunId("run 1"))
        assert not_labelled([dragged], [source]) == ()
        other_run = prediction(POSE, scores, "run 2")
        assert not_labelled([dragged], [other_run]) == (other_run,)

    def test_a_body_of_one_point_is_compared_by_that_point(self):
        there, elsewhere = prediction(POSE), prediction(POSE + 100)
        assert not_labelled([only(TAIL, (52, 61))], [elsewhere, there]) == (elsewhere,)

    def test_bodies_without_a_common_point_are_strangers(self):
        nose_only = prediction(only(NOSE, (50, 10)).points)
        assert not_labelled([only(TAIL, (50, 60))], [nose_only]) == (nose_only,)

    def test_without_labels_all_are_shown_and_without_predictions_none(self):
        shown = (prediction(POSE),)
        assert not_labelled([], shown) == shown
        assert not_labelled([body(FRAME)], []) == ()

    @settings(deadline=None)  # the first one loads SciPy
    @given(
        st.lists(st.integers(0, 60), min_size=1, max_size=4),
        st.lists(st.integers(0, 60), min_size=1, max_size=4),
    )
    def test_the_hidden_ones_are_those_of_the_cheapest_assignment(self, here, there):
        labels = [body(FRAME, right_of(POSE, x)) for x in here]
        shown = [prediction(right_of(POSE, x + 0.25)) for x in there]
        cost = np.abs(np.subtract.outer(here, np.array(there) + 0.25)) / np.hypot(20, 50)
        short = min(cost.shape)
        rows = permutations(range(len(here)), short)
        best = min(
            cost[list(chosen), list(columns)].sum()
            for chosen in rows
            for columns in permutations(range(len(there)), short)
        )
        hidden = [p for p in shown if p not in not_labelled(labels, shown)]
        assert len(hidden) <= short
        if best <= 0.6:  # then no pair of the cheapest assignment is too far apart
            assert len(hidden) == short


def test_an_average_pose_turns_bodies_to_the_first_before_it_averages():
    centred = POSE - POSE.mean(axis=0)
    bodies = [body(FRAME, turned(centred, angle) + angle * 100) for angle in (0, 1.0, 2.5, -3)]
    assert average_pose(bodies) == pytest.approx(centred)


def test_an_average_pose_leaves_out_what_is_absent():
    without_tail = POSE.copy()
    without_tail[TAIL] = NAN
    pose = average_pose([body(FRAME, without_tail), body(FRAME, without_tail + 7)])
    assert np.isnan(pose[TAIL]).all()
    assert pose[:3] == pytest.approx(without_tail[:3] - without_tail[:3].mean(axis=0))


def test_a_circle_begins_at_the_top_and_runs_clockwise():
    assert circle(4) == pytest.approx(np.array([[0, -1], [1, 0], [0, 1], [-1, 0]]), abs=1e-12)


def test_swapping_sides_exchanges_pairs_alone():
    before = body(FRAME, scores=np.array([0.1, 0.2, 0.3, 0.4]))
    after = with_sides_swapped(before, MOUSE)
    order = [NOSE, RIGHT_EAR, LEFT_EAR, TAIL]
    assert after.points.tolist() == POSE[order].tolist()
    assert after.scores.tolist() == before.scores[order].tolist()
    assert with_sides_swapped(after, MOUSE).same_pose(before)


def test_only_an_accepted_label_becomes_a_corrected_one():
    assert [corrected(origin) for origin in Origin] == [
        Origin.PERSON,
        Origin.CORRECTED,
        Origin.CORRECTED,
        Origin.IMPORTED,
        Origin.PREDICTED,
    ]


def test_one_keypoint_is_changed_and_no_other():
    after = with_keypoint(body(FRAME), TAIL, (1, 2), Visibility.OCCLUDED)
    assert after.points.tolist() == [*POSE[:3].tolist(), [1, 2]]
    assert after.visibility.tolist() == [2, 2, 2, 1]


def test_a_lost_keypoint_is_looked_for_amid_those_joined_to_it():
    present = POSE.copy()
    present[[LEFT_EAR]] = NAN
    assert middle_of_neighbours(body(FRAME, present), LEFT_EAR, MOUSE) == (50, 10)
    assert middle_of_neighbours(only(TAIL, (3, 4)), LEFT_EAR, MOUSE) == (3, 4)
    assert middle_of_neighbours(body(FRAME, np.full((4, 2), NAN)), NOSE, MOUSE) is None
