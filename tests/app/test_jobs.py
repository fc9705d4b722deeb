import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from poseapp.app.jobs import Job, JobRunner, JobState, Priority
from poseapp.app.mailbox import Mailbox
from poseapp.domain.errors import InternalError, PoseAppError, TrainingError, WorkerDiedError
from tests.app.made_up_tasks import Count

TASKS = "tests.app.made_up_tasks"
PATIENCE_S = 60


@pytest.fixture
def mail():
    return Mailbox()


@pytest.fixture
def jobs(mail):
    runner = JobRunner(mail.post, threads=1)
    yield runner
    runner.shutdown()


def reach(mail: Mailbox, reached) -> None:
    assert mail.run_until(reached, PATIENCE_S)


def start(jobs: JobRunner, task: str, request=None, **options) -> Job:
    return jobs.start(f"{TASKS}:{task}", request, name=task, **options)


def worker_pid(jobs, mail) -> int:
    return mail.wait(start(jobs, "pid"))[0]


def test_a_job_returns_its_value_and_says_everything_on_the_way(jobs, mail):
    parts, notes, done = [], [], []
    job = start(
        jobs,
        "say_everything",
        "ear",
        on_part=parts.append,
        on_note=notes.append,
        on_done=done.append,
    )
    assert job.state is JobState.QUEUED
    assert mail.wait(job) == "EAR"
    assert parts == [("ear", 0), ("ear", 1), ("ear", 2)]
    assert notes == job.notes == ["The batch was halved."]
    assert done == ["EAR"]
    assert (job.state, job.device_used) == (JobState.DONE, "CPU, 1 thread")
    assert jobs.jobs == ()


def test_progress_is_coalesced_and_metrics_are_all_there(jobs, mail):
    shown, metrics = [], []
    mail.wait(start(jobs, "pid"))
    began = time.monotonic()
    job = start(
        jobs,
        "count",
        Count(200, 0.002),
        on_progress=lambda done, text: shown.append((done, text)),
        on_metrics=metrics.append,
    )
    mail.wait(job)
    took_s = time.monotonic() - began
    assert [values["step"] for values in metrics] == list(range(1, 201))
    assert len(shown) <= took_s / 0.05 + 2
    assert shown == sorted(shown)
    assert shown[-1] == (1.0, "step 200")


def test_the_time_left_comes_from_the_pace_so_far(jobs, mail):
    job = start(jobs, "count", Count(1000, 0.005))
    reach(mail, lambda: job.progress > 0.05)
    assert job.eta_s == pytest.approx(job.working_s / job.progress * (1 - job.progress))
    job.stop()
    reach(mail, lambda: job.ended)
    assert job.eta_s is None


def test_the_worker_is_another_process_niced_and_kept(jobs, mail):
    first, niceness = mail.wait(start(jobs, "pid"))
    assert first != os.getpid()
    assert niceness == min(19, os.nice(0) + 10)
    assert worker_pid(jobs, mail) == first
    assert mail.wait(start(jobs, "pid", device="cuda:0"))[0] != first
    assert mail.wait(start(jobs, "threads")) == "1"


def test_a_request_is_as_it_was_when_the_job_was_asked_for(jobs, mail):
    first = start(jobs, "count", Count(5))
    values = np.ones(4)
    second = start(jobs, "total", Count(0, values=values))
    values[:] = 100
    mail.wait(first)
    assert mail.wait(second) == 4.0


def test_jobs_of_one_priority_run_in_the_order_they_were_asked_for(jobs, mail):
    ended = []
    started = [
        start(jobs, "say_everything", word, on_done=ended.append) for word in ("a", "b", "c")
    ]
    for job in started:
        mail.wait(job)
    assert ended == ["A", "B", "C"]


def test_a_higher_priority_overtakes_at_the_next_report_and_the_lower_goes_on(jobs, mail):
    order = []
    training = start(
        jobs,
        "count",
        Count(60),
        priority=Priority.BACKGROUND,
        on_done=lambda _: order.append("training"),
    )
    reach(mail, lambda: training.progress > 0)
    suggestions = start(
        jobs,
        "count",
        Count(10),
        priority=Priority.ASKED,
        on_done=lambda _: order.append("suggestions"),
    )
    waits = start(
        jobs,
        "pid",
        priority=Priority.BACKGROUND,
        on_done=lambda _: order.append("waits"),
    )
    for job in (training, suggestions, waits):
        mail.wait(job)
    assert order == ["suggestions", "training", "waits"]
    assert training.value == 60


