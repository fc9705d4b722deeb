"""Pairs that a detector swapped for a moment are put back; those that really turn are not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from poseapp.infer.sides import LONGEST_S, LONGEST_WHOLE_S, unswapped
from poseapp.nets.body.shipped import shipped_body
from tests.fixtures.people_seen import COCO, FPS, keypoints_of, person_of, pixels_of, walker

PAIRS = [[COCO.index(f"{side} {name}") for side in ("left", "right")]
         for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")]  # fmt: skip


def predicted(person):
    """As a net says it: sure, but never quite."""
    return replace(person, scores=np.full(person.scores.shape, 0.9))


def seen(motion):
    """What a net sees of it."""
    pixels = pixels_of(keypoints_of(shipped_body(), motion), motion)[:, :17]
    return predicted(person_of(pixels))


@pytest.fixture(scope="module")
def person():
    """A second of somebody who faces the camera."""
    return seen(walker(30))


def swapped(person, frames: slice, pairs=PAIRS):
    points, scores = person.points.copy(), person.scores.copy()
    for left, right in pairs:
        points[frames, left] = person.points[frames, right]
        points[frames, right] = person.points[frames, left]
    return replace(person, points=points, scores=scores)


@pytest.mark.parametrize("frames", [slice(8, 9), slice(8, 14), slice(0, 5), slice(27, 30)])
@pytest.mark.parametrize("pairs", [PAIRS, PAIRS[2:4]])
def test_what_is_swapped_for_a_moment_is_put_back(person, frames, pairs):
    found = unswapped(swapped(person, frames, pairs))
    np.testing.assert_array_equal(found.points, person.points)


def test_scores_go_with_their_points(person):
    scores = person.scores.copy()
    scores[:, COCO.index("left wrist")] = 0.4
    wrong = swapped(person, slice(8, 12))
    wrong.scores[8:12, COCO.index("right wrist")] = 0.4
    wrong.scores[:8, COCO.index("left wrist")] = wrong.scores[12:, COCO.index("left wrist")] = 0.4
    np.testing.assert_array_equal(unswapped(wrong).scores, scores)


@pytest.mark.parametrize(
    ("pairs", "longest_s"), [(PAIRS, LONGEST_WHOLE_S), (PAIRS[2:3], LONGEST_S)]
)
def test_what_stays_the_other_way_round_is_so(pairs, longest_s):
    """A body's sides are known for longer than a limb's; beyond that either may be right."""
    longest, person = int(longest_s * FPS), seen(walker(170))
    wrong = swapped(person, slice(50, 50 + 3 * longest // 4), pairs)
    np.testing.assert_array_equal(unswapped(wrong).points, person.points)
    long = swapped(person, slice(50, 50 + longest + 5), pairs)
    np.testing.assert_array_equal(unswapped(long).points, long.points)


def test_what_a_person_put_there_stays(person):
    """And says which way round the body is in the frames about it."""
    wrong = swapped(person, slice(8, 10))
    scores = wrong.scores.copy()
    scores[8:10] = 1.0
    labelled = replace(wrong, scores=scores)
    np.testing.assert_array_equal(unswapped(labelled).points, swapped(person, slice(0, 30)).points)


def test_a_cut_to_the_other_side_of_somebody_is_left_alone():
    """The second film's frames hold the same person from behind, elsewhere in the picture."""
    front = seen(walker(60))
    behind = swapped(front, slice(30, 60))
    behind.points[30:] += [140.0, -60.0]
    np.testing.assert_array_equal(unswapped(behind).points, behind.points)


def turning(fps: int, turns_per_s: float):
    """Three seconds of somebody who turns round and round."""
    motion = walker(3 * fps)
    angles = np.linspace(0, 6 * np.pi * turns_per_s, 3 * fps)
    turn = Rotation.from_euler("x", np.pi) * Rotation.from_rotvec(angles[:, None] * [0, 1, 0])
    rotations = motion.rotations.copy()
    rotations[:, 0] = turn.as_rotvec()
    return replace(seen(replace(motion, rotations=rotations)), fps=float(fps))


def moved(person, pairs):
    """Pixels that points of these pairs get from where they were."""
    keypoints = np.ravel(pairs)
    return np.linalg.norm(unswapped(person).points - person.points, axis=2)[:, keypoints]


def test_somebody_who_turns_round_is_left_alone():
    """Once round in a second: shoulders and hips pass each other twice."""
    assert moved(turning(30, 1.0), PAIRS).max() < 15  # of 30 and more: where they all but coincide


@pytest.mark.parametrize("fps", [8, 15, 60])
@pytest.mark.parametrize("turns_per_s", [0.25, 1.0, 1.5])
def test_nobody_turns_so_fast_that_the_body_is_taken_for_swapped(fps, turns_per_s):
    shoulders, hips = PAIRS[0], PAIRS[3]
    assert moved(turning(fps, turns_per_s), [shoulders, hips]).max() < 15


def test_absent_points_say_nothing(person):
    points = person.points.copy()
    points[8:12, COCO.index("left knee")] = np.nan
    hidden = replace(person, points=points)
    np.testing.assert_array_equal(unswapped(hidden).points, points)
