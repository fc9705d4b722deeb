from importlib.resources import files

import numpy as np
import pytest
import torch

from poseapp.domain.errors import TrainingError
from poseapp.learn.matal import trained as trained_module
from poseapp.learn.matal.representation import Frames, Representation
from poseapp.learn.matal.settings import Ablation, Describing, Policy, Settings
from poseapp.learn.matal.shipped import initialisation_digest
from poseapp.learn.matal.trained import (
    TEAM_FILE,
    TrainedTeam,
    empty_team,
    load_initialisation,
    save_initialisation,
    shipped_initialisation,
)
from tests.learn.matal.toys import ANATOMY, HAND, hand

SETTINGS = Settings(agents=3, describing=Describing(bins=4, appearance=6))


@pytest.fixture
def trained():
    rng = np.random.default_rng(0)
    truth = np.stack([hand(rng, n % 5, 0.4) for n in range(9)])
    measures = Representation.of(ANATOMY, SETTINGS.describing, truth, rng.normal(size=(9, 7)))
    return TrainedTeam(empty_team(SETTINGS), measures, SETTINGS, HAND.names, 41)


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_a_team_comes_back_from_its_folder_with_all_it_measures_by(trained, tmp_path):
    trained.save(tmp_path / "agents")
    found = TrainedTeam.load(tmp_path / "agents")
    assert same(found.team, trained.team)
    assert found.settings == trained.settings
    assert (found.keypoints, found.trained_on) == (HAND.names, 41)
    rng = np.random.default_rng(1)
    poses = np.stack([hand(rng, 1, 0.9) for _ in range(5)])
    frames = Frames(rng.normal(size=(5, 7)), poses, rng.normal(size=(5, 7)), poses, poses, 0.5)
    for a, b in zip(
        trained.representation.observe(frames, Ablation())[0].__slots__, ("state", "actions"),
        strict=True,
    ):  # fmt: skip
        assert a == b
        one, other = (
            getattr(t.representation.observe(frames, Ablation())[0], a) for t in (trained, found)
        )
        assert np.array_equal(one, other)


def test_a_missing_or_damaged_file_is_told(trained, tmp_path):
    with pytest.raises(TrainingError, match="no trained agents"):
        TrainedTeam.load(tmp_path)
    trained.save(tmp_path)
    (tmp_path / TEAM_FILE).write_bytes(b"nonsense")
    with pytest.raises(TrainingError, match="Train them first"):
        TrainedTeam.load(tmp_path)


def test_an_initialisation_fits_any_skeleton(tmp_path):
    team = empty_team(SETTINGS)
    save_initialisation(team, SETTINGS, tmp_path / "first.safetensors", "toys, seed 0")
    found, settings = load_initialisation(tmp_path / "first.safetensors")
    assert same(found, team)
    assert settings == SETTINGS
    rng = np.random.default_rng(0)
    for keypoints, looks in ((4, 30), (21, 9)):
        from poseapp.domain.skeleton import Keypoint, Skeleton
        from poseapp.learn.matal.anatomy import Anatomy
        from poseapp.learn.matal.episode import pick

        skeleton = Skeleton("any", tuple(Keypoint(f"k{n}") for n in range(keypoints)))
        poses = rng.normal(size=(6, keypoints, 2))
        own = rng.normal(size=(6, looks))
        measures = Representation.of(Anatomy.of(skeleton), settings.describing, poses, own)
        seen, _ = measures.observe(Frames(own, poses, own, poses, poses, 0.0), Ablation())
        assert len(set(pick(found, seen, 5).rows[0].tolist())) == 5


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """First weights as if they came with the program."""
    file = tmp_path / "matal.safetensors"
    save_initialisation(empty_team(Settings()), Settings(), file, "chance")
    monkeypatch.setattr(trained_module, "initialisation_file", lambda: file)
    return load_initialisation(file)[0]


def test_shipped_weights_are_for_teams_of_their_settings_alone(shipped):
    assert same(shipped_initialisation(Settings(lr=0.1)), shipped)
    assert shipped_initialisation(Settings(describing=Describing(bins=4))) is None
    assert shipped_initialisation(Settings(agents=3)) is None


@pytest.mark.parametrize("policy", Policy)
def test_teams_of_another_policy_begin_with_as_many_shipped_agents_as_they_have(policy, shipped):
    team = shipped_initialisation(Settings(ablation=Ablation(policy=policy)))
    assert team.policy is policy
    assert len(team.agents) == (1 if "one" in policy else 4)
    for own, other in zip(team.agents, shipped.agents, strict=False):
        assert same(own, other)


def test_what_is_shipped_fits_the_usual_settings_and_its_card():
    assert shipped_initialisation(Settings()) is not None
    card = (files("poseapp.resources") / "models" / "matal.md").read_text(encoding="utf-8")
    assert initialisation_digest() in card


def test_policies_survive(tmp_path):
    settings = Settings(ablation=Ablation(policy=Policy.ONE_AGENT_BATCH))
    save_initialisation(empty_team(settings), settings, tmp_path / "f.safetensors", "")
    assert load_initialisation(tmp_path / "f.safetensors")[0].policy is Policy.ONE_AGENT_BATCH
