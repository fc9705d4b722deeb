from dataclasses import dataclass, replace

import numpy as np
import pytest

from poseapp.domain.errors import TrainingError
from poseapp.domain.report import SilentReport
from poseapp.learn.matal.environment import Observation
from poseapp.learn.matal.settings import Ablation, Describing, Settings
from poseapp.learn.oracle.annotator import annotator
from poseapp.learn.oracle.rehearsal import Rehearsal, Updates, accuracy, prepared
from poseapp.learn.oracle.settings import Schedule
from poseapp.learn.oracle.trial import run
from poseapp.learn.select.matal import Matal
from poseapp.learn.select.registry import SELECTORS, USUAL
from tests.learn.oracle.worlds import Memory, Remembering, crowded

SETTINGS = Settings(
    agents=2,
    steps=2,
    episodes=2,
    updates=1,
    compared_with=0,
    describing=Describing(bins=4, appearance=5, wider=False),
)


@dataclass(frozen=True)
class Learning(Memory):
    """Remembers also what it was asked for."""

    asked: tuple = ()

    def update(self, net, refs, seed, steps):
        self.asked[0].append((net, tuple(refs), seed, steps))
        return [Remembering(self, tuple(refs[:1])), Remembering(self, tuple(refs))]

    def quick(self):
        self.asked[1].append("quick")
        return self


@pytest.fixture
def world():
    labels, looks = crowded()
    measured = {ref for ref in labels.frames if ref.video > 8}
    return annotator(labels, measured_on=measured), Learning(labels, looks, ([], []))


def game(world, labels=50, settings=SETTINGS):
    teacher, estimator = world
    return Rehearsal(teacher, estimator, teacher.pool[-labels:], settings, Updates(7, 3))


def test_labels_are_split_three_six_one_and_none_is_in_two_sets(world):
    rehearsal = game(world)
    seen = rehearsal.reset(np.random.default_rng(0))
    labelled, unlabelled = set(rehearsal._labelled), set(rehearsal._unlabelled)
    measured = set(rehearsal._measured)
    assert (len(measured), len(unlabelled), len(labelled)) == (15, 30, 5)
    assert len(measured | unlabelled | labelled) == 50
    assert seen.actions.shape == (30, 7 + 28 + 5)
    assert seen.state[-1] == 0


def test_the_estimator_learns_what_was_picked_and_never_what_measures(world):
    rehearsal = game(world)
    rehearsal.reset(np.random.default_rng(0))
    first = list(rehearsal._unlabelled)
    _, seen = rehearsal.step([0, 29], 0.5)
    assert len(seen.actions) == 28
    assert seen.state[-1] == 0.5
    (none, begun, seed, steps), (net, more, seed_again, further) = world[1].asked[0]
    assert (none, steps, further) == (None, 7, 3)
    assert seed == seed_again
    assert net is not None
    assert set(more) - set(begun) == {first[0], first[29]}
    assert not set(more) & set(rehearsal._measured)


def test_the_reward_is_the_change_of_accuracy_in_per_cent_over_the_last_moments(world):
    rehearsal = game(world)
    rehearsal.reset(np.random.default_rng(0))
    before = rehearsal._accuracy
    reward, _ = rehearsal.step([3, 5], 0.5)
    teacher, estimator = world
    truth = teacher.bodies(rehearsal._measured)
    by_hand = [
        accuracy(Remembering(estimator, refs).guess(rehearsal._measured).points, truth)
        for refs in (tuple(rehearsal._labelled[:1]), tuple(rehearsal._labelled))
    ]
    assert rehearsal._accuracy == pytest.approx(np.mean(by_hand))
    assert reward == pytest.approx(100 * (np.mean(by_hand) - before))


