import numpy as np
import pytest

from poseapp.domain.report import SilentReport
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.learn.select.distances import distance_to_nearest, farthest_first
from poseapp.learn.select.oddity import hybrid_features, oddity
from poseapp.learn.select.probed import Aspect
from poseapp.learn.select.video_specific import (
    VideoSpecific,
    farthest_and_doubtful,
    unit_range,
)
from tests.learn.select.pools import believed, frames_of, insides, pool_of

ARM = Skeleton("arm", tuple(Keypoint(n) for n in "abc"), bones=((0, 1), (1, 2)))


def test_without_skill_it_is_k_centre_and_with_full_skill_doubt_alone():
    rng = np.random.default_rng(0)
    features, doubt = rng.normal(size=(40, 3)), rng.random(40)
    nearest = distance_to_nearest(features, rng.normal(size=(4, 3)))
    by_distance = farthest_and_doubtful(features, nearest, doubt, 0.0, 1.0, 8)
    assert by_distance == farthest_first(features, nearest, 8)[0]
    by_doubt = farthest_and_doubtful(features, nearest, doubt, 1.0, 1.0, 8)
    assert by_doubt == np.argsort(-doubt)[:8].tolist()


def test_without_labels_the_most_doubtful_comes_first():
    features, doubt = np.eye(3), np.array([0.1, 0.9, 0.2])
    picked = farthest_and_doubtful(features, np.full(3, np.inf), doubt, 0.5, 1.0, 3)
    assert picked[0] == 1
    assert sorted(picked) == [0, 1, 2]


def test_features_are_places_in_the_body_s_box_and_angles_between_bones():
    bent = np.array([[[0.0, 4], [0, 0], [3, 0]]])
    found = hybrid_features(bent, ARM)[0]
    middle = np.array([1, 4 / 3])
    placed = (bent[0] - middle) / 4
    np.testing.assert_allclose(found, [*placed[:, 0], *placed[:, 1], 0.5], atol=1e-6)
    np.testing.assert_allclose(hybrid_features(7 * bent + 100, ARM)[0], found, atol=1e-5)


def test_absent_keypoints_leave_gaps_and_a_body_without_any_is_no_body():
    points = np.array([[[0.0, 4], [np.nan, np.nan], [3, 0]], np.full((3, 2), np.nan)])
    found = hybrid_features(points, ARM)
    assert np.isnan(found[0]).tolist() == [False, True, False, False, True, False, True]
    assert np.isnan(found[1]).all()


def test_a_pose_like_no_other_is_odd():
    rng = np.random.default_rng(0)
    known = rng.normal(0, 0.1, (30, 1)) * rng.normal(size=8) + rng.normal(size=8)
    asked = np.concatenate([known[:5] + 0.01, [known[0] + [1, -1] * 4], np.full((1, 8), np.nan)])
    found = oddity(known, asked, 60, 0, SilentReport())
    assert found[5] > 5 * found[:5].max()
    assert np.isnan(found[6])


@pytest.mark.parametrize(
    ("values", "wanted"), [([2.0, 4, 3], [0, 1, 0.5]), ([5.0, 5], [0, 0]), ([], [])]
)
def test_unit_range(values, wanted):
    assert unit_range(np.array(values)).tolist() == wanted


def pool_with(count=30, labelled=5, **told):
    return pool_of(
        np.zeros((count, 1)),
        labelled_features=np.zeros((labelled, 1)),
        predicted=believed(count),
        probed=insides(count, labelled, **told),
    )


def test_flickering_heatmaps_come_first_for_a_skilled_net():
    flicker = np.full(30, 0.1)
    flicker[17] = 3
    selector = VideoSpecific(steps=5)
    (pick,) = selector.pick(pool_with(skill=1.0, continuity=flicker), 1, SilentReport())
    assert frames_of([pick]) == [17]
    assert pick.reasons[0].text == "Heatmaps change more with time here than in any other frame."


def test_with_few_labelled_poses_flicker_stands_alone():
    flicker, odd = VideoSpecific().doubts(pool_with(labelled=2), SilentReport())
    assert flicker.max() == 1
    assert (odd == 0).all()


def test_where_no_film_was_seen_it_says_so():
    still = pool_with(continuity=np.full(30, np.nan))
    assert "no flicker can be measured" in VideoSpecific().not_yet(still)
    assert VideoSpecific().not_yet(pool_with()) == ""
    assert Aspect.CONTINUITY in VideoSpecific.asks
