from dataclasses import replace
from datetime import UTC, datetime

import pytest

from poseapp.app.jobs import Priority
from poseapp.app.runs import mark_interrupted, new_run_id, skeleton_of_net
from poseapp.app.session import Session
from poseapp.app.tasks import TrainedNet
from poseapp.app.training import KEPT_ROWS, Choices, Training
from poseapp.domain.errors import InferenceError, ReadOnlyError, TrainingError, WorkerDiedError
from poseapp.domain.ids import RunId
from poseapp.domain.run import Run, RunKind, RunState
from tests.app.conftest import label
from tests.infer.made_up_nets import SKELETON, write_run

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
def training(session, fake_jobs):
    return Training(session, fake_jobs, now=lambda: NOON)


def stored(session, run) -> Run:
    return session.project.runs.get(run.id)


def leave_checkpoint(session, run) -> None:
    folder = session.project.runs_folder / run.id
    folder.mkdir()
    (folder / "pose.checkpoint.safetensors").touch()


def test_a_training_is_registered_with_its_lineage(session, training, fake_jobs):
    first = training.start(Choices(minutes=2.0, seed=3))
    labels = session.project.labels.snapshot()
    assert stored(session, first) == first
    assert (first.kind, first.state, first.started) == (RunKind.TRAINING, RunState.RUNNING, NOON)
    assert (first.labels_digest, first.labelled_frames) == (labels.digest(), 8)
    request = fake_jobs.requests[0]
    assert request.options == {"minutes": 2.0, "seed": 3, "device": "cpu", "threads": 1}
    assert request.out == session.project.runs_folder / first.id
    assert fake_jobs.started[0].priority is Priority.BACKGROUND
    fake_jobs.tell("on_done", TrainedNet({}, stopped=False))
    second = training.start(Choices(minutes=None, steps=5, start_from=first.id))
    assert second.parent == first.id
    assert second.id != first.id
    options = fake_jobs.requests[1].options
    assert options["start_from"] == session.project.runs_folder / first.id
    assert (options["minutes"], options["steps"]) == (None, 5)


def test_labels_made_after_the_start_do_not_reach_the_training(session, training, fake_jobs):
    training.start()
    label(session, 1)
    assert len(fake_jobs.requests[0].labels.frames) == 8


def test_a_finished_net_is_put_to_use_and_its_curve_kept(session, training, fake_jobs):
    usable, changes = [], []
    training.when_usable = usable.append
    session.subscribe(changes.append)
    run = training.start()
    leave_checkpoint(session, run)
    fake_jobs.tell("on_metrics", {"step": 1, "loss": 0.5})
    fake_jobs.tell("on_metrics", {"step": 2, "loss": 0.25, "held_out_px": 3.0})
    assert training.history(run.id) == (
        {"step": 1, "loss": 0.5},
        {"step": 2, "loss": 0.25, "held_out_px": 3.0},
    )
    assert training.current == run
    fake_jobs.tell("on_done", TrainedNet({"held_out_px": 3.0}, stopped=False))
    done = stored(session, run)
    assert (done.state, done.metrics["held_out_px"]) == (RunState.DONE, 3.0)
    assert training.history(run.id)[1] == {"step": 2, "loss": 0.25, "held_out_px": 3.0}
    assert session.project.runs.active() == done
    assert usable == [done]
    assert not (session.project.runs_folder / run.id / "pose.checkpoint.safetensors").exists()
    assert training.current is None
    assert all(change.runs for change in changes)


def test_a_curve_that_goes_back_in_steps_begins_anew_from_there(training, fake_jobs):
    run = training.start()
    for step in (1, 2, 3, 2, 3):
        fake_jobs.tell("on_metrics", {"step": step, "loss": 1.0 / step})
    assert [row["step"] for row in training.history(run.id)] == [1, 2, 3]
    fake_jobs.tell("on_metrics", {"step": 3, "held_out_px": 2.0})
    fake_jobs.tell("on_metrics", {"step": 1, "loss": 9.0})
    assert training.history(run.id) == ({"step": 1, "loss": 9.0},)


def test_stop_keeps_the_best_net(session, training, fake_jobs):
    run = training.start()
    training.stop()
    assert [order for _, order in fake_jobs.orders] == ["stop"]
    fake_jobs.tell("on_done", TrainedNet({"held_out_px": 9.0}, stopped=True))
    assert stored(session, run).state is RunState.STOPPED
    active = session.project.runs.active()
    assert active is not None
    assert active.id == run.id


