"""The loop as it really runs: labels, a trained net, predictions in the project."""

import os
import signal
from functools import partial

import numpy as np
import psutil
import pytest

from poseapp.app.inference import Inference
from poseapp.app.jobs import JobRunner, JobState
from poseapp.app.mailbox import Mailbox
from poseapp.app.training import Choices, Training
from poseapp.domain.errors import WorkerDiedError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.run import RunState
from tests.app.conftest import FRAMES

pytest.importorskip("torch")

PATIENCE_S = 120


@pytest.fixture
def mail():
    return Mailbox()


@pytest.fixture
def jobs(mail):
    runner = JobRunner(mail.post, threads=1)
    yield runner
    runner.shutdown()


@pytest.fixture
def training(session, jobs):
    return Training(session, jobs)


def test_labels_become_a_net_and_the_net_predicts_every_frame(session, training, jobs, mail):
    run = training.start(Choices(minutes=None, steps=6, batch=2))
    assert training.job is not None
    mail.wait(training.job)
    done = session.project.runs.get(run.id)
    assert done.state is RunState.DONE
    assert done.metrics["device"] == "cpu, 1 threads"
    steps = [row["step"] for row in done.metrics["history"] if "loss" in row]
    assert 0 < max(steps) <= 6  # the nets of a run share its steps
    assert session.project.runs.active() == done
    outcome = mail.wait(Inference(session, jobs).predict_all())
    assert outcome.frames == FRAMES
    found = session.project.predictions.of_video(VideoId(1))
    assert found is not None
    assert found.frames.tolist() == list(range(FRAMES))
    (shown,) = session.labelling.view(FrameRef(VideoId(1), 1)).predictions
    assert shown.run in session.project.predictions.runs_of(VideoId(1))
    assert np.isfinite(shown.points).all()


def test_a_killed_training_shows_as_failed_and_goes_on_where_it_was(session, training, mail):
    run = training.start(Choices(minutes=None, steps=200, batch=1))
    job = training.job
    assert job is not None
    folder = session.project.runs_folder / run.id
    saved = partial(folder.glob, "*.checkpoint.safetensors")
    assert mail.run_until(lambda: any(saved()) or job.ended, PATIENCE_S)
    os.kill(_worker(), signal.SIGKILL)
    with pytest.raises(WorkerDiedError):
        mail.wait(job)
    failed = session.project.runs.get(run.id)
    assert failed.state is RunState.FAILED
    assert training.can_resume(failed)
    before = training.history(run.id)
    training.resume(run.id)
    again = training.job
    assert again is not None
    assert mail.run_until(lambda: again.progress > 0.1 or again.ended, PATIENCE_S)
    after = training.history(run.id)
    steps = [row["step"] for row in after]
    assert steps == sorted(steps)
    assert after[0] == before[0]
    training.stop()
    mail.wait(again)
    assert again.state is JobState.DONE
    stopped = session.project.runs.get(run.id)
    assert stopped.state is RunState.STOPPED
    assert session.project.runs.active() == stopped


def _worker() -> int:
    children = psutil.Process().children()
    (worker,) = (child for child in children if "spawn_main" in " ".join(child.cmdline()))
    return worker.pid
