import numpy as np
import pytest

from poseapp.learn.remote.reward import losing_streak, mean_pck, reward


def rewards(accuracies):
    before, *after = accuracies
    earned, best = [], before
    for accuracy in after:
        gained, best = reward(accuracy, best)
        earned.append(gained)
    return earned


def test_a_reward_is_the_gain_over_the_best_of_all_earlier_ones():
    found = rewards([0.5, 0.6, 0.55, 0.6, 0.7, 0.2, 0.69])
    assert found == pytest.approx([0.1, -0.05, 0.0, 0.1, -0.5, -0.01])


def turns(stream, patience=5):
    """After how many rewards the turn ends; None when it never does."""
    streak = 0
    for n, earned in enumerate(stream, start=1):
        streak = losing_streak(streak, earned)
        if streak == patience:
            return n
    return None


def test_five_negative_rewards_in_a_row_end_a_turn():
    assert turns([-1] * 5) == 5
    assert turns([1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, 3]) == 11
    assert turns([-1, -1, -1, -1]) is None


def test_a_reward_of_zero_is_not_negative_and_breaks_the_row():
    assert turns([-1, -1, -1, -1, 0, -1, -1, -1, -1]) is None
    assert turns([0] * 100) is None
    assert turns([0, -1, -1, 0, -1, -1, -1, -1, -1]) == 9


def test_accuracy_is_the_mean_over_keypoints_and_thresholds():
    truth = np.array([[[0.0, 0], [100, 0], [np.nan, np.nan]]])
    found = truth + np.array([[3.0, 0], [15, 0], [0, 0]])
    # the box is 100 px: the first is within 5, 10 and 20 %, the second within 20 % alone
    assert mean_pck(found, truth, (0.05, 0.1, 0.2)) == pytest.approx(4 / 6)
    assert mean_pck(found, truth, (0.2,)) == 1.0
    assert mean_pck(found, np.full_like(truth, np.nan), (0.2,)) == 0.0
