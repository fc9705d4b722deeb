from poseapp.learn.select.words import counted


def test_counts_have_separators_and_know_one():
    assert counted(1, "frame") == "1 frame"
    assert counted(12840, "frame") == "12,840 frames"
