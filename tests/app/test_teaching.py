"""The agents learn on a project's labels when it is time, and then pick."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.app.commands import AddInstance, AddVideo, ChangeSkeleton
from poseapp.app.jobs import JobRunner, Priority
from poseapp.app.mailbox import Mailbox
from poseapp.app.picking import pick
from poseapp.app.rehearsing import CHECKPOINT, Taught, teach
from poseapp.app.selection import Selection
from poseapp.app.session import Session
from poseapp.app.settings import Settings as Chosen
from poseapp.app.teaching import MOST_REHEARSED, Teaching, TeamState
from poseapp.domain.errors import JobCancelled, TrainingError, WorkerDiedError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.run import RunKind, RunState
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.learn.matal.settings import TEAM_FILE, Ablation, Describing, Settings
from poseapp.learn.matal.trained import TrainedTeam
from poseapp.learn.oracle.settings import Sight
from poseapp.learn.select.registry import USUAL
from poseapp.media.film_writer import write_film
from poseapp.media.probe import probe
from tests.app.conftest import SIZE, walker, with_net
from tests.app.test_loop import PATIENCE_S, _worker
from tests.fixtures.projects import body, film
from tests.infer.made_up_nets import SKELETON, draw
from tests.learn.select.test_registry import Notes

VIDEO = VideoId(1)
QUICK = Settings(
    agents=2,
    steps=2,
    episodes=3,
    updates=1,
    describing=Describing(bins=4, appearance=5),
    ablation=Ablation(meta=False),
)
SMALL = Sight(long_side=64, crop_side=64, copies=0)
LEARNT = Taught([1.5, 2.5], 40)


@pytest.fixture
def mice_there(mice, tmp_path):
    """A project about mice with a net, whose video is at least a file."""
    (tmp_path / "mouse.mp4").touch()
    with_net(mice)
    return mice


@pytest.fixture
def teaching(mice_there, fake_jobs, tmp_path):
    return Teaching(mice_there, fake_jobs, tmp_path, by_itself=True)


def label(session, frames) -> None:
    for frame in frames:
        session.history.do(AddInstance(body(FrameRef(VIDEO, frame))))


def learnt(session, fake_jobs) -> None:
    """The newest job ends well and leaves its team."""
    folder = fake_jobs.requests[-1].out
    folder.mkdir(exist_ok=True)
    (folder / CHECKPOINT).touch()
    fake_jobs.tell("on_done", LEARNT)


def runs(session):
    return session.project.runs.all(RunKind.AGENTS)


def test_at_forty_labels_the_agents_learn_by_themselves_in_spare_time(
    mice_there, teaching, fake_jobs
):
    label(mice_there, range(39))
    assert teaching.state is TeamState.NOT_YET
    assert teaching.sentence == "The agents learn from 40 labelled frames on; there are 39."
    with pytest.raises(TrainingError, match="there are 39"):
        teaching.start()
    assert fake_jobs.started == []
    label(mice_there, [39])
    (job,) = fake_jobs.started
    assert job.priority is Priority.SPARE
    assert teaching.job is job
    assert teaching.state is TeamState.LEARNING
    assert teaching.sentence == "The agents are learning on 40 labelled frames."
    (request,) = fake_jobs.requests
    assert len(request.labels.frames) == request.known == 40


def test_they_learn_again_each_time_labels_double(mice_there, teaching, fake_jobs):
    changes = []
    mice_there.subscribe(changes.append)
    label(mice_there, range(40))
    learnt(mice_there, fake_jobs)
    assert changes[-1].runs
    assert teaching.state is TeamState.READY
    assert (teaching.trained_on, teaching.due, teaching.job) == (40, False, None)
    assert teaching.team.metrics["earned"] == [1.5, 2.5]
    assert teaching.sentence == "The agents learnt on 40 labelled frames, and learn again at 80."
    label(mice_there, range(40, 79))
    assert len(fake_jobs.started) == 1
    label(mice_there, [79])
    assert len(fake_jobs.started) == 2
    assert (teaching.state, teaching.trained_on) == (TeamState.LEARNING, 40)
    learnt(mice_there, fake_jobs)
    assert teaching.trained_on == 80
    assert not any((mice_there.project.runs_folder).glob(f"*/{CHECKPOINT}"))


def test_without_a_net_they_wait_for_one(mice, fake_jobs, tmp_path):
    (tmp_path / "mouse.mp4").touch()
    teaching = Teaching(mice, fake_jobs, tmp_path, by_itself=True)
    label(mice, range(40))
    assert teaching.sentence == "The agents learn once there is a net. Train one first."
    with_net(mice)
    label(mice, [40])
    assert teaching.state is TeamState.LEARNING


def test_without_a_window_they_learn_when_asked(mice_there, fake_jobs, tmp_path):
    teaching = Teaching(mice_there, fake_jobs, tmp_path)
    label(mice_there, range(41))
    assert teaching.due
    assert teaching.sentence == "The agents can learn now."
    assert fake_jobs.started == []


def test_who_stopped_them_is_left_in_peace_until_labels_double(mice_there, teaching, fake_jobs):
    label(mice_there, range(40))
    teaching.stop()
    assert fake_jobs.orders == [(fake_jobs.started[0], "stop")]
    fake_jobs.requests[0].out.mkdir()
    (fake_jobs.requests[0].out / CHECKPOINT).touch()
    fake_jobs.tell("on_stopped")
    assert teaching.state is TeamState.NOT_YET
    assert "is kept" in teaching.sentence
    label(mice_there, range(40, 79))
    assert len(fake_jobs.started) == 1
    again = teaching.start()
    assert again.id == runs(mice_there)[0].id
    assert again.labelled_frames == 79
    fake_jobs.tell("on_stopped")
    label(mice_there, range(79, 157))
    assert len(fake_jobs.started) == 2
    label(mice_there, [157])
    assert len(fake_jobs.started) == 3


def test_a_failure_is_said_and_not_repeated_at_every_label(mice_there, teaching, fake_jobs):
    label(mice_there, range(40))
    fake_jobs.tell("on_failed", TrainingError("The disk is full."))
    assert (teaching.state, teaching.sentence) == (TeamState.NOT_YET, "The disk is full.")
    label(mice_there, range(40, 79))
    assert len(fake_jobs.started) == 1
    label(mice_there, [79])
    assert len(fake_jobs.started) == 2


def test_after_a_crash_they_go_on_where_they_were(mice_there, teaching, fake_jobs, tmp_path):
    label(mice_there, range(40))
    fake_jobs.requests[0].out.mkdir()
    (fake_jobs.requests[0].out / CHECKPOINT).touch()
    teaching.close()
    (broken_off,) = runs(mice_there)
    assert broken_off.state is RunState.FAILED
    assert "can be resumed" in broken_off.message
    assert len(fake_jobs.started) == 1
    again = Teaching(mice_there, fake_jobs, tmp_path, by_itself=True)
    assert again.state is TeamState.LEARNING
    assert fake_jobs.requests[1].out == fake_jobs.requests[0].out


def test_on_another_skeleton_they_pick_no_more_and_learn_anew(mice_there, teaching, fake_jobs):
    label(mice_there, range(40))
    learnt(mice_there, fake_jobs)
    old = mice_there.project.skeleton
    longer = replace(old, keypoints=(*old.keypoints, Keypoint("tail tip")))
    mice_there.history.do(ChangeSkeleton(longer))
    assert teaching.state is TeamState.LEARNING
    assert teaching.team is None
    assert fake_jobs.requests[1].out != fake_jobs.requests[0].out
    mice_there.history.undo()
    assert teaching.trained_on == 40


def test_a_damaged_team_costs_a_sentence_and_another_training(
    mice_there, teaching, fake_jobs, tmp_path
):
    label(mice_there, range(40))
    learnt(mice_there, fake_jobs)
    (fake_jobs.requests[0].out / TEAM_FILE).write_bytes(b"cut short")
    found = Teaching(mice_there, fake_jobs, tmp_path)
    assert found.state is TeamState.NOT_YET
    assert found.sentence == "The file of the agents is damaged, so they have to learn again."
    assert found.due


def test_frames_without_a_keypoint_or_a_video_cannot_be_learnt_from(
    mice_there, teaching, fake_jobs, tmp_path
):
    label(mice_there, range(39))
    absent = body(FrameRef(VIDEO, 39), np.full((4, 2), np.nan))
    mice_there.history.do(AddInstance(absent))
    assert fake_jobs.started == []
    with pytest.raises(TrainingError, match=r"Only 39 labelled frames .* need 40"):
        teaching.start()
    assert runs(mice_there) == ()
    there = tmp_path / "mouse.mp4"
    there.rename(tmp_path / "moved.mp4")
    with pytest.raises(TrainingError, match="Only 0 labelled frames"):
        teaching.start()
    (tmp_path / "moved.mp4").rename(there)
    label(mice_there, [40])
    assert teaching.state is TeamState.LEARNING


def test_a_skeleton_of_two_keypoints_is_too_small(tmp_path, fake_jobs):
    stick = Skeleton("stick", (Keypoint("top"), Keypoint("foot")), bones=((0, 1),))
    with Session.create(tmp_path / "stick", stick, Chosen(tmp_path / "s.json")) as session:
        session.project.videos.add(film(tmp_path / "stick.mp4"))
        with_net(session)
        for frame in range(40):
            ref = FrameRef(VIDEO, frame)
            session.history.do(AddInstance(body(ref, np.array([[1.0, 2], [3, 4]]))))
        teaching = Teaching(session, fake_jobs, tmp_path, by_itself=True)
        assert "too few to compare" in teaching.sentence
        assert not teaching.due


def test_of_very_many_labels_a_part_is_played_with(mice_there, fake_jobs, tmp_path):
    teaching = Teaching(mice_there, fake_jobs, tmp_path)
    label(mice_there, range(MOST_REHEARSED + 20))
    run = teaching.start()
    (request,) = fake_jobs.requests
    assert len(request.labels.frames) == MOST_REHEARSED
    assert run.labelled_frames == request.known == MOST_REHEARSED + 20


def test_who_only_reads_is_told(mice_there, fake_jobs, tmp_path):
    with Session.open(mice_there.project.path, read_only=True) as reader:
        teaching = Teaching(reader, fake_jobs, tmp_path, by_itself=True)
        assert teaching.sentence == "The project is open for reading only."


# -- really ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def long_film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "long.mp4"
    write_film(path, (draw(walker(0.4 * n)[None], SIZE) for n in range(64)), 25.0)
    return path


@pytest.fixture
def walk(tmp_path, long_film):
    """Sixty-four frames of a walker, forty of them labelled, and a net."""
    chosen = Chosen(tmp_path / "settings.json")
    chosen.set("device", "cpu")
    with Session.create(tmp_path / "long", SKELETON, chosen) as session:
        session.history.do(AddVideo(probe(long_film, session.project.cache_folder)))
        for frame in range(40):
            points = walker(0.4 * frame)
            instance = Instance(FrameRef(VIDEO, frame), points, visibility_of(points))
            session.history.do(AddInstance(instance))
        with_net(session)
        yield session


def taught(session, fake_jobs, store, report) -> Teaching:
    """A service whose team has learnt in this process."""
    teaching = Teaching(session, fake_jobs, store, settings=QUICK, sight=SMALL)
    teaching.start()
    fake_jobs.tell("on_done", teach(fake_jobs.requests[-1], report))
    return teaching


def test_agents_that_learnt_pick_and_say_why(walk, fake_jobs, store):
    teaching = taught(walk, fake_jobs, store, Notes())
    assert len(teaching.team.metrics["earned"]) == QUICK.episodes
    assert teaching.team.metrics["frames"] == 40
    assert not list((walk.project.cache_folder / "agents").glob("*"))
    Selection(walk, fake_jobs, store).suggest("matal", 5)
    report = Notes()
    picked = pick(fake_jobs.requests[-1], report)
    assert len({s.frame for s in picked}) == len(picked) == 5
    assert {s.selector for s in picked} == {"matal"}
    assert all(s.frame.frame >= 40 for s in picked)
    assert [r.kind for r in picked[0].reasons] == ["novelty", "representative", "team"]
    assert report.notes == []
    Selection(walk, fake_jobs, store).suggest("matal", 100)
    assert len(pick(fake_jobs.requests[-1], report)) <= 24
    assert "different frames are left" in report.notes[-1]


def test_a_team_that_cannot_be_read_is_stood_in_for(walk, fake_jobs, store):
    teaching = taught(walk, fake_jobs, store, Notes())
    (walk.project.runs_folder / teaching.team.id / TEAM_FILE).write_bytes(b"cut short")
    Selection(walk, fake_jobs, store).suggest("matal", 3)
    report = Notes()
    assert {s.selector for s in pick(fake_jobs.requests[-1], report)} == {USUAL.name}
    assert report.notes[0].startswith("The file of the agents is damaged.")
    assert "still learning" in report.notes[1]


def test_before_there_are_agents_another_picks_and_says_so(session, fake_jobs, store):
    with_net(session)
    Selection(session, fake_jobs, store).suggest("matal", 3)
    report = Notes()
    assert {s.selector for s in pick(fake_jobs.requests[-1], report)} == {USUAL.name}
    assert report.notes == [
        "The agents learn from 40 labels on; there are 8 labelled frames. "
        f"Until then frames are picked by {USUAL.name}."
    ]


class Until(Notes):
    """Hears of episodes, and ends the work at one of them."""

    def __init__(self, last):
        super().__init__()
        self.last, self.heard = last, []

    def metrics(self, **values):
        self.heard.append(values["episode"])
        if values["episode"] == self.last:
            raise JobCancelled


def test_what_is_stopped_goes_on_and_ends_as_if_it_never_had(walk, fake_jobs, store):
    whole = taught(walk, fake_jobs, store, Notes()).team
    expected = TrainedTeam.load(walk.project.runs_folder / whole.id).team.state_dict()
    again = Teaching(walk, fake_jobs, store, settings=QUICK, sight=SMALL)
    again.start()
    with pytest.raises(JobCancelled):
        teach(fake_jobs.requests[-1], Until(2))
    fake_jobs.tell("on_stopped")
    again.start()
    report = Until(None)
    fake_jobs.tell("on_done", teach(fake_jobs.requests[-1], report))
    assert report.heard == [2, 3]  # the second was played, but its end not reported
    found = TrainedTeam.load(walk.project.runs_folder / again.team.id).team.state_dict()
    assert again.team.id != whole.id
    assert again.team.metrics["earned"] == whole.metrics["earned"]
    torch.testing.assert_close(dict(found), dict(expected), rtol=0, atol=0)


def test_a_killed_worker_costs_no_episode_that_was_played(walk, store):
    mail = Mailbox()
    jobs = JobRunner(mail.post, threads=1)
    try:
        teaching = Teaching(walk, jobs, store, settings=replace(QUICK, episodes=40), sight=SMALL)
        run = teaching.start()
        job = teaching.job
        saved = walk.project.runs_folder / run.id / CHECKPOINT
        assert mail.run_until(lambda: saved.exists() or job.ended, PATIENCE_S)
        assert not job.ended
        os.kill(_worker(), signal.SIGKILL)
        with pytest.raises(WorkerDiedError):
            mail.wait(job)
        assert teaching.state is TeamState.NOT_YET
        assert teaching.start().id == run.id
        again = teaching.job
        told = []
        again.listeners["on_metrics"] = lambda values: told.append(values["episode"])
        mail.wait(again)
        assert told[0] > 1
        assert told[-1] == 40
        assert len(teaching.team.metrics["earned"]) == 40
    finally:
        jobs.shutdown()
