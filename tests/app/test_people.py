"""The net that comes with no label: fetched on request, checked, taken over by a project."""

import hashlib
import subprocess
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from poseapp.app import people
from poseapp.app.inference import Inference
from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.domain.errors import InferenceError
from poseapp.domain.human import is_human
from poseapp.domain.report import SilentReport
from poseapp.domain.run import RunKind
from poseapp.nets.card import Card
from tests.nets.tflite.test_to_onnx import SMALL

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path, monkeypatch):
    folder = tmp_path / "nets"
    monkeypatch.setenv("POSEAPP_PEOPLE", str(folder))
    return folder


@pytest.fixture
def fetched(store):
    store.mkdir()
    for name in (*people._SOURCES, "LICENSE", "NOTICE"):
        (store / name).write_text(name)
    return store


@pytest.fixture
def human(tmp_path):
    with Session.create(tmp_path / "walk", preset("human")) as session:
        yield session


def _wheel(path, content=SMALL, licence=True):
    with zipfile.ZipFile(path, "w") as package:
        for source in people._SOURCES.values():
            package.writestr(source.place, content)
        if licence:
            package.writestr("mediapipe-0.10.14.dist-info/LICENSE", "Apache License")
    return path


def _trusted(monkeypatch, content=SMALL):
    """As if this content were what was checked."""
    digest = hashlib.sha256(content).hexdigest()
    trusted = {
        name: replace(source, sha256=digest, outputs=(0,))
        for name, source in people._SOURCES.items()
    }
    monkeypatch.setattr(people, "_SOURCES", trusted)


@pytest.mark.parametrize("name", ["human", "person", "walker"])
def test_skeletons_of_people_are_human(name):
    assert is_human(preset(name))


@pytest.mark.parametrize("name", ["fly", "hand", "mouse_top", "quadruped"])
def test_other_skeletons_are_not(name):
    assert not is_human(preset(name))


def test_without_the_net_a_human_project_says_how_to_get_it(human, store, fake_jobs):
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


def test_nets_are_taken_out_of_the_package_with_their_licence(tmp_path, store, monkeypatch):
    _trusted(monkeypatch)
    assert people.install(_wheel(tmp_path / "mediapipe.whl")) == store
    assert people.are_there()
    assert (store / "LICENSE").read_text() == "Apache License"
    assert "Changed: converted" in (store / "NOTICE").read_text()
    assert sorted(p.name for p in store.iterdir()) == [
        "LICENSE", "NOTICE", "detector.onnx", "hands.onnx", "landmarks.onnx", "palms.onnx",
    ]  # fmt: skip


def test_a_package_with_other_contents_is_not_used(tmp_path, store):
    with pytest.raises(InferenceError, match="not the file that was checked"):
        people.install(_wheel(tmp_path / "mediapipe.whl"))
    assert not store.exists()


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_damaged_package_is_refused(tmp_path, store, content):
    (tmp_path / "mediapipe.whl").write_bytes(content)
    with pytest.raises(InferenceError, match=r"taken out of mediapipe\.whl"):
        people.install(tmp_path / "mediapipe.whl")


def test_a_package_without_its_licence_is_refused(tmp_path, store, monkeypatch):
    _trusted(monkeypatch)
    with pytest.raises(InferenceError, match="Fetch it again"):
        people.install(_wheel(tmp_path / "mediapipe.whl", licence=False))


def test_a_download_that_fails_says_why(store, monkeypatch):
    def pip(command, **_):
        assert "mediapipe==0.10.14" in command
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no route\n")

    monkeypatch.setattr(people.subprocess, "run", pip)
    with pytest.raises(InferenceError, match=r"no route.*Everything else works"):
        people.fetch(SilentReport())
