import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import minimum_spanning_tree

from poseapp.domain.errors import SelectionError
from poseapp.domain.skeleton import BodyPart, Keypoint, Skeleton
from poseapp.learn.matal.anatomy import MOST_PARTS, Anatomy, communities
from tests.learn.matal.toys import ANATOMY, HAND

MPII_NAMES = (
    "r_ankle", "r_knee", "r_hip", "l_hip", "l_knee", "l_ankle", "pelvis", "thorax", "upper_neck",
    "head_top", "r_wrist", "r_elbow", "r_shoulder", "l_shoulder", "l_elbow", "l_wrist",
)  # fmt: skip
MPII_BONES = (
    (0, 1), (1, 2), (2, 6), (6, 3), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9), (10, 11), (11, 12),
    (12, 7), (7, 13), (13, 14), (14, 15),
)  # fmt: skip
MPII_PARTS = {
    "torso": (6, 7, 12, 13, 2, 3), "head": (8, 9), "right arm": (10, 11), "left arm": (14, 15),
    "right leg": (0, 1), "left leg": (4, 5),
}  # fmt: skip


def skeleton(count, bones=(), parts=()):
    return Skeleton("made", tuple(Keypoint(f"k{n}") for n in range(count)), bones, (), parts)


def mpii(parts):
    named = tuple(BodyPart(name, members) for name, members in parts.items())
    return Skeleton("mpii", tuple(Keypoint(n) for n in MPII_NAMES), MPII_BONES, (), named)


def sizes(anatomy):
    return [len(p.bones) * (len(p.bones) + 1) // 2 for p in anatomy.parts]


def test_the_paper_s_hand_has_20_bones_and_275_products():
    assert len(ANATOMY.bones) == 20
    assert sizes(ANATOMY) == [210, 15, 10, 10, 10, 10, 10]
    assert sum(sizes(ANATOMY)) == 275
    assert [part.name for part in ANATOMY.parts][:3] == ["whole body", "palm", "thumb"]


def test_a_body_of_16_joints_has_150_products_or_162_with_the_bones_that_limbs_hang_by():
    assert sizes(Anatomy.of(mpii(MPII_PARTS))) == [120, 15, 3, 3, 3, 3, 3]
    limbs = {
        "torso": (6, 7, 12, 13, 2, 3), "head": (8, 9), "right arm": (10, 11, 12),
        "left arm": (13, 14, 15), "right leg": (0, 1, 2), "left leg": (3, 4, 5),
    }  # fmt: skip
    assert sum(sizes(Anatomy.of(mpii(limbs)))) == 162


def test_bones_lead_away_from_the_middle_of_the_tree():
    assert all(child != 0 for child, _ in ANATOMY.bones)  # the wrist is nobody's child
    assert {(1, 0), (2, 1), (20, 19)} <= set(ANATOMY.bones)


def test_of_a_circle_of_bones_the_last_is_left_out():
    anatomy = Anatomy.of(skeleton(4, ((0, 1), (1, 2), (2, 3), (3, 0))))
    assert {frozenset(b) for b in anatomy.bones} == {frozenset(p) for p in ((0, 1), (1, 2), (2, 3))}


def test_a_skeleton_without_bones_gets_a_tree_over_all_its_keypoints():
    assert Anatomy.of(skeleton(4)).bones == ((1, 0), (2, 0), (3, 0))
    assert len(Anatomy.of(skeleton(3, ((1, 2),))).bones) == 2


def test_where_no_bones_are_drawn_keypoints_that_stay_near_are_joined_as_scipy_joins_them():
    rng = np.random.default_rng(0)
    truth = np.cumsum(rng.normal(size=(1, 7, 2)) * 20, axis=1) + rng.normal(size=(5, 7, 2))
    truth[0, 3] = np.nan
    apart = np.nanmean(np.linalg.norm(truth[:, :, None] - truth[:, None], axis=3), axis=0)
    tree = minimum_spanning_tree(apart).tocoo()
    expected = {frozenset(map(int, pair)) for pair in zip(tree.row, tree.col, strict=True)}
    assert {frozenset(bone) for bone in Anatomy.of(skeleton(7), truth).bones} == expected
    nobody = np.full((3, 7, 2), np.nan)
    assert len(Anatomy.of(skeleton(7), nobody).bones) == 6


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_two_bones_are_told(count):
    with pytest.raises(SelectionError, match="too few to compare poses by their bones"):
        Anatomy.of(skeleton(count))


def test_parts_of_one_bone_say_nothing_and_are_left_out():
    parts = (BodyPart("tip", (3,)), BodyPart("end", (2, 3)))
    anatomy = Anatomy.of(skeleton(5, ((0, 1), (1, 2), (2, 3), (0, 4)), parts))
    assert [part.name for part in anatomy.parts] == ["whole body", "end"]


def test_without_parts_the_five_fingers_are_found_as_communities():
    bare = Skeleton("hand", HAND.keypoints, HAND.bones)
    found = {frozenset(g.keypoints) for g in communities(Anatomy.of(bare).bones, 21)}
    fingers = [frozenset(range(1 + 4 * n, 5 + 4 * n)) for n in range(5)]
    assert sum(any(finger <= group for group in found) for finger in fingers) == 5
    assert len(found) in (5, 6)


@given(st.integers(3, 25), st.data())
def test_communities_divide_all_joined_keypoints(count, data):
    bones = [(k, data.draw(st.integers(0, k - 1))) for k in range(1, count)]
    groups = communities(bones, count)
    members = [k for group in groups for k in group.keypoints]
    assert sorted(members) == list(range(count))
    assert 1 <= len(groups) <= MOST_PARTS
    anatomy = Anatomy.of(skeleton(count, tuple(bones)))
    assert len(anatomy.bones) == count - 1
    assert all(np.array(part.bones).max() < count - 1 for part in anatomy.parts)
