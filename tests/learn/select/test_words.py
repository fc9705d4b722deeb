import pytest

from poseapp.learn.select.words import counted, spoken


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("right_wrist", "right wrist"),
        ("tailBase_top", "tail base top"),
        ("leftear", "leftear"),
        ("wingL", "wing left"),
        ("r_wrist", "right wrist"),
        ("left hip", "left hip"),
        ("_", "_"),
    ],
)
def test_names_of_keypoints_are_spoken_as_words(name, words):
    assert spoken(name) == words


def test_counts_have_separators_and_know_one():
    assert counted(1, "frame") == "1 frame"
    assert counted(12840, "frame") == "12,840 frames"
