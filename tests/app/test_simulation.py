"""The oracle from labels to files, on a made-up film."""

import csv
import json
from dataclasses import replace

import numpy as np
import psutil
import pytest

from poseapp.app.simulation import Simulation, simulate
from poseapp.domain.errors import JobCancelled, SelectionError, WorkerDiedError
from poseapp.domain.report import SilentReport
from poseapp.learn.oracle.settings import Effort, Schedule, Sight

pytest.importorskip("torch")

WANTED = Simulation(
    "walk",
    ("random", "entropy"),
    seeds=1,
    schedule=Schedule(rounds=1, batch=1, initial=2),
    sight=Sight(long_side=32, crop_side=32, copies=1),
    effort=Effort(steps=2, batch=2),
    jobs=2,
)


class Told(SilentReport):
    def __init__(self, stop_at=2.0):
        self.texts = []
        self._stop_at = stop_at

    def progress(self, done, text=""):
        self.texts.append(text)
        if done >= self._stop_at:
            raise JobCancelled


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("simulation")


def trials(out):
    return {file: file.stat().st_mtime_ns for file in (out / "trials").glob("*.json")}


def test_a_simulation_leaves_curves_that_can_be_computed_with(session, out):
    labels = session.project.labels.snapshot()
    document = simulate(labels, WANTED, out, SilentReport(), "poseapp simulate walk")
    assert document == json.loads((out / "curves.json").read_text())
    assert document.keys() >= {"command", "commit", "packages", "data", "curves", "summary"}
    assert document["command"] == "poseapp simulate walk"
    assert document["packages"]["torch"]
    for curve in document["curves"]:
        assert curve["dataset"] == "walk"
        assert curve["labels"] == [2, 3]
        assert len(curve["error_px"]) == len(curve["pck"]) == 2
    assert [(c["selector"], c["seed"]) for c in document["curves"]] == [
        ("random", 0),
        ("entropy", 0),
    ]
    assert document["summary"]["entropy"]["against_random"]["area_pck"]["wilcoxon_p"] <= 1
    rows = list(csv.DictReader((out / "curves.csv").read_text().splitlines()))
    assert [float(row["error_px"]) for row in rows[:2]] == document["curves"][0]["error_px"]
    assert (out / "curves.png").read_bytes()[:4] == b"\x89PNG"


def test_finished_trials_are_never_repeated_and_new_ones_join_them(session, out):
    labels = session.project.labels.snapshot()
    before = trials(out)
    assert len(before) == 2
    told = Told()
    simulate(labels, WANTED, out, told)
    assert "2 of 2 trials" in told.texts
    assert "0 of 2 trials" not in told.texts
    more = replace(WANTED, selectors=("random", "entropy", "uniform"))
    assert len(simulate(labels, more, out, SilentReport())["curves"]) == 3
    assert trials(out).items() >= before.items()
    assert len(trials(out)) == 3


def test_another_machine_goes_on_from_the_curves_of_an_earlier_one(session, out, tmp_path):
    labels = session.project.labels.snapshot()
    told = Told()
    known = out / "curves.json"
    wanted = replace(WANTED, seeds_of={"random": 0})
    document = simulate(labels, wanted, tmp_path, told, known=known)
    assert [c["selector"] for c in document["curves"]] == ["entropy"]
    assert told.texts.count("1 of 1 trials") == 1
    assert {f.name for f in (tmp_path / "trials").iterdir()} == {f.name for f in trials(out)}


def test_other_settings_are_other_trials(session, out):
    labels = session.project.labels.snapshot()
    before = len(trials(out))
    simulate(labels, replace(WANTED, selectors=("random",), effort=Effort(steps=3)), out, Told())
    assert len(trials(out)) == before + 1


def test_a_stopped_simulation_ends_its_processes_and_writes_no_curves(session, tmp_path):
    labels = session.project.labels.snapshot()
    with pytest.raises(JobCancelled):
        simulate(labels, replace(WANTED, seeds=3), tmp_path, Told(stop_at=0.1))
    assert not (tmp_path / "curves.json").exists()


def test_a_trial_that_is_killed_is_told_and_what_was_finished_is_kept(session, out):
    class Killing(Told):
        def progress(self, done, text=""):
            for child in psutil.Process().children():
                if "spawn_main" in " ".join(child.cmdline()):
                    child.kill()

    labels = session.project.labels.snapshot()
    before = trials(out)
    with pytest.raises(WorkerDiedError, match="finished trials are kept"):
        simulate(labels, replace(WANTED, seeds=2), out, Killing())
    assert trials(out) == before


def test_what_cannot_be_simulated_is_said_in_a_sentence(session, tmp_path):
    labels = session.project.labels.snapshot()
    with pytest.raises(SelectionError, match="no selector 'best'"):
        simulate(labels, replace(WANTED, selectors=("best",)), tmp_path, SilentReport())
    many = replace(WANTED, schedule=Schedule(rounds=9, batch=9, initial=9))
    with pytest.raises(SelectionError, match="Choose fewer rounds"):
        simulate(labels, many, tmp_path, SilentReport())
    asked = replace(WANTED, selectors=("fsa",))
    with pytest.raises(SelectionError, match="Train once with REMOTE"):
        simulate(labels, asked, tmp_path, SilentReport())


def test_the_frame_agent_competes_with_what_it_learnt(session, tmp_path):
    from poseapp.learn.remote.agent import Agent
    from poseapp.learn.remote.trained import TrainedAgent

    labels = session.project.labels.snapshot()
    names = labels.skeleton.names
    told = np.zeros(6 * len(names), np.float32)
    asked = replace(WANTED, selectors=("fsa",), frame_agent=tmp_path / "agent")
    TrainedAgent(Agent.new(len(names), 10), names, 10, told).save(tmp_path / "agent")
    first = simulate(labels, asked, tmp_path / "out", SilentReport())
    (course,) = first["curves"]
    assert course["labels"] == [2, 3]
    before = trials(tmp_path / "out")
    simulate(labels, asked, tmp_path / "out", SilentReport())
    assert trials(tmp_path / "out") == before
    # another agent is another trial
    TrainedAgent(Agent.new(len(names), 10), names, 10, told + 1).save(tmp_path / "agent")
    simulate(labels, asked, tmp_path / "out", SilentReport())
    assert len(trials(tmp_path / "out")) == 2
