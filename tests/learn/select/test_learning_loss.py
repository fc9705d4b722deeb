"""Learning loss and learning loss++: pair losses by hand, a planted loss found again."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from poseapp.domain.report import SilentReport
from poseapp.learn.select.learning_loss import LearningLoss, LearningLossPlus
from poseapp.learn.select.loss_net import MapNet, margin_ranking, pair_divergence
from poseapp.learn.select.probed import Aspect, Probed
from tests.learn.select.pools import believed, pool_of


def test_pairs_are_the_first_with_the_last_and_must_be_ranked_with_a_margin():
    foretold = torch.tensor([2.0, 0.5, 0.0, 1.5])
    true = torch.tensor([3.0, 1.0, 2.0, 1.0])
    # (2.0, 1.5) leads by 0.5 of 1: 0.5 is missing; (0.5, 0.0) leads the wrong way: 1 + 0.5
    assert float(margin_ranking(foretold, true)) == pytest.approx((0.5 + 1.5) / 2)
    half = functional.margin_ranking_loss(
        foretold[:2], foretold.flip(0)[:2], torch.sign(true[:2] - true.flip(0)[:2]), margin=1.0
    )
    assert float(margin_ranking(foretold, true)) == pytest.approx(float(half))


def test_a_pair_s_divergence_is_that_of_its_shares():
    foretold, true = torch.tensor([1.0, 0.0]), torch.tensor([3.0, 1.0])
    softmax = np.exp([1.0, 0.0]) / np.exp([1.0, 0.0]).sum()
    by_hand = 0.75 * np.log(0.75 / softmax[0]) + 0.25 * np.log(0.25 / softmax[1])
    assert float(pair_divergence(foretold, true)) == pytest.approx(by_hand, abs=1e-6)
    right = torch.tensor([3.0, 1.0]).log()
    assert float(pair_divergence(right, true)) == pytest.approx(0, abs=1e-6)
    assert torch.isfinite(pair_divergence(foretold, torch.zeros(2)))


def test_the_deeper_net_narrows_as_in_the_paper():
    widths = [m.out_features for m in MapNet(6).layers if isinstance(m, torch.nn.Linear)]
    assert [128, *widths] == [128, 64, 32, 16, 8, 1]


@pytest.mark.parametrize(
    ("selector", "aspect", "shape"),
    [
        (LearningLoss(steps=150), Aspect.LEVELS, (4, 3)),
        (LearningLossPlus(steps=60), Aspect.SHARED, (3, 8, 8)),
    ],
)
def test_a_loss_that_what_is_seen_tells_is_found_again(selector, aspect, shape):
    rng = np.random.default_rng(0)
    telling = rng.random(90)
    seen = rng.normal(0, 0.05, (90, *shape))
    seen[:, -1] += telling.reshape(-1, *[1] * (len(shape) - 1))
    told = Probed({aspect: seen[30:]}, {aspect: seen[:30], Aspect.LOSS: telling[:30] + 0.01})
    pool = pool_of(
        np.zeros((60, 1)),
        labelled_features=np.zeros((30, 1)),
        predicted=believed(60),
        probed=told,
    )
    picked = selector.pick(pool, 60, SilentReport())
    score = {s.frame.frame: s.score for s in picked}
    foretold = [score[frame] for frame in range(60)]
    assert np.corrcoef(foretold, telling[30:])[0, 1] > 0.8


def test_one_label_is_too_few_to_compare():
    told = Probed({Aspect.LEVELS: np.ones((3, 4, 2))}, {})
    pool = pool_of(np.zeros((3, 1)), labelled_features=[[1.0]], predicted=believed(3), probed=told)
    assert LearningLoss().not_yet(pool) == "It learns from labelled frames. Label 2 or more."