def test_a_reward_is_what_the_choice_adds_to_chance(world):
    plain, compared = (game(world, settings=replace(SETTINGS, compared_with=n)) for n in (0, 2))
    for rehearsal in (plain, compared):
        rehearsal.reset(np.random.default_rng(0))
    before = compared._accuracy
    asked = world[1].asked[0]
    asked.clear()
    reward, _ = compared.step([3, 5], 0.5)
    first, second, own = asked
    assert len(first[1]) == len(second[1]) == len(own[1]) == 7
    assert set(own[1]) == set(compared._labelled)
    assert not set(first[1]) & set(compared._measured)
    teacher, estimator = world
    truth = teacher.bodies(compared._measured)
    by_hand = [
        np.mean([
            accuracy(Remembering(estimator, refs).guess(compared._measured).points, truth)
            for refs in (tuple(sorted(picked[1])[:1]), tuple(sorted(picked[1])))
        ])
        for picked in (first, second)
    ]  # fmt: skip
    gain, _ = plain.step([3, 5], 0.5)
    assert reward == pytest.approx(gain - 100 * (np.mean(by_hand) - before))


def test_a_spent_budget_ends_it_without_another_look(world):
    rehearsal = game(world)
    rehearsal.reset(np.random.default_rng(0))
    _, seen = rehearsal.step([0], 1.0)
    assert isinstance(seen, Observation)
    assert len(seen.actions) == 0


def test_the_split_may_stay_and_its_share_may_change(world):
    rehearsal = game(world)
    rehearsal.reset(np.random.default_rng(0))
    measured = rehearsal._measured
    rehearsal.reset(np.random.default_rng(1), repartition=False, share=0.2)
    assert rehearsal._measured == measured
    assert len(rehearsal._labelled) == 10
    rehearsal.reset(np.random.default_rng(1))
    assert rehearsal._measured != measured


def test_a_quicker_estimator_takes_part_unless_the_paper_s_is_asked_for(world):
    game(world)
    assert world[1].asked[1] == ["quick"]
    game(world, settings=replace(SETTINGS, full_updates=True))
    assert world[1].asked[1] == ["quick"]


@pytest.mark.parametrize("labels", [1, 39])
def test_too_few_labels_are_told(world, labels):
    with pytest.raises(TrainingError, match=f"need 40 labelled frames .* there are {labels}"):
        game(world, labels)


def test_accuracy_is_pck_averaged_over_thresholds():
    truth = np.array([[[0.0, 0], [100, 0], [50, 20]]])
    guessed = truth + np.array([[[10.0, 0], [0, 30], [0, 0]]])
    thresholds = np.linspace(0, 50, 5001)[1:]
    shares = [np.mean([t >= 10, t >= 30, True]) for t in thresholds]
    assert accuracy(guessed, truth) == pytest.approx(np.mean(shares), abs=1e-3)
    truth[0, 1] = np.nan
    assert accuracy(truth, truth) == 1
    guessed[0, 0] = np.nan
    assert accuracy(guessed, truth) == pytest.approx(0.5)
    assert accuracy(guessed, np.full_like(truth, np.nan)) == 0


def test_a_learning_selector_is_prepared_when_its_time_has_come(world):
    teacher, estimator = world
    refs = teacher.pool
    matal = Matal(replace(SETTINGS, ablation=Ablation(meta=False)))
    ask = lambda s, n: prepared(s, teacher, estimator, refs[-n:], 0, SilentReport())  # noqa: E731
    assert ask(matal, 39) is matal
    first = ask(matal, 42)
    assert first.trained_on == 42
    assert ask(first, 83) is first
    assert ask(first, 84).trained_on == 84
    random = SELECTORS["random"]
    assert ask(random, 84) is random


def test_in_a_trial_another_picks_until_the_agents_have_learnt(world):
    teacher, estimator = world
    schedule = Schedule(rounds=3, batch=15, initial=20)
    turns = run(Matal(SETTINGS), teacher, estimator, schedule, 0, SilentReport())
    assert [turn.labels for turn in turns] == [20, 35, 50, 65]
    assert [turn.picked[0].selector for turn in turns[:3]] == [USUAL.name, USUAL.name, "matal"]
    frames = [s.frame for turn in turns for s in turn.picked]
    assert len(frames) == len(set(frames)) == 45
