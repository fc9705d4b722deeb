"""Which keypoint or body a position means, and how states are told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.domain.ids import InstanceId
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.ui import theme
from poseapp.ui.canvas.markers import State, states_of
from poseapp.ui.canvas.pose_item import radii
from poseapp.ui.canvas.poses import Bodies, SkeletonLook
from tests.ui.canvas.figures import LEFT_EAR, MOUSE, NOSE, PLACES, TAIL, label, prediction


def bodies_with(labels=(), predictions=(), current=None, keypoint=None) -> Bodies:
    bodies = Bodies()
    bodies.show(labels, predictions, [])
    bodies.current, bodies.keypoint = bodies.matching(current), keypoint
    return bodies


def test_states_follow_visibility_origin_and_confidence():
    drawn = states_of(label(visibility=[2, 1, 0, 2]), is_label=True, low_confidence=0.3)
    assert drawn == (State.LABEL, State.HIDDEN, State.ABSENT, State.LABEL)
    guess = prediction(scores=(0.9, 0.31, 0.29, 0.9), visibility=[2, 2, 2, 0])
    assert states_of(guess, is_label=False, low_confidence=0.3) == (
        State.PREDICTION,
        State.PREDICTION,
        State.LOW_CONFIDENCE,
        State.ABSENT,
    )


def test_a_label_made_from_a_prediction_is_drawn_as_a_label_whatever_its_scores():
    made = prediction(scores=(0.1,) * 4)
    assert set(states_of(made, is_label=True, low_confidence=0.3)) == {State.LABEL}


def test_bones_take_the_colour_of_the_side_they_lead_to():
    look = SkeletonLook(MOUSE)
    sides = [theme.overlay(side) for side in ("left", "right", "centre")]
    assert list(look.bone_colours) == sides


def test_a_bone_between_left_and_right_belongs_to_the_middle():
    shoulders = Skeleton(
        "s", (Keypoint("left"), Keypoint("right")), bones=((0, 1),), pairs=((0, 1),)
    )
    assert SkeletonLook(shoulders).bone_colours == (theme.overlay("centre"),)


def test_a_keypoints_own_colour_replaces_that_of_its_side():
    own = Skeleton("s", (Keypoint("tip", colour="#12AB34"),))
    assert SkeletonLook(own).colours[0].name().upper() == "#12AB34"


@given(st.floats(0, 320), st.floats(0, 240), st.floats(0.5, 60))
def test_the_keypoint_that_is_hit_is_never_farther_than_another(x, y, reach):
    bodies = bodies_with([label(7), label(8, (13, 5))], [prediction()])
    hit = bodies.keypoint_at((x, y), reach, tie=0.0)
    everything = np.concatenate([pose.points for pose in bodies.visible()])
    apart = np.hypot(*(everything - (x, y)).T)
    if hit is None:
        assert apart.min() > reach
    else:
        assert np.hypot(*(hit[0].points[hit[1]] - (x, y))) == pytest.approx(apart.min())


def test_a_body_is_found_by_its_bones_and_not_between_them():
    bodies = bodies_with([label()])
    halfway = (PLACES[NOSE] + PLACES[TAIL]) / 2
    assert bodies.body_at((halfway[0] + 2, halfway[1]), 3, MOUSE.bones) is not None
    assert bodies.body_at((halfway[0] + 30, halfway[1] + 20), 3, MOUSE.bones) is None


def test_a_body_without_bones_is_found_by_its_points():
    bodies = bodies_with([label()])
    assert bodies.body_at(tuple(PLACES[TAIL] + (2, 0)), 3, ()) is not None
    assert bodies.body_at(tuple(PLACES[TAIL] + (4, 0)), 3, ()) is None


def test_the_current_body_is_drawn_last():
    bodies = bodies_with([label(7), label(8)], [prediction()], InstanceId(7))
    assert bodies.visible()[-1].owner == InstanceId(7)


def test_a_prediction_is_found_again_after_it_was_read_anew():
    guess = prediction()
    bodies = bodies_with([], [guess], guess)
    bodies.show([], [prediction()], [])
    assert bodies.matching(guess) is not None
    assert bodies.matching(prediction((1, 1))) is None


def test_a_keypoint_waits_to_be_placed_only_while_it_is_absent():
    half = label(visibility=[2, 0, 2, 2])
    assert bodies_with([half], current=half.id, keypoint=LEFT_EAR).placing == LEFT_EAR
    assert bodies_with([half], current=half.id, keypoint=NOSE).placing is None
    assert bodies_with([half], current=half.id).placing is None
    assert bodies_with([], keypoint=NOSE).placing == NOSE


def test_points_that_crowd_are_drawn_smaller_and_absent_ones_crowd_nobody():
    screen = np.array([[0.0, 0.0], [13.0, 0.0], [40.0, 0.0], [np.nan, np.nan]])
    assert radii(screen) == [4, 4, 5, 5]
    assert radii(np.array([[3.0, 4.0]])) == [5]