@pytest.mark.parametrize(("error", "in_use"), [(9.0, 0), (2.0, 1)])
def test_a_net_of_a_stopped_training_is_used_only_if_it_is_as_good(
    session, training, fake_jobs, error, in_use
):
    runs = [training.start()]
    fake_jobs.tell("on_done", TrainedNet({"held_out_px": 3.0}, stopped=False))
    runs.append(training.start())
    fake_jobs.tell("on_done", TrainedNet({"held_out_px": error}, stopped=True))
    active = session.project.runs.active()
    assert active.id == runs[in_use].id
    assert ("better" in session.project.runs.get(runs[1].id).message) == (in_use == 0)


def test_a_training_stopped_before_it_had_a_net_leaves_none(session, training, fake_jobs):
    run = training.start()
    leave_checkpoint(session, run)
    fake_jobs.tell("on_stopped")
    assert stored(session, run).state is RunState.STOPPED
    assert stored(session, run).metrics == {}
    assert session.project.runs.active() is None
    assert not (session.project.runs_folder / run.id).exists()
    assert not training.not_yet()


def test_a_failed_training_says_why_and_can_be_resumed(session, training, fake_jobs):
    run = training.start(Choices(seed=7))
    fake_jobs.tell("on_metrics", {"step": 1, "loss": 0.5})
    leave_checkpoint(session, run)
    fake_jobs.tell("on_failed", WorkerDiedError("The worker was killed."))
    failed = stored(session, run)
    assert (failed.state, failed.message) == (RunState.FAILED, "The worker was killed.")
    assert training.can_resume(failed)
    label(session, 1)
    again = training.resume(run.id)
    assert (again.id, again.state, again.message) == (run.id, RunState.RUNNING, "")
    assert again.labelled_frames == 9
    assert fake_jobs.requests[1].options == fake_jobs.requests[0].options
    fake_jobs.tell("on_metrics", {"step": 2, "loss": 0.4})
    assert [row["step"] for row in training.history(run.id)] == [1, 2]


def test_what_left_no_state_behind_cannot_be_resumed(session, training, fake_jobs):
    run = training.start()
    fake_jobs.tell("on_failed", TrainingError("No."))
    assert not training.can_resume(stored(session, run))
    with pytest.raises(TrainingError, match="Start a new one"):
        training.resume(run.id)


def test_a_state_that_was_half_written_is_none(session, training, fake_jobs):
    run = training.start()
    leave_checkpoint(session, run)
    (saved,) = (session.project.runs_folder / run.id).iterdir()
    saved.rename(saved.with_name(f"{saved.name}.part"))
    fake_jobs.tell("on_failed", WorkerDiedError("The worker was killed."))
    assert not training.can_resume(stored(session, run))


def test_the_last_that_broke_off_is_the_one_that_goes_on(session, training, fake_jobs):
    with pytest.raises(TrainingError, match="No training broke off"):
        training.resume_last()
    runs = []
    for _ in range(2):
        runs.append(training.start())
        leave_checkpoint(session, runs[-1])
        fake_jobs.tell("on_failed", TrainingError("No."))
    training.start()
    fake_jobs.tell("on_done", TrainedNet({}, stopped=False))
    assert training.resume_last().id == runs[1].id


def test_a_run_that_a_crash_left_running_shows_as_interrupted(session, training, fake_jobs):
    run = training.start()
    leave_checkpoint(session, run)
    after = Training(session, fake_jobs)
    interrupted = stored(session, run)
    assert interrupted.state is RunState.FAILED
    assert interrupted.message == "It was interrupted before its end, and can be resumed."
    assert after.can_resume(interrupted)


def test_what_was_interrupted_before_its_first_checkpoint_is_not_offered_again(
    session, training, fake_jobs
):
    run = training.start()
    after = Training(session, fake_jobs)
    assert not after.can_resume(stored(session, run))
    assert "before there was anything to keep" in stored(session, run).message


def test_closing_marks_what_was_running(session, training):
    run = training.start()
    training.close()
    assert stored(session, run).state is RunState.FAILED
    training.close()


