from __future__ import annotations

import numpy as np
import pytest

from poseapp.app import before_after
from poseapp.app.before_after import pairs, predictions_of, training_before
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.run import Run, RunKind, RunState
from tests.fixtures.projects import mouse_session
from tests.ui.conftest import NOW

VIDEO = VideoId(1)


@pytest.fixture
def project(tmp_path):
    session, _ = mouse_session(tmp_path / "mice")
    with session:
        yield session.project


def add_run(project, name, kind, parent=None):
    run = Run(RunId(name), kind, "supervised", NOW, RunState.DONE, parent=parent)
    project.runs.add(run)
    return run.id


def predict(project, run, moved):
    """Every frame shows the same body but for keypoint 2, moved by so many px on some frames."""
    frames = np.arange(60)
    points = np.zeros((60, 4, 2), np.float32) + np.array([[10, 10], [20, 10], [10, 30], [40, 40]])
    for frame, px in moved.items():
        points[frame, 2, 0] += px
    scores, tracks = np.full((60, 4), 0.9, np.float32), np.zeros(60, np.int64)
    project.predictions.write(
        PredictionSet(VIDEO, run, frames, points.astype(np.float32), scores, tracks)
    )


def test_the_frames_that_changed_most_come_first_and_neighbours_only_once(project, monkeypatch):
    monkeypatch.setattr(before_after, "LOOKED_AT", 1000)
    for name in ("old", "new"):
        add_run(project, name, RunKind.INFERENCE)
    predict(project, RunId("old"), {})
    predict(project, RunId("new"), {5: 8.0, 6: 12.0, 50: 40.0})
    found = pairs(project, RunId("old"), RunId("new"), most=2)
    assert [pair.frame for pair in found] == [FrameRef(VIDEO, 50), FrameRef(VIDEO, 6)]
    assert (found[0].keypoint, found[0].moved_px, found[0].change) == (2, 40.0, 10.0)
    assert found[0].after[0].points[2].tolist() == [50.0, 30.0]


def test_frames_that_one_run_has_not_seen_are_not_compared(project):
    for name in ("old", "new"):
        add_run(project, name, RunKind.INFERENCE)
    predict(project, RunId("old"), {})
    assert pairs(project, RunId("old"), RunId("new")) == ()


def test_a_training_is_compared_with_the_last_one_whose_net_has_predicted(project):
    first = add_run(project, "t1", RunKind.TRAINING)
    add_run(project, "t2", RunKind.TRAINING)
    third = add_run(project, "t3", RunKind.TRAINING)
    add_run(project, "i1", RunKind.INFERENCE, parent=first)
    newest = add_run(project, "i2", RunKind.INFERENCE, parent=first)
    assert predictions_of(project, first) == newest
    assert predictions_of(project, third) is None
    before = training_before(project, third)
    assert before is not None
    assert before.id == first
    assert training_before(project, first) is None
