from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import wilcoxon

from poseapp.domain.errors import JobCancelled
from poseapp.domain.report import SilentReport
from poseapp.learn.matal.episode import make_team, play
from poseapp.learn.matal.meta import Meta, Rule, meta_train
from poseapp.learn.matal.settings import Settings
from poseapp.learn.matal.training import Learner
from tests.learn.matal.test_training import Marbles, Told, same

SETTINGS = Settings(agents=2, steps=2, batch=8, lr=1e-2)
TASKS = [Marbles(scale=s) for s in (0.5, 1.0, 1.5)]


def loss_after(team, seed, steps):
    """On a new task, after some steps on it, of rounds that were not learnt from."""
    game = Marbles(scale=0.7 + 0.06 * seed)
    learner = Learner(team, SETTINGS)
    chance = np.random.default_rng([seed, 99])
    for _ in range(4):
        for round_ in play(game, learner.team, SETTINGS, chance, 0.5).rounds:
            learner.remember(round_)
    for _ in range(steps):
        learner.update(chance)
    unseen = [r for _ in range(8) for r in play(game, team, SETTINGS, chance, 0.5).rounds]
    return float(learner.loss(unseen).detach())


@pytest.mark.parametrize(
    ("rule", "rate", "p"), [(Rule.REPTILE, 0.5, 0.01), (Rule.FOMAML, 5.0, 0.05)]
)
def test_a_few_steps_from_meta_learnt_weights_beat_as_many_from_scratch(rule, rate, p):
    meta = Meta(rule, tasks=60, rate=rate)
    learnt, scratch = [], []
    first = meta_train(TASKS, SETTINGS, meta, 0, SilentReport())
    for seed in range(10):
        new = make_team(Marbles().reset(np.random.default_rng(seed)), SETTINGS, seed)
        scratch.append(loss_after(new, seed, meta.steps))
        new.load_state_dict(first.state_dict())
        learnt.append(loss_after(new, seed, meta.steps))
    assert wilcoxon(learnt, scratch, alternative="less").pvalue < p


def test_tasks_begin_with_between_a_twentieth_and_a_third_of_the_labels():
    game = Marbles()
    meta_train([game], SETTINGS, Meta(tasks=30), 0, SilentReport())
    partitions = game.resets[1:]
    shares = [share for repartition, share in partitions if repartition]
    assert len(shares) == 30
    assert 0.05 <= min(shares) < 0.1
    assert 0.25 < max(shares) <= 0.3
    again = partitions[1::2]
    assert [repartition for repartition, _ in again] == [False] * 30
    assert [share for _, share in again] == shares


def test_reptile_moves_towards_the_adapted_weights_by_less_and_less():
    still = meta_train(TASKS, SETTINGS, Meta(tasks=1, rate=0.0), 0, SilentReport())
    half = meta_train(TASKS, SETTINGS, Meta(tasks=1, rate=0.5), 0, SilentReport())
    whole = meta_train(TASKS, SETTINGS, Meta(tasks=1, rate=1.0), 0, SilentReport())
    for a, b, c in zip(still.parameters(), half.parameters(), whole.parameters(), strict=True):
        assert torch.allclose(b, (a + c) / 2, atol=1e-6)
    told = Told()
    meta_train(TASKS, SETTINGS, Meta(tasks=3), 0, told)
    assert told.texts == ["task 1 of 3", "task 2 of 3", "task 3 of 3"]


def test_it_can_be_stopped():
    with pytest.raises(JobCancelled):
        meta_train(TASKS, replace(SETTINGS), Meta(tasks=9), 0, Told(stop_after=2))


@pytest.mark.parametrize("rule", Rule)
def test_a_stopped_one_goes_on_as_if_it_had_never_stopped(rule, tmp_path):
    saved, meta = tmp_path / "first.safetensors", Meta(rule, tasks=4)
    whole = meta_train(TASKS, SETTINGS, meta, 0, SilentReport())
    with pytest.raises(JobCancelled):
        meta_train(TASKS, SETTINGS, meta, 0, Told(stop_after=2), saved=saved)
    told = Told()
    assert same(meta_train(TASKS, SETTINGS, meta, 0, told, saved=saved), whole)
    assert told.texts == ["task 3 of 4", "task 4 of 4"]
    other = Told()
    meta_train(TASKS, SETTINGS, meta, 1, other, saved=saved)
    assert other.texts[0] == "task 1 of 4"