def test_one_training_at_a_time(training):
    training.start()
    with pytest.raises(TrainingError, match="A training is running"):
        training.start()


def test_unknown_recipes_and_projects_without_labels_are_refused(tmp_path, fake_jobs):
    with Session.create(tmp_path / "empty", SKELETON) as session:
        training = Training(session, fake_jobs)
        with pytest.raises(TrainingError, match="Label a few frames first"):
            training.start()
    assert fake_jobs.started == []


def test_remote_is_told_like_any_recipe_and_its_net_put_to_use(session, training, fake_jobs):
    run = training.start(Choices(recipe="remote", minutes=20.0))
    assert run.recipe == "remote"
    assert fake_jobs.requests[0].recipe == "remote"
    assert fake_jobs.requests[0].options["minutes"] == 20.0
    fake_jobs.tell("on_done", TrainedNet({"held_out_px": 3.0}, stopped=False))
    active = session.project.runs.active()
    assert active is not None
    assert active.id == run.id


def test_below_twenty_labels_it_is_said_why_remote_waits(session, training):
    assert training.remote_not_yet() == (
        "REMOTE needs 20 labelled frames, and there are 8. Until then training is supervised."
    )
    for frame in (1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17):
        label(session, frame)
    assert training.remote_not_yet() == ""


def test_rows_without_a_step_stand_beside_the_curve(training, fake_jobs):
    run = training.start(Choices(recipe="remote"))
    for row in ({"step": 5}, {"pick": 1, "offset": -3}, {"pick": 2, "offset": 4}, {"step": 7}):
        fake_jobs.tell("on_metrics", row)
    assert [row.get("step") for row in training.history(run.id)] == [5, None, None, 7]


def test_an_unknown_recipe_is_refused(training):
    with pytest.raises(TrainingError, match="Choose one of supervised, remote"):
        training.start(Choices(recipe="guess"))


def test_a_second_window_cannot_train_and_marks_nothing(session, training, fake_jobs):
    run = training.start()
    with Session.open(session.project.path, read_only=True) as other:
        second = Training(other, fake_jobs)
        with pytest.raises(ReadOnlyError, match="reading only"):
            second.start()
    assert stored(session, run).state is RunState.RUNNING


def test_a_net_that_is_not_there_cannot_be_put_to_use(session, training, fake_jobs):
    run = training.start()
    fake_jobs.tell("on_failed", TrainingError("No."))
    with pytest.raises(InferenceError):
        training.use(run.id)
    write_run(session.project.runs_folder / run.id)
    training.use(run.id)
    active = session.project.runs.active()
    assert active is not None
    assert active.id == run.id


def test_a_long_curve_is_thinned_and_keeps_every_held_out_point(session, training, fake_jobs):
    run = training.start()
    for step in range(5000):
        extra = {"held_out_px": 1.0} if step % 250 == 0 else {}
        fake_jobs.tell("on_metrics", {"step": step, "loss": 1.0, **extra})
    fake_jobs.tell("on_done", TrainedNet({}, stopped=False))
    rows = stored(session, run).metrics["history"]
    assert len(rows) <= KEPT_ROWS + 20
    assert [row["step"] for row in rows if "held_out_px" in row] == list(range(0, 5000, 250))


def test_names_of_runs_are_their_own(session):
    run = Run(new_run_id((), RunKind.TRAINING, NOON), RunKind.TRAINING, "supervised", NOON)
    again = new_run_id((run,), RunKind.TRAINING, NOON)
    assert run.id.endswith("-training")
    assert again == f"{run.id}-2"


def test_interrupted_inference_keeps_its_frames(session):
    run = Run(RunId("a"), RunKind.INFERENCE, "supervised", NOON)
    session.project.runs.add(run)
    mark_interrupted(session.project)
    assert "is kept" in stored(session, run).message


def test_the_skeleton_of_a_net_keeps_its_numbers_when_a_keypoint_is_renamed(
    session, training, fake_jobs
):
    run = training.start()
    folder = write_run(session.project.runs_folder / run.id)
    before = session.project.skeleton
    first = replace(before.keypoints[0], name="sky")
    session.project.write_skeleton(replace(before, keypoints=(first, *before.keypoints[1:])))
    numbers = [keypoint.uid for keypoint in skeleton_of_net(run, folder).keypoints]
    assert numbers == [keypoint.uid for keypoint in before.keypoints]
