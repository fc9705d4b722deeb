"""Imported keypoints under names of the project: what is guessed, kept, lost and said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.app.keypoint_mapping import guessed, taken_over
from poseapp.domain.errors import FormatError
from poseapp.domain.ids import RunId, VideoId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.skeleton import BodyPart, Keypoint, Skeleton
from poseapp.formats.base import Imported
from tests.formats.made import A, H, V, body, flies

ABCD = Skeleton(
    "abcd",
    tuple(map(Keypoint, "abcd")),
    bones=((0, 1), (1, 2), (2, 3)),
    pairs=((1, 2),),
    parts=(BodyPart("tail", (3,)), BodyPart("all", (0, 1, 2, 3))),
)
POINTS = [(1.0, 2.0), (3.0, 4.0), (np.nan, np.nan), (7.0, 8.0)]


def imported(*bodies, predictions=()):
    return Imported(flies(*bodies, skeleton=ABCD), predictions, ("A note.",))


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        (("nose", "tail"), ("tail", "nose"), ("nose", "tail")),
        (("leftear", "rightear"), ("left ear", "right ear"), ("left ear", "right ear")),
        (("Ear_L", "Ear_R"), ("right ear", "left ear"), ("left ear", "right ear")),
        (("wingL", "wingR"), ("left_wing", "right_wing"), ("left_wing", "right_wing")),
        (("lHip", "r_hip"), ("left_hip", "right_hip"), ("left_hip", "right_hip")),
        (("snout", "TailBase"), ("nose", "tail base"), ("nose", "tail base")),
        (("paw1", "paw2"), ("paw 2", "paw 1"), ("paw 1", "paw 2")),
        (("left_ankle",), ("right_ankle",), (None,)),
        (("spine",), ("wheel",), (None,)),
        (("ankle", "ankel"), ("ankle",), ("ankle", None)),
    ],
)
def test_names_are_guessed_by_spelling_and_side(theirs, ours, expected):
    assert guessed(theirs, ours) == expected


WORDS = st.lists(st.text("abLR_ 1", min_size=1, max_size=8), unique=True, min_size=1, max_size=6)


@given(WORDS, WORDS)
def test_no_name_is_used_twice_and_equal_names_always_meet(theirs, ours):
    found = guessed(theirs, ours)
    used = [name for name in found if name is not None]
    assert len(used) == len(set(used))
    assert set(used) <= set(ours)
    assert all(our == their for their, our in zip(theirs, found, strict=True) if their in ours)


def test_positions_and_the_three_visibilities_stay():
    made = taken_over(imported(body(7, POINTS, (V, H, A, V))), ("nose", "ear", "eye", "tail"))
    (after,) = made.labels.instances
    assert made.labels.skeleton.names == ("nose", "ear", "eye", "tail")
    assert after.visibility.tolist() == [V, H, A, V]
    np.testing.assert_array_equal(after.points, POINTS)
    assert (made.labels.skeleton.bones, made.labels.skeleton.pairs) == (ABCD.bones, ABCD.pairs)
    assert made.notes == ("A note.",)


def test_what_is_left_out_is_said_with_its_points():
    given_in = imported(
        body(7, POINTS, (V, H, A, V)),
        body(8, [(0, 0), *[(np.nan, np.nan)] * 3], (V, A, A, A)),
        body(9, [(np.nan, np.nan)] * 4, (A, A, A, A)),
    )
    made = taken_over(given_in, (None, "ear", None, "tail"))
    assert [i.frame.frame for i in made.labels.instances] == [7, 9]
    assert made.labels.instances[0].visibility.tolist() == [H, V]
    skeleton = made.labels.skeleton
    assert (skeleton.names, skeleton.bones, skeleton.pairs) == (("ear", "tail"), (), ())
    assert [(part.name, part.keypoints) for part in skeleton.parts] == [
        ("tail", (1,)),
        ("all", (0, 1)),
    ]
    assert made.notes[1:] == (
        "Left out as you chose: a, c, with 2 placed points.",
        "1 body had no other point and is left out.",
    )


def test_predictions_lose_the_same_points():
    points = np.array([[[1, 1], [2, 2]], [[3, 3], [np.nan, np.nan]]], np.float32)
    points = np.concatenate([points, np.full((2, 2, 2), np.nan, np.float32)], axis=1)
    found = PredictionSet(
        VideoId(1),
        RunId("r"),
        np.array([4, 5]),
        points,
        np.array([[0.1, 0.2, 0, 0], [0.3, 0, 0, 0]], np.float32),
        np.array([0, 1]),
    )
    made = taken_over(imported(predictions=(found,)), (None, "ear", "eye", "tail"))
    (after,) = made.predictions
    assert after.frames.tolist() == [4]
    assert after.points[0, 0].tolist() == [2, 2]
    assert after.scores[0].tolist() == pytest.approx([0.2, 0, 0])
    assert after.tracks.tolist() == [0]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((None,) * 4, "Every keypoint is left out"),
        (("x", "x", None, "y"), "a and b cannot both be x"),
    ],
)
def test_names_that_cannot_be_are_refused(names, said):
    with pytest.raises(FormatError, match=said):
        taken_over(imported(), names)


def test_the_same_names_change_nothing():
    given_in = imported(body(7, POINTS, (V, H, A, V)))
    assert taken_over(given_in, ABCD.names) is given_in


@given(st.lists(st.sampled_from([None, *"wxyz"]), min_size=4, max_size=4))
def test_every_placed_point_is_kept_or_counted(names):
    used = [name for name in names if name]
    if not used or len(used) != len(set(used)):
        return
    given_in = imported(body(7, POINTS, (V, H, A, V)), body(8, POINTS, (H, V, A, A)))
    made = taken_over(given_in, tuple(names))
    kept = int((made.labels.visibility() > 0).sum())
    said = [n for n in made.notes if "placed point" in n]
    lost = int(said[0].split("with ")[1].split()[0]) if said else 0
    assert kept + lost == 5