def test_the_frame_on_screen_waits_for_no_other_job(jobs, mail, tmp_path):
    running = tmp_path / "running"
    deaf = start(jobs, "deaf", str(running), priority=Priority.BACKGROUND)
    reach(mail, running.exists)
    first, _ = mail.wait(start(jobs, "pid", priority=Priority.SCREEN, device="cpu"))
    assert mail.wait(start(jobs, "pid", priority=Priority.SCREEN, device="cuda:0"))[0] == first
    assert not deaf.ended


def test_pause_holds_a_job_and_lets_others_go_on(jobs, mail):
    training = start(jobs, "count", Count(100), priority=Priority.BACKGROUND)
    reach(mail, lambda: training.progress > 0)
    training.pause()
    assert training.state is JobState.PAUSED
    assert mail.wait(start(jobs, "count", Count(20), priority=Priority.BACKGROUND)) == 20
    held_at = training.progress
    assert not mail.run_until(lambda: training.progress > held_at, 0.3)
    training.resume()
    assert mail.wait(training) == 100


def test_work_for_spare_time_is_overtaken_by_a_training_and_goes_into_no_pause_of_it(jobs, mail):
    teaching = start(jobs, "count", Count(60), priority=Priority.SPARE)
    reach(mail, lambda: teaching.progress > 0)
    training = start(jobs, "count", Count(20), priority=Priority.BACKGROUND)
    assert mail.wait(training) == 20
    assert not teaching.ended
    teaching.stop()
    reach(mail, lambda: teaching.ended)
    paused = start(jobs, "count", Count(60), priority=Priority.BACKGROUND)
    reach(mail, lambda: paused.progress > 0)
    paused.pause()
    waits = start(jobs, "pid", priority=Priority.SPARE)
    assert not mail.run_until(lambda: waits.ended, 0.3)
    paused.resume()
    mail.wait(waits)
    assert paused.ended


def test_the_clock_of_a_job_stands_still_while_it_is_paused_or_overtaken(jobs, mail):
    began = time.monotonic()
    job = start(jobs, "clocked", Count(40), priority=Priority.BACKGROUND)
    reach(mail, lambda: job.progress > 0)
    job.pause()
    reach(mail, lambda: not mail.run_until(lambda: False, 0.5))
    job.resume()
    mail.wait(start(jobs, "count", Count(50)))
    own, wall = mail.wait(job)
    assert wall - own > 0.9
    assert job.working_s < time.monotonic() - began - 0.9


def test_stop_ends_a_running_a_paused_and_a_waiting_job(jobs, mail):
    stopped = []
    running = start(jobs, "count", Count(10_000), on_stopped=lambda: stopped.append("running"))
    waiting = start(jobs, "pid", on_stopped=lambda: stopped.append("waiting"))
    reach(mail, lambda: running.progress > 0)
    waiting.stop()
    assert waiting.state is JobState.STOPPED
    running.stop()
    assert running.state is JobState.STOPPING
    reach(mail, lambda: running.ended)
    paused = start(jobs, "count", Count(10_000), on_stopped=lambda: stopped.append("paused"))
    reach(mail, lambda: paused.progress > 0)
    paused.pause()
    paused.stop()
    reach(mail, lambda: paused.ended)
    assert stopped == ["waiting", "running", "paused"]
    assert mail.wait(paused) is None


def test_a_stopped_job_may_keep_what_it_has(jobs, mail):
    job = start(jobs, "count", Count(10_000, keeps_best=True))
    reach(mail, lambda: job.progress > 0)
    job.stop()
    assert 0 < mail.wait(job) < 10_000
    assert (job.state, job.text) == (JobState.DONE, "kept")


def test_an_error_for_the_person_travels_as_its_class_and_sentence(jobs, mail):
    told = []
    job = start(jobs, "fail_as_told", "Label three more frames.", on_failed=told.append)
    with pytest.raises(TrainingError, match=r"^Label three more frames\.$"):
        mail.wait(job)
    assert told == [job.error]
    assert job.state is JobState.FAILED


def test_a_bug_travels_as_a_plain_sentence_with_its_traceback_beside(jobs, mail):
    job = start(jobs, "meet_a_bug", "ear")
    with pytest.raises(InternalError, match="fault in the program") as caught:
        mail.wait(job)
    assert "Traceback" not in str(caught.value)
    assert "made_up_tasks.py" in job.diagnostics
    assert "KeyError: 'ear'" in job.diagnostics


