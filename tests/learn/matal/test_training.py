from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.report import SilentReport
from poseapp.learn.matal.environment import Observation
from poseapp.learn.matal.episode import Opening, make_team, play
from poseapp.learn.matal.settings import Ablation, Policy, Settings
from poseapp.learn.matal.training import chance_to_guess, train

QUICK = Settings(agents=2, steps=3, episodes=4, updates=2, batch=4)


class Marbles:
    """Frames are marbles of known worth; a round earns the sum of those picked."""

    def __init__(self, frames=12, scale=1.0):
        self.frames, self.scale = frames, scale
        self.resets, self.spent, self.left = [], [], []

    def reset(self, chance, *, repartition=True, share=0.1):
        self.resets.append((repartition, share))
        self._worth = chance.normal(size=self.frames).astype(np.float32)
        return self._seen(0.0)

    def step(self, rows, spent):
        self.spent.append(spent)
        earned = float(self._worth[rows].sum()) * self.scale
        self._worth = np.delete(self._worth, rows)
        self.left.append(len(self._worth))
        return earned, self._seen(spent)

    def _seen(self, spent):
        actions = np.stack([self._worth, np.ones_like(self._worth)], axis=1)
        return Observation(np.array([spent], np.float32), actions)


class Told(SilentReport):
    def __init__(self, stop_after=1e9):
        self.texts, self.rows, self._stop_after = [], [], stop_after

    def progress(self, done, text=""):
        if len(self.texts) >= self._stop_after:
            raise JobCancelled
        self.texts.append(text)

    def metrics(self, **values):
        self.rows.append(values)


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_an_episode_spends_its_budget_evenly_and_ends_without_a_next_round():
    game = Marbles()
    team = make_team(game.reset(np.random.default_rng(0)), QUICK, 0)
    episode = play(game, team, QUICK, np.random.default_rng(0), 0.5)
    assert game.spent == pytest.approx([1 / 3, 2 / 3, 1])
    assert [len(r.next_actions) for r in episode.rounds] == [10, 8, 0]
    assert [len(r.actions) for r in episode.rounds] == [2, 2, 2]
    assert episode.earned == pytest.approx(sum(r.reward for r in episode.rounds))


def test_where_frames_run_out_the_last_batch_is_smaller():
    settings = replace(QUICK, agents=4, steps=None)
    game = Marbles(10)
    team = make_team(game.reset(np.random.default_rng(0)), settings, 0)
    episode = play(game, team, settings, np.random.default_rng(0), 0.5)
    assert [len(r.actions) for r in episode.rounds] == [4, 4, 2]
    assert len(episode.rounds[-1].next_actions) == 0
    assert game.spent[-1] == 1


def test_one_image_a_round_labels_as_many_frames_as_a_team():
    settings = replace(QUICK, ablation=Ablation(policy=Policy.ONE_IMAGE))
    game = Marbles()
    team = make_team(game.reset(np.random.default_rng(0)), settings, 0)
    episode = play(game, team, settings, np.random.default_rng(0), 0.0)
    assert [len(r.actions) for r in episode.rounds] == [1] * 6


def test_agents_that_picked_the_same_frame_label_it_once():
    settings = replace(QUICK, mask_taken=False, steps=1)
    game = Marbles()
    team = make_team(game.reset(np.random.default_rng(0)), settings, 0)
    team.agents[1].load_state_dict(team.agents[0].state_dict())
    team.policy = Policy.WITHOUT_H
    episode = play(game, team, settings, np.random.default_rng(0), 0.0)
    assert len(episode.rounds[0].actions) == 2
    assert game.left == [11]


def test_labels_are_split_anew_for_every_episode_or_once_as_in_the_paper():
    for repartition in (True, False):
        game = Marbles()
        train(game, replace(QUICK, repartition=repartition), 0, SilentReport())
        assert game.resets == [(repartition, 0.1)] * 5


def test_an_opening_says_how_much_is_labelled_at_first():
    game = Marbles()
    team = make_team(game.reset(np.random.default_rng(0)), QUICK, 0)
    play(game, team, QUICK, np.random.default_rng(0), 0.0, Opening(False, 0.2))
    assert game.resets[-1] == (False, 0.2)


def test_the_team_learns_to_pick_what_earns():
    settings = replace(QUICK, steps=1, episodes=60, updates=8, lr=1e-2, batch=16)
    team = train(Marbles(), settings, 0, SilentReport())
    chances = [np.random.default_rng([seed, 5]) for seed in range(20)]
    earned = [play(Marbles(), team, settings, chance, 0.0).earned for chance in chances]
    chances = [np.random.default_rng([seed, 5]) for seed in range(20)]
    guessed = [play(Marbles(), team, settings, chance, 1.0).earned for chance in chances]
    assert np.mean(earned) > np.mean(guessed) + 1.5


def test_a_stopped_training_goes_on_as_if_it_had_never_stopped(tmp_path):
    saved = tmp_path / "team.safetensors"
    whole = train(Marbles(), QUICK, 0, SilentReport())
    with pytest.raises(JobCancelled):
        train(Marbles(), QUICK, 0, Told(stop_after=2), saved=saved)
    told = Told()
    resumed = train(Marbles(), QUICK, 0, told, saved=saved)
    assert told.texts == ["episode 3 of 4", "episode 4 of 4"]
    assert same(resumed, whole)
    assert same(train(Marbles(), QUICK, 0, SilentReport(), saved=saved), whole)


def test_another_training_does_not_go_on_from_it(tmp_path):
    saved = tmp_path / "team.safetensors"
    train(Marbles(), QUICK, 0, SilentReport(), saved=saved)
    for settings, seed in ((QUICK, 1), (replace(QUICK, lr=0.1), 0)):
        told = Told()
        train(Marbles(), settings, seed, told, saved=saved)
        assert told.texts[0] == "episode 1 of 4"


def test_every_episode_is_told():
    told = Told()
    train(Marbles(), QUICK, 0, told)
    assert [row["episode"] for row in told.rows] == [1, 2, 3, 4]
    assert all(np.isfinite([*row.values()]).all() for row in told.rows)


def test_a_team_may_begin_with_another_s_weights_which_stay():
    first = train(Marbles(), QUICK, 0, SilentReport())
    before = {k: v.clone() for k, v in first.state_dict().items()}
    nothing = replace(QUICK, episodes=0)
    assert same(train(Marbles(), nothing, 9, SilentReport(), start=first), first)
    more = train(Marbles(), QUICK, 9, SilentReport(), start=first)
    assert not same(more, first)
    assert all(torch.equal(before[k], v) for k, v in first.state_dict().items())


def test_weights_of_other_settings_are_told():
    first = train(Marbles(), replace(QUICK, agents=3), 0, SilentReport())
    with pytest.raises(TrainingError, match="made for other settings"):
        train(Marbles(), QUICK, 0, SilentReport(), start=first)


def test_agents_guess_less_and_less():
    chances = [chance_to_guess(QUICK, played) for played in (0, 30, 10_000)]
    assert chances == pytest.approx([0.9, 0.05 + 0.85 / np.e, 0.05])
