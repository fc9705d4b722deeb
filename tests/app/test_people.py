"""The net that comes with no label, as a project takes it over."""

from datetime import UTC, datetime

import pytest

from poseapp.app import people
from poseapp.app.inference import Inference
from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.domain.errors import InferenceError
from poseapp.domain.human import is_human
from poseapp.domain.run import RunKind
from poseapp.nets.card import Card

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def fetched(nets_folder):
    nets_folder.mkdir()
    kept = [name for files in people._FILES.values() for name in files.values()]
    for name in (*kept, "LICENSE", "NOTICE"):
        (nets_folder / name).write_text(name)
    return nets_folder


@pytest.fixture
def human(tmp_path):
    with Session.create(tmp_path / "walk", preset("human")) as session:
        yield session


@pytest.mark.parametrize("name", ["human", "person", "walker"])
def test_skeletons_of_people_are_human(name):
    assert is_human(preset(name))


@pytest.mark.parametrize("name", ["fly", "hand", "mouse_top", "quadruped"])
def test_other_skeletons_are_not(name):
    assert not is_human(preset(name))


def test_without_the_net_a_human_project_says_how_to_get_it(human, nets_folder, fake_jobs):
    inference = Inference(human, fake_jobs)
    assert "poseapp people --fetch" in inference.not_yet()
    with pytest.raises(InferenceError, match="poseapp people --fetch"):
        inference.predict_all()
    assert human.project.runs.all() == ()


def test_a_project_about_mice_is_not_offered_people(mice, fetched, fake_jobs):
    assert Inference(mice, fake_jobs).not_yet() == "There is no net yet. Train one first."


def test_a_human_project_predicts_before_any_label(human, fetched, fake_jobs):
    inference = Inference(human, fake_jobs, lambda: NOW)
    assert inference.not_yet() == ""
    inference.predict_all()
    adopted, predicting = human.project.runs.all()
    assert (adopted.kind, adopted.recipe) == (RunKind.PRETRAINED, "blazepose")
    assert predicting.parent == adopted.id == human.project.runs.active().id
    folder = human.project.runs_folder / adopted.id
    card = Card.read(folder)
    assert (card.net, len(card.skeleton)) == ("BlazePose", 21)
    assert (folder / "detector.onnx").read_text() == "detector.onnx"
    assert (folder / "LICENSE").exists()
    inference.predict_all()
    assert len(human.project.runs.all(RunKind.PRETRAINED)) == 1


def test_a_project_about_hands_predicts_before_any_label(tmp_path, fetched, fake_jobs):
    with Session.create(tmp_path / "wave", preset("hand")) as session:
        inference = Inference(session, fake_jobs, lambda: NOW)
        inference.predict_all()
        adopted = session.project.runs.all(RunKind.PRETRAINED)[0]
        folder = session.project.runs_folder / adopted.id
        assert Card.read(folder).net == "MediaPipe Hands"
        assert (folder / "detector.onnx").read_text() == "palms.onnx"
        assert (folder / "landmarks.onnx").read_text() == "hands.onnx"
    (fetched / "hands.onnx").unlink()  # as fetched by a program that knew people alone
    assert "finds hands" in people.not_yet(preset("hand"))
    assert people.not_yet(preset("human")) == ""
    assert not people.are_there()


def test_a_net_that_vanished_leaves_no_half_run(human, fetched):
    (fetched / "LICENSE").unlink()
    with pytest.raises(InferenceError, match="Fetch it again"):
        people.adopt(human.project, NOW)
    assert human.project.runs.all() == ()
    assert list(human.project.runs_folder.iterdir()) == []


def test_the_better_detector_goes_into_the_run_where_it_was_fetched(human, fetched):
    for name in ("crowd.onnx", "crowd.LICENSE"):
        (fetched / name).write_text(name)
    assert people.finds_crowds()
    folder = human.project.runs_folder / people.adopt(human.project, NOW).id
    assert (folder / "crowd.onnx").read_text() == "crowd.onnx"
    assert (folder / "crowd.LICENSE").exists()
    assert (folder / "detector.onnx").exists()