def test_too_little_memory_is_said_in_plain_words(jobs, mail):
    with pytest.raises(InternalError, match="memory was not enough"):
        mail.wait(start(jobs, "use_all_memory"))


def test_a_value_that_cannot_travel_is_a_bug_of_the_job_only(jobs, mail):
    with pytest.raises(InternalError):
        mail.wait(start(jobs, "return_what_no_pipe_carries"))
    assert mail.wait(start(jobs, "say_everything", "on")) == "ON"


def test_a_worker_killed_in_the_middle_is_reported_and_replaced(jobs, mail):
    pid = worker_pid(jobs, mail)
    failed = []
    training = start(jobs, "count", Count(10_000), on_failed=failed.append)
    queued = start(jobs, "count", Count(3))
    reach(mail, lambda: training.progress > 0)
    os.kill(pid, signal.SIGKILL)
    assert mail.wait(queued) == 3
    assert training.state is JobState.FAILED
    assert failed == [training.error]
    assert isinstance(training.error, WorkerDiedError)
    assert "as happens when memory runs out" in str(training.error)
    assert worker_pid(jobs, mail) != pid


def test_a_job_that_ends_its_worker_fails_alone(jobs, mail):
    left, killed, fine = (start(jobs, task) for task in ("leave", "kill_itself", "pid"))
    with pytest.raises(WorkerDiedError, match="ended with code 7"):
        mail.wait(left)
    with pytest.raises(WorkerDiedError, match="signal 9"):
        mail.wait(killed)
    assert mail.wait(fine)


def test_an_overtaken_job_and_the_one_that_overtook_it_both_learn_of_the_death(jobs, mail):
    training = start(jobs, "count", Count(10_000), priority=Priority.BACKGROUND)
    reach(mail, lambda: training.progress > 0)
    suggestions = start(jobs, "kill_itself", priority=Priority.ASKED)
    for job in (training, suggestions):
        with pytest.raises(WorkerDiedError, match=job.name):
            mail.wait(job)


def test_shutdown_ends_a_deaf_worker_in_time_and_answers_nothing_more(mail, tmp_path):
    jobs = JobRunner(mail.post, threads=1)
    told = []
    running = tmp_path / "running"
    start(jobs, "deaf", str(running), on_failed=told.append)
    reach(mail, running.exists)
    child = _worker_of(os.getpid())
    began = time.monotonic()
    jobs.shutdown(within_s=2.0)
    assert time.monotonic() - began < PATIENCE_S
    assert not child.is_running()
    mail.run_until(lambda: False, 0.3)
    assert told == []
    with pytest.raises(PoseAppError, match="closing"):
        start(jobs, "pid")


def test_no_worker_outlives_a_window_that_is_killed(tmp_path):
    running = tmp_path / "running"
    script = tmp_path / "window.py"
    script.write_text(
        "from poseapp.app.jobs import JobRunner\n"
        "from poseapp.app.mailbox import Mailbox\n"
        "if __name__ == '__main__':\n"
        "    mail = Mailbox()\n"
        "    jobs = JobRunner(mail.post, threads=1)\n"
        f"    job = jobs.start('{TASKS}:deaf', {str(running)!r}, name='deaf')\n"
        "    mail.wait(job)\n",
        encoding="utf-8",
    )
    root = Path(__file__).resolve().parents[2]
    window = subprocess.Popen(
        [sys.executable, str(script)], env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert Mailbox().run_until(running.exists, PATIENCE_S)
    family = psutil.Process(window.pid).children(recursive=True)
    assert any("spawn_main" in " ".join(child.cmdline()) for child in family)
    window.kill()
    window.wait()
    _gone, alive = psutil.wait_procs(family, timeout=PATIENCE_S)
    assert alive == []


def test_watchers_see_every_change_until_they_leave(jobs, mail):
    seen = []
    leave = jobs.subscribe(lambda job: seen.append(job.state))
    mail.wait(start(jobs, "say_everything", "a"))
    assert seen[0] is JobState.QUEUED
    assert JobState.RUNNING in seen
    assert seen[-1] is JobState.DONE
    leave()
    count = len(seen)
    mail.wait(start(jobs, "say_everything", "b"))
    assert len(seen) == count


def test_starting_jobs_loads_no_heavy_library():
    code = (
        "import sys, poseapp.app.jobs\n"
        "heavy = {'torch', 'onnxruntime', 'cv2', 'numpy', 'PySide6'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _worker_of(pid: int) -> psutil.Process:
    children = psutil.Process(pid).children()
    return next(child for child in children if "spawn_main" in " ".join(child.cmdline()))
