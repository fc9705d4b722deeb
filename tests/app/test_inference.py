from datetime import UTC, datetime

import numpy as np
import pytest

from poseapp.app.inference import Inference
from poseapp.app.jobs import JobRunner, JobState, Priority
from poseapp.app.mailbox import Mailbox
from poseapp.domain.errors import InferenceError, ProjectError
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.infer.outcome import Outcome, VideoDone
from poseapp.media.packing import packed
from tests.app.conftest import FRAMES, SIZE, walker
from tests.infer.made_up_nets import draw, write_run

VIDEO = VideoId(1)
NET = RunId("net")


@pytest.fixture
def with_net(session):
    run = Run(NET, RunKind.TRAINING, "supervised", datetime(2026, 1, 1, tzinfo=UTC), round=2)
    session.project.runs.add(run)
    session.project.runs.set_active(NET)
    write_run(session.project.runs_folder / NET)
    return session


@pytest.fixture
def inference(with_net, fake_jobs):
    return Inference(with_net, fake_jobs)


def part_of(run: RunId, frames: list[int]) -> PredictionSet:
    points = np.stack([walker(n) for n in frames]).astype(np.float32)
    count = len(frames)
    scores, tracks = np.full((count, 3), 0.9, np.float32), np.zeros(count, np.int64)
    return PredictionSet(VIDEO, run, np.array(frames, np.int64), points, scores, tracks)


def inference_runs(session) -> tuple[Run, ...]:
    return session.project.runs.all(RunKind.INFERENCE)


def test_parts_are_stored_as_they_come_under_one_run(with_net, inference, fake_jobs):
    changes, finished = [], []
    with_net.subscribe(changes.append)
    inference.predict_all(then=lambda: finished.append(True))
    (run,) = inference_runs(with_net)
    assert (run.parent, run.round, run.state) == (NET, 2, RunState.RUNNING)
    fake_jobs.tell("on_part", part_of(run.id, [0, 1, 2]))
    assert len(with_net.project.predictions.at(FrameRef(VIDEO, 1))) == 1
    fake_jobs.tell("on_part", part_of(run.id, [3]))
    fake_jobs.tell("on_part", VideoDone(VIDEO))
    assert with_net.project.predictions.curve(VIDEO)[0].tolist() == [0, 1, 2, 3]
    assert changes[1].predictions == {VIDEO}
    assert not finished
    fake_jobs.tell("on_done", Outcome(4, 1, 31.26, stopped=False))
    (done,) = inference_runs(with_net)
    assert done.state is RunState.DONE
    assert done.metrics["frames_per_s"] == 31.3
    assert done.metrics["damaged"] == 1
    assert finished == [True]


def test_a_stopped_run_keeps_what_came_and_leads_to_nothing(with_net, inference, fake_jobs):
    finished = []
    inference.predict_all(then=lambda: finished.append(True))
    (run,) = inference_runs(with_net)
    fake_jobs.tell("on_part", part_of(run.id, [0, 1]))
    fake_jobs.tell("on_done", Outcome(2, 0, 30.0, stopped=True))
    assert inference_runs(with_net)[0].state is RunState.STOPPED
    assert len(with_net.project.predictions.at(FrameRef(VIDEO, 1))) == 1
    assert finished == []


def test_a_failed_run_says_why(with_net, inference, fake_jobs):
    inference.predict_video(VIDEO)
    fake_jobs.tell("on_failed", InferenceError("The net is gone."))
    (run,) = inference_runs(with_net)
    assert (run.state, run.message) == (RunState.FAILED, "The net is gone.")


def test_predictions_that_cannot_be_stored_end_the_run(with_net, inference, fake_jobs, monkeypatch):
    inference.predict_video(VIDEO)
    (run,) = inference_runs(with_net)

    def full(*_):
        raise ProjectError("The disk is full.")

    monkeypatch.setattr(with_net.project.predictions, "write", full)
    fake_jobs.tell("on_part", part_of(run.id, [0]))
    fake_jobs.tell("on_part", part_of(run.id, [1]))
    assert [order for _, order in fake_jobs.orders] == ["stop"]
    with pytest.raises(ProjectError, match="disk is full"):
        fake_jobs.tell("on_done", Outcome(2, 0, 30.0, stopped=True))
    (run,) = inference_runs(with_net)
    assert (run.state, run.message) == (RunState.FAILED, "The disk is full.")


