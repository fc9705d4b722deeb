import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.app.presets import preset, preset_names
from poseapp.domain.errors import SkeletonError
from poseapp.domain.skeleton import BodyPart, Keypoint, Side, Skeleton, guess_pairs, spoken, titled

ARM = Skeleton(
    "arm",
    (Keypoint("neck"), Keypoint("left hand", "#FF0000"), Keypoint("right hand")),
    bones=((0, 1), (0, 2)),
    pairs=((1, 2),),
    parts=(BodyPart("hands", (1, 2)),),
)


def test_a_pair_gives_its_keypoints_their_sides():
    assert [ARM.side(k) for k in range(3)] == [Side.CENTRE, Side.LEFT, Side.RIGHT]


@pytest.mark.parametrize(
    ("name", "words", "title"),
    [
        ("right_wrist", "right wrist", "Right wrist"),
        ("tailBase_top", "tail base top", "Tail base top"),
        ("leftear", "leftear", "Leftear"),
        ("wingL", "wing left", "Wing left"),
        ("r_wrist", "right wrist", "Right wrist"),
        ("left hip", "left hip", "Left hip"),
        ("TTI", "TTI", "TTI"),
        ("_", "_", "_"),
        ("", "", ""),
    ],
)
def test_names_are_spoken_as_words(name, words, title):
    assert (spoken(name), titled(name)) == (words, title)


def test_mirroring_swaps_pairs_and_leaves_the_rest():
    assert ARM.flip_permutation().tolist() == [0, 2, 1]


def test_json_gives_the_same_skeleton_back():
    assert Skeleton.from_json(ARM.to_json()) == ARM


def test_numbers_of_the_project_do_not_make_skeletons_differ():
    assert ARM.with_uids([7, 8, 9]) == ARM
    assert [k.uid for k in ARM.with_uids([7, 8, 9]).keypoints] == [7, 8, 9]


def test_all_faults_are_named_at_once():
    with pytest.raises(SkeletonError) as error:
        Skeleton("x", (Keypoint("a"), Keypoint("a"), Keypoint(" ")), bones=((0, 9), (1, 1)))
    for fault in ("more than once", "has no name", "not there", "to itself"):
        assert fault in str(error.value)


def test_a_keypoint_belongs_to_one_pair():
    with pytest.raises(SkeletonError, match="two left/right pairs"):
        Skeleton("x", tuple(map(Keypoint, "abc")), pairs=((0, 1), (0, 2)))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keypoints": [1]}', '{"keypoints": ["a"], "bones": [["a", "b"]]}']
)
def test_a_file_that_is_no_skeleton_gives_a_sentence(text):
    with pytest.raises(SkeletonError):
        Skeleton.from_json(text)


@given(st.text())
def test_no_text_makes_the_reader_fail_otherwise(text):
    with contextlib.suppress(SkeletonError):
        Skeleton.from_json(text)


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["snout", "leftear", "rightear", "tailbase"], ((1, 2),)),
        (["head", "wingL", "wingR", "forelegL1", "forelegR1"], ((1, 2), (3, 4))),
        (["face", "r_hip", "l_hip"], ((2, 1),)),
        (["paw1LH_top", "paw2LF_top", "paw3RF_top", "paw4RH_top"], ((0, 3), (1, 2))),
        (["LShoulder", "RShoulder", "Level", "Revel"], ((0, 1),)),
        (["tail", "ail", "collar"], ()),
    ],
)
def test_pairs_are_guessed_from_the_names_people_use(names, pairs):
    assert guess_pairs(names) == pairs


@pytest.mark.parametrize("name", preset_names())
def test_the_presets_pair_every_side_and_reach_every_keypoint_with_a_bone(name):
    skeleton = preset(name)
    assert guess_pairs(skeleton.names) == skeleton.pairs
    assert {k for bone in skeleton.bones for k in bone} == set(range(len(skeleton)))
    assert {k for part in skeleton.parts for k in part.keypoints} == set(range(len(skeleton)))


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(SkeletonError, match="person"):
        preset("unicorn")
