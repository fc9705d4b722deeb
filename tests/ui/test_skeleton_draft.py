"""A skeleton under change keeps bones, pairs and parts with their keypoints."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.app.presets import preset, preset_names
from poseapp.domain.errors import SkeletonError
from poseapp.domain.skeleton import Keypoint, Side, Skeleton
from poseapp.ui.dialogs.skeleton_draft import SkeletonDraft, layout

SMALL = Skeleton(
    "small",
    (Keypoint("nose", uid=7), Keypoint("left ear", uid=8), Keypoint("right ear", uid=9)),
    bones=((0, 1), (0, 2)),
    pairs=((1, 2),),
)


@pytest.mark.parametrize("name", preset_names())
def test_an_unchanged_draft_is_the_skeleton_it_came_from(name):
    made, before = SkeletonDraft(preset(name)).skeleton(), preset(name)
    assert replace(made, parts=()) == replace(before, parts=())
    assert members(made) == members(before)


def members(skeleton):
    return [(part.name, set(part.keypoints)) for part in skeleton.parts]


def test_moving_a_keypoint_keeps_its_bones_and_its_number():
    draft = SkeletonDraft(SMALL)
    draft.move(0, 2)
    made = draft.skeleton()
    assert made.names == ("left ear", "right ear", "nose")
    assert [k.uid for k in made.keypoints] == [8, 9, 7]
    assert made.bones == ((2, 0), (2, 1))
    assert made.pairs == ((0, 1),)


def test_removing_a_keypoint_takes_its_bones_and_its_pair():
    draft = SkeletonDraft(SMALL)
    draft.remove(2)
    made = draft.skeleton()
    assert (made.bones, made.pairs) == (((0, 1),), ())


def test_new_keypoints_get_names_of_their_own():
    draft = SkeletonDraft(SMALL)
    for _ in range(3):
        draft.add("new point")
    assert draft.skeleton().names[3:] == ("new point", "new point 2", "new point 3")


def test_joining_twice_takes_the_bone_away():
    draft = SkeletonDraft(SMALL)
    draft.toggle_bone(1, 2)
    assert (1, 2) in draft.skeleton().bones
    draft.toggle_bone(2, 1)
    assert draft.skeleton() == SMALL


def test_a_pair_is_turned_by_its_names():
    draft = SkeletonDraft(SMALL)
    draft.pair(2, None)
    assert draft.side(1) is Side.CENTRE
    draft.pair(2, 1)
    assert draft.skeleton().pairs == ((1, 2),)
    draft.turn_pair(1)
    assert draft.skeleton().pairs == ((2, 1),)


def test_pairing_anew_parts_the_old_pairs():
    draft = SkeletonDraft(SMALL)
    draft.pair(0, 1)
    made = draft.skeleton()
    assert made.pairs == ((0, 1),)
    assert made.side(2) is Side.CENTRE


def test_pairs_are_found_in_the_names():
    draft = SkeletonDraft(Skeleton("s", SMALL.keypoints))
    assert draft.guess_pairs() == 1
    assert draft.skeleton().pairs == ((1, 2),)


def test_parts_are_suggested_from_the_bones_and_called_after_their_middle():
    draft = SkeletonDraft(replace(preset("walker"), parts=()))
    assert draft.suggest_parts() == len(draft.skeleton().parts) > 1
    made = draft.skeleton()
    members = [k for part in made.parts for k in part.keypoints]
    assert len(members) == len(set(members))
    named = {part.name: {made.names[k] for k in part.keypoints} for part in made.parts}
    assert named["left elbow"] == {"left shoulder", "left elbow", "left wrist"}
    assert named["right knee"] == {"right hip", "right knee", "right ankle"}
    assert draft.suggest_parts() == 0


def test_suggested_parts_leave_those_that_are_there():
    draft = SkeletonDraft(replace(preset("walker"), parts=()))
    draft.assign(draft.skeleton().index("left wrist"), ["left elbow"])
    draft.suggest_parts()
    kept = {p.name: p.keypoints for p in draft.skeleton().parts}
    assert kept["left elbow"] == (draft.skeleton().index("left wrist"),)
    assert kept["left shoulder"] == (4, 6)


def test_without_bones_no_part_is_suggested():
    assert SkeletonDraft(Skeleton("s", SMALL.keypoints)).suggest_parts() == 0


def test_assigned_parts_survive_the_file_and_a_move():
    draft = SkeletonDraft(SMALL)
    draft.assign(0, ["head", "face"])
    draft.assign(1, ["head", "", "head"])
    draft.move(0, 2)
    made = Skeleton.from_json(draft.skeleton().to_json())
    assert members(made) == [("head", {0, 2}), ("face", {2})]
    assert members(SkeletonDraft(made).skeleton()) == members(made)


def test_a_fault_is_said_in_a_sentence():
    draft = SkeletonDraft(SMALL)
    draft.rename(1, "nose")
    with pytest.raises(SkeletonError, match="nose stands more than once"):
        draft.skeleton()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_no_order_of_changes_breaks_a_draft(changes):
    draft = SkeletonDraft(preset("walker"))
    for kind, a, b in changes:
        a, b = a % len(draft.points), b % len(draft.points)
        if kind == 0:
            draft.add("point")
        elif kind == 1 and len(draft.points) > 1:
            draft.remove(a)
        elif kind == 2:
            draft.move(a, b - 5)
        elif kind == 3:
            draft.pair(a, b)
        elif kind == 4:
            draft.suggest_parts()
        elif kind == 5:
            draft.assign(a, [f"part {b}", "all"])
        else:
            draft.toggle_bone(a, b)
    made = draft.skeleton()
    assert len(made) == len(draft.points)
    again = SkeletonDraft(made).skeleton()
    assert replace(again, parts=()) == replace(made, parts=())
    assert members(again) == members(made)


@pytest.mark.parametrize("name", preset_names())
def test_a_layout_fills_its_square_with_points_apart(name):
    places = layout(preset(name))
    assert places.min() >= -1e-9
    assert places.max() <= 1 + 1e-9
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert apart[~np.eye(len(places), dtype=bool)].min() > 1e-3


def test_a_known_pose_is_drawn_as_it_stands():
    pose = np.array([[10.0, 0.0], [0.0, 20.0], [20.0, 20.0]])
    np.testing.assert_allclose(layout(SMALL, pose), [[0.5, 0], [0, 1], [1, 1]])
