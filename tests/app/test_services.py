import subprocess
import sys

import pytest

from poseapp.app import services as building
from poseapp.app.services import Services
from poseapp.app.tasks import TrainedNet
from poseapp.domain.run import RunKind, RunState
from poseapp.infer.outcome import Outcome
from tests.infer.made_up_nets import write_run


@pytest.fixture
def built(session, fake_jobs, monkeypatch):
    """Builds services on jobs whose end the test decides."""
    made = []

    def build(**options) -> Services:
        monkeypatch.setattr(building, "JobRunner", lambda post, threads: fake_jobs)
        made.append(Services(session, lambda call: call(), **options))
        return made[-1]

    yield build
    for services in made:
        if not fake_jobs.ended:
            services.close()


def train(services, session, fake_jobs) -> None:
    run = services.training.start()
    write_run(session.project.runs_folder / run.id)
    fake_jobs.tell("on_done", TrainedNet({}, stopped=False))


def names(fake_jobs) -> list[str]:
    return [job.name for job in fake_jobs.started]


def test_in_the_window_a_new_net_predicts_and_the_next_round_is_asked_for(
    built, session, fake_jobs
):
    session.settings.set("selector", "entropy")
    session.settings.set("suggest_count", 7)
    train(built(), session, fake_jobs)
    assert names(fake_jobs) == ["Training", "Predicting"]
    fake_jobs.tell("on_done", Outcome(24, 0, 30.0, stopped=False))
    assert names(fake_jobs) == ["Training", "Predicting", "Choosing frames"]
    assert (fake_jobs.requests[-1].selector, fake_jobs.requests[-1].budget) == ("entropy", 7)


def test_a_person_may_want_no_round_after_a_training(built, session, fake_jobs):
    session.settings.set("suggest_after_training", False)
    train(built(), session, fake_jobs)
    fake_jobs.tell("on_done", Outcome(24, 0, 30.0, stopped=False))
    assert names(fake_jobs) == ["Training", "Predicting"]


def test_without_a_window_each_step_waits_to_be_asked_for(built, session, fake_jobs):
    train(built(headless=True), session, fake_jobs)
    assert names(fake_jobs) == ["Training"]


def test_nothing_left_to_suggest_is_no_fault_of_the_training(built, session, fake_jobs):
    train(built(), session, fake_jobs)
    for video in session.project.videos.all():
        session.project.videos.remove(video.id)
    fake_jobs.tell("on_done", Outcome(24, 0, 30.0, stopped=False))
    assert names(fake_jobs) == ["Training", "Predicting"]


def test_closing_ends_everything_and_says_what_was_interrupted(built, session, fake_jobs):
    services = built()
    run = services.training.start()
    services.close()
    assert fake_jobs.ended
    assert session.project.runs.get(run.id).state is RunState.FAILED
    assert session.project.runs.all(RunKind.INFERENCE) == ()


def test_building_the_services_loads_no_heavy_library():
    code = (
        "import sys, poseapp.app.services\n"
        "heavy = {'torch', 'onnxruntime', 'matplotlib', 'h5py', 'PySide6'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
