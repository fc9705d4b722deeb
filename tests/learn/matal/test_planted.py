"""Tasks whose best picks are known: the team must find them out from rewards alone."""

import numpy as np
import pytest
from scipy.stats import wilcoxon

from poseapp.domain.report import SilentReport
from poseapp.learn.matal.settings import Describing, Settings
from poseapp.learn.matal.training import train
from tests.learn.matal.toys import Hands, earned, hidden_finger, redundant

BRIEF = Describing(bins=4, appearance=6, wider=False)
SEEDS = range(12)


def learnt(game: Hands, steps: int, episodes: int):
    game.describing = BRIEF
    settings = Settings(
        steps=steps, episodes=episodes, updates=12, lr=3e-3, chance_fades=10.0 * steps
    )
    return train(game, settings, 0, SilentReport()), settings


@pytest.fixture(scope="module")
def hidden():
    game = hidden_finger()
    return game, *learnt(game, steps=2, episodes=25)


@pytest.fixture(scope="module")
def repeated():
    game = redundant()
    return game, *learnt(game, steps=1, episodes=40)


def test_a_team_covers_what_earns_though_only_similarities_show_it(hidden):
    team, chance = earned(*hidden, SEEDS), earned(*hidden, SEEDS, exploring=1.0)
    assert wilcoxon(team, chance, alternative="greater").pvalue < 0.01
    assert team.mean() > 2 * chance.mean()


def test_a_team_picks_across_kinds_where_repeats_earn_nothing(repeated):
    team, chance = earned(*repeated, SEEDS), earned(*repeated, SEEDS, exploring=1.0)
    assert wilcoxon(team, chance, alternative="greater").pvalue < 0.01
    assert team.mean() > 1.4 * chance.mean()
    assert np.median(team) >= 2
