from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import RunId
from poseapp.domain.run import Run, RunKind, RunState

TRAINING = Run(
    RunId("t1"),
    RunKind.TRAINING,
    "supervised",
    datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
    round=2,
    labels_digest="abc",
    labelled_frames=30,
    config={"minutes": 5, "net": {"side": 256}},
)
INFERENCE = Run(RunId("i1"), RunKind.INFERENCE, "predict", datetime(2026, 3, 4), parent=RunId("t1"))


@pytest.fixture
def runs(project):
    project.runs.add(TRAINING)
    project.runs.add(INFERENCE)
    return project.runs


def test_runs_come_back_as_they_were_in_the_order_in_which_they_were_added(runs):
    assert runs.all() == (TRAINING, INFERENCE)
    assert runs.all(RunKind.INFERENCE) == (INFERENCE,)
    assert runs.get(RunId("t1")) == TRAINING


def test_an_update_keeps_the_place_and_what_is_in_use(runs):
    runs.set_active(TRAINING.id)
    done = replace(TRAINING, state=RunState.DONE, metrics={"held_out_px": 3.5}, message="ü")
    runs.update(done)
    assert runs.all() == (done, INFERENCE)
    assert runs.active() == done


def test_one_run_at_a_time_is_in_use_or_none(runs):
    assert runs.active() is None
    runs.set_active(TRAINING.id)
    runs.set_active(INFERENCE.id)
    assert runs.active() == INFERENCE
    runs.set_active(None)
    assert runs.active() is None


def test_a_run_the_project_never_had_is_refused(runs):
    with pytest.raises(ProjectError, match="no run x"):
        runs.get(RunId("x"))
