from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.domain.errors import SelectionError
from poseapp.domain.report import SilentReport
from poseapp.learn.matal.representation import Likeness, Representation
from poseapp.learn.matal.settings import Ablation, Describing, Policy, Settings
from poseapp.learn.matal.trained import TrainedTeam, empty_team
from poseapp.learn.select.base import Pool
from poseapp.learn.select.matal import ABLATIONS, Matal, novelty, representative, teamwork
from poseapp.learn.select.registry import USUAL, for_trials, propose
from tests.learn.matal.toys import ANATOMY, HAND, hand
from tests.learn.select.pools import SKELETON, believed, pool_of, refs
from tests.learn.select.test_registry import Notes

SETTINGS = Settings(agents=3, describing=Describing(bins=5, appearance=4))
PARTS = [part.name for part in ANATOMY.parts]


def poses(count, seed, finger=None, bend=0.0):
    rng = np.random.default_rng(seed)
    return np.stack([hand(rng, finger, bend) for _ in range(count)])


def believed_hands(points):
    beliefs = believed(len(points))
    wide = {
        name: np.repeat(getattr(beliefs, name)[:, :1], 21, axis=1)
        for name in ("scores", "entropy", "second_ratio", "second_px", "jump_px")
    }
    return replace(beliefs, points=points.astype(np.float32), **wide)


def pool(frames=30, labels=41) -> Pool:
    rng = np.random.default_rng(0)
    found = np.concatenate([poses(frames - 5, 1), poses(5, 2, finger=2, bend=0.8)])
    return Pool(
        HAND,
        refs(frames),
        rng.normal(size=(frames, 6)).astype(np.float32),
        np.ones(frames, np.int64),
        refs(labels, video=2),
        rng.normal(size=(labels, 6)).astype(np.float32),
        0,
        predicted=believed_hands(found),
        labelled_predicted=believed_hands(poses(labels, 3)),
        labelled_points=poses(labels, 4),
    )


@pytest.fixture(scope="module")
def agents():
    torch.manual_seed(0)
    looks = np.random.default_rng(9).normal(size=(41, 6))
    measures = Representation.of(ANATOMY, SETTINGS.describing, poses(41, 4), looks)
    return Matal(SETTINGS, TrainedTeam(empty_team(SETTINGS), measures, SETTINGS, HAND.names, 41))


@pytest.mark.parametrize("budget", [1, 3, 20, 30, 50])
def test_the_team_picks_different_candidates_in_its_order_and_says_why(agents, budget):
    picked = agents.pick(pool(), budget, SilentReport())
    assert len({s.frame for s in picked}) == len(picked) == min(budget, 30)
    assert [s.score for s in picked] == sorted((s.score for s in picked), reverse=True)
    for turn, suggestion in enumerate(picked):
        assert suggestion.selector == "matal"
        kinds = [reason.kind for reason in suggestion.reasons]
        assert kinds == ["novelty", "representative", "team"]
        assert all(0 <= r.value <= 1 and r.text.endswith(".") for r in suggestion.reasons)
        assert f"Agent {1 + turn % 3} of 3" in suggestion.reasons[2].text


def test_picks_come_from_groups_without_a_label_unless_any_frame_may_be_picked(agents):
    looks = np.eye(6, dtype=np.float32)
    known = 24  # of thirty look like the labels; the other six have two looks
    rows = looks[np.r_[np.zeros(known, int), 1, 1, 1, 1, 2, 2]]
    whole = replace(pool(), features=rows, labelled_features=looks[np.zeros(41, int)])

    def picked(groups_a_pick, count):
        settings = replace(SETTINGS, groups_a_pick=groups_a_pick)
        team = replace(agents, trained=replace(agents.trained, settings=settings))
        return sorted(s.frame.frame for s in team.pick(whole, count, SilentReport()))

    first, last = picked(1, 2)
    assert 24 <= first < 28 <= last
    assert len(np.unique(rows[picked(3, 3)], axis=0)) == 3
    assert picked(0, 6)[0] < known


def test_a_snapshot_always_gives_the_same_picks(agents):
    once, again = (propose(agents, pool(), 7, SilentReport()) for _ in range(2))
    assert once == again


def test_before_forty_labels_it_says_so_and_another_picks():
    report = Notes()
    picked = propose(Matal(), pool(labels=12), 4, report)
    assert report.notes == [
        "The agents learn from 40 labels on; there are 12 labelled frames. "
        f"Until then frames are picked by {USUAL.name}."
    ]
    assert {s.selector for s in picked} == {USUAL.name}


