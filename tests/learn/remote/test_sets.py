import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.remote.sets import games, split


def refs(videos, frames):
    return [FrameRef(VideoId(v), 5 * n) for v in range(videos) for n in range(frames)]


def gap(video):
    return 2


@given(st.integers(1, 8), st.integers(20, 40), st.integers(0, 9))
def test_no_frame_is_in_two_sets(videos, frames, game):
    labelled = refs(videos, frames)
    sets = split(labelled, gap, 0, game)
    parts = [*sets.taught, *sets.state, *sets.reward]
    assert len(set(parts)) == len(parts)
    assert set(parts) <= set(labelled)
    assert min(map(len, (sets.taught, sets.state, sets.reward))) > 0
    assert len(sets.taught) > len(parts) / 2


def test_below_a_hundred_labels_every_label_rewards_in_one_of_five_games():
    labelled = refs(3, 20)
    assert games(len(labelled)) == 5
    rewarding = [ref for game in range(5) for ref in split(labelled, gap, 0, game).reward]
    assert sorted(rewarding) == labelled
    assert all(
        len(set(split(labelled, gap, 0, g).taught)) == 36 for g in range(5)
    )  # three fifths of sixty


def test_many_labels_are_split_once_by_whole_videos():
    labelled = refs(20, 6)
    assert games(len(labelled)) == 1
    sets = split(labelled, gap, 0)
    of = [{ref.video for ref in part} for part in (sets.taught, sets.state, sets.reward)]
    assert len(set.union(*of)) == sum(map(len, of))
    assert [len(part) for part in of] == [16, 2, 2]


def test_too_few_labels_are_refused_in_a_sentence():
    with pytest.raises(TrainingError, match=r"needs 10 labelled frames .* there are 9"):
        split(refs(1, 9), gap, 0)