def test_the_newest_frame_on_screen_takes_the_place_of_older_ones(inference, fake_jobs):
    inference.predict_frame(FrameRef(VIDEO, 3))
    inference.predict_frame(FrameRef(VIDEO, 4))
    assert fake_jobs.started[0].state is JobState.STOPPING or fake_jobs.orders
    assert fake_jobs.started[1].priority is Priority.SCREEN


def test_single_frames_stand_among_the_other_predictions_of_the_net(with_net, inference, fake_jobs):
    inference.predict_frame(FrameRef(VIDEO, 3))
    (run,) = inference_runs(with_net)
    fake_jobs.tell("on_done", part_of(run.id, [3]))
    inference.predict_frame(FrameRef(VIDEO, 4))
    fake_jobs.tell("on_done", part_of(fake_jobs.requests[-1].run, [4]))
    assert len(inference_runs(with_net)) == 1
    shown = with_net.project.predictions.at(FrameRef(VIDEO, 3))
    np.testing.assert_allclose(shown[0].points, walker(3), atol=1e-3)


def test_a_shown_frame_is_predicted_only_where_it_shows_nothing(with_net, inference, fake_jobs):
    picture = draw(walker(1)[None], SIZE)
    labelled, bare = FrameRef(VIDEO, 0), FrameRef(VIDEO, 1)
    assert inference.predict_shown(labelled, picture) is None
    with_net.labelling.mark_empty(FrameRef(VIDEO, 2))
    assert inference.predict_shown(FrameRef(VIDEO, 2), picture) is None
    assert inference.predict_shown(bare, picture) is not None
    fake_jobs.tell("on_done", part_of(fake_jobs.requests[-1].run, [1]))
    assert inference.predict_shown(bare, picture) is None


def test_without_a_net_a_shown_frame_stays_as_it_is(session, fake_jobs):
    picture = draw(walker(1)[None], SIZE)
    assert Inference(session, fake_jobs).predict_shown(FrameRef(VIDEO, 1), picture) is None


def test_without_a_net_the_cure_is_named(session, fake_jobs):
    inference = Inference(session, fake_jobs)
    with pytest.raises(InferenceError, match="Train one first"):
        inference.predict_all()
    assert inference_runs(session) == ()


def test_closing_marks_what_was_running(with_net, inference):
    inference.predict_video(VIDEO)
    inference.close()
    (run,) = inference_runs(with_net)
    assert run.state is RunState.FAILED
    assert "is kept" in run.message


def test_a_worker_predicts_the_film_and_the_frame_on_screen(with_net):
    mail = Mailbox()
    jobs = JobRunner(mail.post, threads=1)
    try:
        inference = Inference(with_net, jobs)
        outcome = mail.wait(inference.predict_all())
        assert (outcome.frames, outcome.damaged) == (FRAMES, 0)
        predictions = with_net.project.predictions
        found = predictions.of_video(VIDEO)
        assert found is not None
        truth = np.stack([walker(n) for n in range(FRAMES)])
        np.testing.assert_allclose(found.points, truth, atol=1.5)
        (run,) = inference_runs(with_net)
        assert run.metrics["device"] == "CPU, 1 thread"
        assert list((with_net.project.cache_folder / "beliefs").iterdir())
        elsewhere = walker(0) + 3
        picture = draw(elsewhere[None], SIZE)
        mail.wait(inference.predict_frame(FrameRef(VIDEO, 0), picture))
        (shown,) = predictions.at(FrameRef(VIDEO, 0))
        np.testing.assert_allclose(shown.points, elsewhere, atol=1.5)
        maps = []
        mail.wait(inference.heat_of(FrameRef(VIDEO, 0), packed(picture), maps.append))
        (warmth,) = maps
        assert warmth.shape == (SIZE[1], SIZE[0])
        row, column = (elsewhere[1, 1].round(), elsewhere[1, 0].round())
        assert warmth[int(row), int(column)] > 0.6
    finally:
        jobs.shutdown()
