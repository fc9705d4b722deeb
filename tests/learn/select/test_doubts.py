"""Least confidence, entropy and temporal jump: what a net's doubt makes of a pool."""

import numpy as np
import pytest

from poseapp.domain.report import SilentReport
from poseapp.learn.select.doubtful_groups import DoubtfulGroups
from poseapp.learn.select.entropy import Entropy, two_peak_entropy
from poseapp.learn.select.least_confidence import LeastConfidence
from poseapp.learn.select.temporal_jump import TemporalJump
from tests.learn.select.pools import believed, blobs, changed, frames_of, pool_of


def pool_with(count=100, **beliefs):
    return pool_of(np.zeros((count, 1)), predicted=believed(count, **beliefs))


def test_the_least_confident_frames_come_first_and_name_the_keypoint_that_is_unusually_low():
    scores = np.full((100, 3), 0.9)
    scores[:, 0] = 0.3  # the nose never does well, so it explains nothing
    scores[70] = (0.2, 0.9, 0.1)
    scores[20, 1] = 0.4
    first, second = LeastConfidence().pick(pool_with(scores=scores), 2, SilentReport())
    assert frames_of([first, second]) == [70, 20]
    assert first.reasons[0].text == "Right fin unsure. The net gives it 0.10."
    assert first.reasons[0].keypoint == "right_fin"
    assert first.reasons[0].value == pytest.approx(0.9)
    assert first.score == pytest.approx(1 - 1.2 / 3)


def test_two_peaks_are_told_with_their_distance():
    pool = pool_with(
        second_ratio=changed({(40, 2): 0.9}, 100, 0.05),
        second_px=changed({(40, 2): 44.2}, 100, 7.0),
    )
    (pick,) = Entropy().pick(pool, 1, SilentReport())
    assert pick.frame.frame == 40
    assert pick.reasons[0].text == "Right fin unsure. The net sees two places for it, 44 px apart."


def test_a_wide_heatmap_is_told_without_inventing_a_second_place():
    pool = pool_with(entropy=changed({(40, 1): 0.95}, 100, 0.2))
    (pick,) = Entropy().pick(pool, 1, SilentReport())
    assert pick.reasons[0].text == "Left fin unsure. The net sees it nowhere clearly."


def test_two_equal_peaks_are_worth_one_bit_and_a_single_peak_none():
    np.testing.assert_allclose(
        two_peak_entropy(np.array([0.0, 1.0, 1 / 3])), [0, 1, 0.811278], atol=1e-6
    )


def test_a_jump_counts_against_the_size_of_the_body():
    pool = pool_with(jump_px=changed({(10, 0): 25.0, (60, 2): 40.0}, 100, 1.0))
    first, second = TemporalJump().pick(pool, 2, SilentReport())
    assert frames_of([first, second]) == [60, 10]
    assert first.reasons[0].text == "Right fin jumps 40 px away from the frames before and after."
    assert first.reasons[0].value == pytest.approx(40 / 50)  # 40 × 30 px: a diagonal of 50


def test_swapped_sides_are_told_first():
    swapped = np.zeros((100, 1), bool)
    swapped[60] = True
    pool = pool_with(jump_px=changed({(60, 1): 40.0}, 100, 1.0), swapped=swapped)
    (pick,) = TemporalJump().pick(pool, 1, SilentReport())
    assert pick.reasons[0].text == (
        "Left and right may be swapped. Left fin and right fin change places at frame 60."
    )
    assert [reason.kind for reason in pick.reasons] == ["swap", "jump"]


def test_where_no_motion_is_known_no_jump_is_claimed():
    pool = pool_with(jump_px=np.full((100, 3), np.nan))
    assert "no jump can be seen" in TemporalJump().not_yet(pool)


def test_a_net_that_found_nothing_anywhere_does_no_harm():
    nothing = np.full((5, 3, 2), np.nan)
    picked = TemporalJump().pick(pool_with(5, points=nothing), 3, SilentReport())
    assert len(picked) == 3


@pytest.mark.parametrize("selector", [LeastConfidence(), Entropy(), TemporalJump()])
def test_without_a_net_each_says_why_it_cannot_pick(selector):
    assert "Train a net first" in selector.not_yet(pool_of(np.zeros((3, 1))))
    assert selector.not_yet(pool_with(3)) == ""


def test_the_most_doubtful_frame_of_each_group_without_a_label_is_picked_most_doubtful_first():
    scores = np.full((90, 3), 0.9)
    scores[10] = 0.3
    scores[11] = 0.2  # the same group: one label is enough
    scores[40] = 0.6
    scores[70] = 0.1  # its group has a label
    features = blobs([30, 30, 30])
    pool = pool_of(
        features, labelled_features=features[60:61], predicted=believed(90, scores=scores)
    )
    first, second = DoubtfulGroups(groups_a_pick=1).pick(pool, 2, SilentReport())
    assert frames_of([first, second]) == [11, 40]
    assert first.score == pytest.approx(0.8)
    assert [reason.text for reason in first.reasons] == [
        "Nose unsure. The net gives it 0.20.",
        "Stands for 30 frames. Labelling it helps with all of them.",
    ]


def test_with_more_groups_than_picks_the_doubtful_ones_are_asked_for():
    scores = np.full((90, 3), 0.9)
    scores[50], scores[80] = 0.5, 0.4
    pool = pool_of(blobs([30, 30, 30]), predicted=believed(90, scores=scores))
    assert frames_of(DoubtfulGroups().pick(pool, 1, SilentReport())) == [80]
    assert len(DoubtfulGroups().pick(pool, 90, SilentReport())) == 90


def test_groups_wait_for_a_net_to_doubt():
    assert (
        DoubtfulGroups().not_yet(pool_of(np.zeros((5, 1)))).startswith("There are no predictions")
    )