def test_without_a_team_it_says_so():
    assert Matal().not_yet(pool()) == "The agents are still learning from your labels."
    with pytest.raises(SelectionError, match="still learning"):
        Matal().pick(pool(), 3, SilentReport())


def test_what_is_missing_is_said_in_a_sentence(agents):
    whole = pool()
    assert agents.not_yet(whole) == ""
    fish = replace(pool_of(whole.features), skeleton=SKELETON, labelled=whole.labelled,
                   labelled_features=whole.labelled_features)  # fmt: skip
    assert "have to learn again" in agents.not_yet(fish)
    assert "Train a net first" in agents.not_yet(replace(whole, predicted=None))
    described = replace(whole, features=whole.features[:, :4])
    assert "described otherwise" in agents.not_yet(described)
    absent = replace(whole, labelled_points=np.full((41, 21, 2), np.nan))
    assert "None of the labels" in agents.not_yet(absent)
    one = replace(SKELETON, keypoints=SKELETON.keypoints[:1], pairs=())
    assert "too few to compare" in agents.not_yet(replace(whole, skeleton=one))


def test_frames_that_are_no_numbers_do_not_stop_it(agents):
    damaged = pool()
    features, beliefs = damaged.features.copy(), damaged.beliefs()
    points = beliefs.points.copy()
    features[3] = np.nan
    points[4] = np.nan
    damaged = replace(damaged, features=features, predicted=replace(beliefs, points=points))
    picked = agents.pick(damaged, 30, SilentReport())
    assert len(picked) == 30
    assert not any("nan" in r.text for s in picked for r in s.reasons)
    assert any("does not find the body" in s.reasons[0].text for s in picked)


def test_the_budget_is_spent_between_two_trainings_of_the_team(agents):
    assert agents._spent(41, 41) == 0
    assert agents._spent(82, 41) == 1
    assert agents._spent(100, 41) == 1
    assert replace(agents, budget=81)._spent(61, 41) == 0.5


def test_a_team_is_loaded_from_its_folder(agents, tmp_path):
    agents.trained.save(tmp_path)
    loaded = Matal.load(tmp_path)
    assert loaded.trained_on == 41
    assert propose(loaded, pool(), 5, SilentReport()) == propose(agents, pool(), 5, SilentReport())


def likeness() -> Likeness:
    near = np.full((5, 7), 0.99)
    near[0, 3] = 0.42
    shares = np.zeros((5, 7, 5))
    shares[:, :, 0] = 1
    shares[1, 0] = [0.5, 0, 0.1, 0, 0.4]
    body = np.eye(5)
    body[2] = body[1]
    return Likeness(near, shares, np.ones((5, 7)), body)


def test_the_new_part_is_named_with_its_nearest_label():
    why = novelty(likeness(), 0, PARTS, 60)
    assert why.text == (
        "New pose of the index. Newer than in 80 % of the frames: its nearest of 60 labels is "
        "0.42 alike, 1 being the same."
    )
    assert why.value == pytest.approx(0.8)
    assert novelty(likeness(), 1, PARTS, 60).text.startswith("A pose like those labelled.")


def test_what_is_representative_is_counted():
    assert representative(likeness(), 1).text == (
        "Its pose resembles 40 % of the frames that are left."
    )
    assert representative(likeness(), 0).value == 0


def test_team_mates_are_compared_with():
    assert teamwork(likeness(), [3], 4).text == "Agent 1 of 4 picks first."
    repeated = teamwork(likeness(), [3, 1, 2], 4)
    assert repeated.text == (
        "Agent 3 of 4, told of the 2 frames before it; the nearest of these is 1.00 alike."
    )
    assert repeated.value == pytest.approx(0)
    assert teamwork(likeness(), [0, 1], 4).value == pytest.approx(1)


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_ablation_of_the_paper_can_be_asked_for_by_name(name):
    selector = for_trials(name)
    assert isinstance(selector, Matal)
    assert selector.name == name
    assert selector.settings.ablation == ABLATIONS[name] != Ablation()
    assert replace(selector, budget=9).name == name


def test_the_policies_are_those_of_section_4_3():
    assert {a.policy for a in ABLATIONS.values()} == set(Policy)
