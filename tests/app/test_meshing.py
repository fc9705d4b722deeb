"""Meshes recovered, fitted again and asked about, with jobs whose end the test decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import torch

from poseapp.app.commands import AddInstance, AddVideo
from poseapp.app.jobs import Priority
from poseapp.app.mesh_options import MeshOptions
from poseapp.app.mesh_people import (
    apart,
    disagreeing,
    instance_of,
    people_of,
    suggestion_of,
    suggestions_of,
)
from poseapp.app.mesh_tasks import Outcome, Recover, Recovered, Refit, get_ready, recover, refit
from poseapp.app.meshing import Meshing
from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.errors import (
    BodyError,
    InferenceError,
    JobCancelled,
    PoseAppError,
    ProjectError,
)
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.mesh import BodyPose
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.report import SilentReport
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.video import Video
from poseapp.media.film_writer import write_film
from poseapp.nets.body.naming import shared_keypoints
from poseapp.nets.motion_hmr.architecture import LIGHT
from poseapp.nets.motion_hmr.choice import NO_NET
from poseapp.nets.motion_hmr.net import MotionHMR
from poseapp.nets.motion_hmr.stored import save_net
from poseapp.store.motion_file import write_motion
from tests.fixtures.motions import SIZE, keep_motion, walking
from tests.fixtures.projects import mouse_session

VIDEO, RUN = VideoId(1), RunId("mesh-1")
HUMAN = preset("human")


@pytest.fixture
def session(tmp_path):
    """A video that nobody reads."""
    settings = Settings(tmp_path / "settings.json")
    with Session.create(tmp_path / "walk", HUMAN, settings) as session:
        film = Video(VideoId(0), tmp_path / "walk.mp4", *SIZE, 40, 25.0)
        session.history.do(AddVideo(film))
        yield session


@pytest.fixture
def meshing(session, fake_jobs):
    return Meshing(session, fake_jobs)


def with_meshes(session, motion=None) -> None:
    run = Run(RUN, RunKind.MESH, "fit", datetime(2026, 1, 1, tzinfo=UTC), config={"body": "Anny"})
    session.project.runs.add(run)
    keep_motion(session.project, RUN, VIDEO, "Person 1", motion or walking())


def seen_by(person, frame: int) -> Instance:
    """An instance whose keypoints are exactly the mesh's."""
    own, bodys = shared_keypoints(HUMAN.names, person.figure.body.keypoint_names)
    points = np.full((len(HUMAN), 2), np.nan)
    points[own] = person.view.project(person.mesh(frame).keypoints[bodys])
    return Instance(FrameRef(VIDEO, frame), points, visibility_of(points))


def label(session, instance: Instance) -> None:
    session.history.do(AddInstance(instance))


# -- how far meshes are off ----------------------------------------------------------------------


def test_a_mesh_is_as_far_off_as_its_points_were_moved(session):
    with_meshes(session)
    (person,) = people_of(session.project, VIDEO)
    exact = seen_by(person, 2)
    wrist = HUMAN.index("left wrist")
    points = exact.points.copy()
    points[wrist] += (3, 4)
    gap = apart(person, 2, replace(exact, points=points), HUMAN)
    assert gap is not None
    assert gap.keypoints[gap.worst] == wrist
    assert gap.distance.max() == pytest.approx(5, abs=1e-3)
    assert gap.mean_px == pytest.approx(5 / len(gap.keypoints), abs=1e-3)
    assert apart(person, 39, exact, HUMAN) is None


def test_the_nearest_body_of_a_frame_is_the_individual(session):
    with_meshes(session)
    (person,) = people_of(session.project, VIDEO)
    exact = seen_by(person, 2)
    near, far = (replace(exact, points=exact.points + by) for by in (4, 400))
    assert instance_of(person, 2, (far, near), HUMAN) is near
    assert instance_of(person, 2, (far,), HUMAN) is None
    assert instance_of(person, 2, (), HUMAN) is None


def test_each_stretch_of_large_errors_is_one_frame_to_look_at(session):
    errors = np.array([2, 2, 9, 30, 9, 2, 2, 2, 20, 2, 2, np.nan])
    with_meshes(session, replace(walking(12), error_px=errors))
    (person,) = people_of(session.project, VIDEO)
    assert person.median_px == 2
    tall = person.motion.focal_px * person.figure.height_m / 5
    assert person.limit_px == pytest.approx(max(4, tall / 40))
    assert disagreeing(person) == (3, 8)


def test_a_frame_is_asked_about_in_words(session):
    with_meshes(session)
    (person,) = people_of(session.project, VIDEO)
    exact = seen_by(person, 3)
    points = exact.points.copy()
    points[HUMAN.index("right heel")] += (9, 0)
    made = suggestion_of(person, 3, (replace(exact, points=points),), HUMAN)
    assert made is not None
    (reason,) = made.reasons
    assert reason.text == "Mesh and points disagree. The right heel is 9 px off."
    assert (reason.kind, reason.keypoint, made.selector) == ("mesh", "right heel", "mesh")
    assert 0 <= reason.value <= 1
    assert suggestion_of(person, 3, (), HUMAN) is None


def test_frames_that_disagree_become_a_round_of_their_own(session, meshing):
    with_meshes(session, replace(walking(6), error_px=np.array([1, 1, 40, 1, 1, 30.0])))
    (person,) = people_of(session.project, VIDEO)
    for frame in (2, 5):
        exact = seen_by(person, frame)
        label(session, replace(exact, points=exact.points + frame))
    found = suggestions_of(session.project, VIDEO)
    assert [s.frame.frame for s in found] == [5, 2]  # by how far the points really are off
    assert meshing.offer(found) == 2
    assert [s.round for s in session.project.suggestions.open()] == [1, 1]
    assert suggestions_of(session.project, VIDEO) == ()  # they wait already


# -- recovering ----------------------------------------------------------------------------------


def test_what_is_missing_is_said(session, fake_jobs, tmp_path):
    meshing = Meshing(session, fake_jobs)
    assert meshing.not_yet().startswith("There are no keypoints yet")
    with pytest.raises(BodyError, match="no keypoints"):
        meshing.recover([VIDEO])
    mice, _ = mouse_session(tmp_path / "mice")
    with mice:
        said = Meshing(mice, fake_jobs).not_yet()
    assert said.startswith("A body can be laid over people only")


def start(session, meshing):
    with_meshes(session)
    (person,) = people_of(session.project, VIDEO)
    label(session, seen_by(person, 2))
    return meshing.recover([VIDEO])


def test_who_is_done_is_kept_as_it_comes(session, meshing, fake_jobs):
    told = []
    session.subscribe(told.append)
    job = start(session, meshing)
    assert (job.name, job.priority, job.device) == ("Fitting bodies", Priority.ASKED, "cpu")
    request: Recover = fake_jobs.requests[-1]
    write_motion(walking(4), session.project.runs_folder / request.run / "motion-1.safetensors")
    fake_jobs.tell("on_part", Recovered(VIDEO, "Ann", "motion-1.safetensors"))
    assert any(changes.meshes == {VIDEO} for changes in told)
    (track,) = session.project.meshes.of_video(VIDEO)
    assert (track.name, track.run) == ("Ann", request.run)
    assert session.project.runs.get(request.run).state is RunState.RUNNING
    fake_jobs.tell("on_done", Outcome(1, 4, 3.456, 2.0, stopped=False))
    run = session.project.runs.get(request.run)
    assert (run.kind, run.state, run.metrics["error_px"]) == (RunKind.MESH, RunState.DONE, 3.46)
    assert meshing.job is None


def test_what_a_run_was_told_is_kept_with_its_meshes(session, meshing, fake_jobs):
    with_meshes(session)
    (person,) = people_of(session.project, VIDEO)
    assert person.options == MeshOptions("Anny", 1.0)  # of a run of before there was a choice
    label(session, seen_by(person, 2))
    told = MeshOptions(smoothing=2.0, net=NO_NET)
    meshing.recover([VIDEO], options=told)
    request: Recover = fake_jobs.requests[-1]
    assert request.options == told
    assert MeshOptions.of(session.project.runs.get(request.run)) == told


def test_smoothing_that_makes_no_sense_is_refused():
    with pytest.raises(BodyError, match=r"smoothed 0 times .* between 0\.25 and 4"):
        MeshOptions(smoothing=0.0)


def test_only_one_recovery_at_a_time(session, meshing):
    start(session, meshing)
    with pytest.raises(BodyError, match="Meshes are being recovered"):
        meshing.recover([VIDEO])


def test_a_recovery_that_broke_off_is_marked(session, meshing, fake_jobs):
    start(session, meshing)
    run = fake_jobs.requests[-1].run
    meshing.close()
    assert session.project.runs.get(run).state is RunState.FAILED
    assert "are kept" in session.project.runs.get(run).message


def test_a_failure_is_kept_with_its_sentence(session, meshing, fake_jobs):
    start(session, meshing)
    fake_jobs.tell("on_failed", BodyError("Nobody was found."))
    run = session.project.runs.all(RunKind.MESH)[-1]
    assert (run.state, run.message) == (RunState.FAILED, "Nobody was found.")


# -- fitting again -------------------------------------------------------------------------------


def test_a_frame_fitted_again_is_an_edit_that_can_be_undone(session, meshing, fake_jobs):
    with_meshes(session)
    (person,) = people_of(session.project, VIDEO)
    seen, ended = seen_by(person, 4), []
    meshing.refit(person, 4, seen.points, np.ones(len(HUMAN)), lambda: ended.append(True))
    request: Refit = fake_jobs.requests[-1]
    assert (request.frame, request.fps, request.body) == (4, 25.0, "Anny")
    assert request.motion.frames.tolist() == [2, 3, 4, 5]
    assert fake_jobs.started[-1].priority is Priority.AT_ONCE
    pose = BodyPose(np.full((20, 3), 0.1), np.array([0, 0, 4.0]), 1.0)
    fake_jobs.tell("on_done", pose)
    assert ended == [True]
    (again,) = people_of(session.project, VIDEO)
    np.testing.assert_allclose(again.motion.rotations[4], 0.1)
    assert again.refitted == {4}
    assert session.history.undo() == "Fitted the mesh of frame 4 again"
    (back,) = people_of(session.project, VIDEO)
    np.testing.assert_allclose(back.motion.rotations, person.motion.rotations)


def test_a_newer_drag_takes_the_place_of_the_one_before(session, meshing, fake_jobs):
    with_meshes(session)
    (person,) = people_of(session.project, VIDEO)
    first = meshing.refit(person, 1, np.zeros((len(HUMAN), 2)), np.ones(len(HUMAN)))
    meshing.refit(person, 1, np.ones((len(HUMAN), 2)), np.ones(len(HUMAN)))
    assert fake_jobs.orders == [(first, "stop")]
    with pytest.raises(BodyError, match="no mesh on frame 30"):
        meshing.refit(person, 30, np.zeros((len(HUMAN), 2)), np.ones(len(HUMAN)))


# -- what the worker does ------------------------------------------------------------------------


class Told(SilentReport):
    """Keeps the parts; stops after so many people."""

    def __init__(self, people: int = 9) -> None:
        self.parts: list[Recovered] = []
        self.notes: list[str] = []
        self._people = people

    def on_device(self, device):
        self.device = device

    def note(self, text):
        self.notes.append(text)

    def clock(self):
        return 1.0

    def send(self, value):
        self.parts.append(value)

    def progress(self, done, text=""):
        if len(self.parts) >= self._people:
            raise JobCancelled


@pytest.fixture
def labelled(session):
    """One person on three frames, another on one, as labels."""
    with_meshes(session)
    (person,) = people_of(session.project, VIDEO)
    for frame in (1, 2, 3):
        label(session, seen_by(person, frame))
    beside = seen_by(person, 2)
    label(session, replace(beside, points=beside.points + np.array([120, 0])))
    return session


def test_the_worker_fits_everybody_and_a_drag(labelled):
    run, told = RunId("mesh-2"), Told()
    outcome = recover(Recover(labelled.project.path, run, (VIDEO,), MeshOptions()), told)
    assert [part.name for part in told.parts] == ["Person 1", "Person 2"]
    assert (outcome.people, outcome.frames, outcome.stopped) == (2, 4, False)
    assert outcome.error_px < 5
    labelled.project.runs.add(replace(labelled.project.runs.get(RUN), id=run))
    for part in told.parts:
        labelled.project.meshes.add(run, part.video, part.name, part.file)
    first, _ = people_of(labelled.project, VIDEO)
    assert first.motion.frames.tolist() == [1, 2, 3]

    get_ready("Anny", told)
    seen = seen_by(first, 2)
    points = seen.points.copy()
    points[HUMAN.index("left wrist")] += (12, -8)
    before = apart(first, 2, replace(seen, points=points), HUMAN)
    request = Refit("Anny", first.motion, 2, 25.0, HUMAN.names, points, np.ones(len(HUMAN)))
    pose, one = refit(request, told), first.motion.part(slice(1, 2))
    after = replace(first, motion=replace(one, rotations=pose.rotations[None],
                                          translation=pose.translation[None]))  # fmt: skip
    again = apart(after, 2, replace(seen, points=points), HUMAN)
    assert before is not None
    assert again is not None
    assert again.distance.max() < 0.5 * before.distance.max()


@pytest.mark.parametrize("picture", ["flow", "rgb"])
def test_a_net_of_pictures_is_shown_the_video(labelled, tmp_path, picture):
    walls = np.random.default_rng(0).integers(0, 255, (40, *SIZE[::-1], 3), np.uint8)
    write_film(tmp_path / "walk.mp4", walls, 25)
    torch.manual_seed(0)
    net = MotionHMR(replace(LIGHT, side_px=32, memory=8, hidden=16, picture=picture))
    save_net(net, tmp_path / "my.safetensors")
    run = RunId("mesh-2")
    options = MeshOptions(net=str(tmp_path / "my.safetensors"))
    outcome = recover(Recover(labelled.project.path, run, (VIDEO,), options), Told())
    assert (outcome.people, outcome.frames) == (2, 4)
    (tmp_path / "walk.mp4").unlink()
    with pytest.raises(PoseAppError, match=r"walk\.mp4"):
        recover(Recover(labelled.project.path, run, (VIDEO,), options), Told())


def test_a_net_that_is_gone_costs_a_sentence(labelled, tmp_path):
    options = MeshOptions(net=str(tmp_path / "gone.safetensors"))
    with pytest.raises(InferenceError, match=r"gone\.safetensors cannot be read as a net"):
        recover(Recover(labelled.project.path, RUN, (VIDEO,), options), Told())


def test_who_was_done_before_a_stop_is_kept(labelled):
    told = Told(people=1)
    outcome = recover(
        Recover(labelled.project.path, RunId("mesh-2"), (VIDEO,), MeshOptions()), told
    )
    assert (outcome.people, outcome.stopped) == (1, True)
    with pytest.raises(JobCancelled):
        recover(Recover(labelled.project.path, RunId("m"), (VIDEO,), MeshOptions()), Told(people=0))


def test_who_shows_too_little_is_left_out_and_that_is_said(labelled):
    project, half = labelled.project, [HUMAN.index("nose"), HUMAN.index("left wrist")]
    body = project.labels.at(FrameRef(VIDEO, 1))[0]
    points = np.full((len(HUMAN), 2), np.nan)
    points[half] = body.points[half] + np.array([300, 0])
    label(labelled, Instance(FrameRef(VIDEO, 39), points, visibility_of(points)))
    told = Told()
    outcome = recover(Recover(project.path, RunId("mesh-2"), (VIDEO,), MeshOptions()), told)
    assert outcome.people == 2
    (note,) = told.notes
    assert note.startswith("Person 3: This individual is nowhere seen with seven")


def test_where_nobody_can_be_fitted_everybody_is_told_of_once(session):
    points = np.full((len(HUMAN), 2), np.nan)
    points[[HUMAN.index("nose"), HUMAN.index("left wrist")]] = [[20, 20], [40, 60]]
    for at in (points, points + 150):
        label(session, Instance(FrameRef(VIDEO, 3), at, visibility_of(at)))
    told = Told()
    with pytest.raises(BodyError) as error:
        recover(Recover(session.project.path, RUN, (VIDEO,), MeshOptions()), told)
    assert str(error.value).count("nowhere seen with seven") == 2
    assert told.notes == []


def test_a_video_without_anybody_costs_a_sentence(session):
    with pytest.raises(BodyError, match="Nobody was found"):
        recover(Recover(session.project.path, RUN, (VIDEO,), MeshOptions()), Told())


def test_a_body_file_that_is_none_costs_a_sentence(labelled, tmp_path):
    wrong = tmp_path / "smpl.npz"
    for told in ("smpl.npz cannot be read as a body", "cannot be read as a body"):
        with pytest.raises(BodyError, match=told):
            recover(Recover(labelled.project.path, RUN, (VIDEO,), MeshOptions(str(wrong))), Told())
        wrong.write_bytes(b"no body")


def test_a_damaged_motion_costs_a_sentence(session):
    with_meshes(session)
    (session.project.runs_folder / RUN / "motion-1.safetensors").write_bytes(b"no")
    with pytest.raises(ProjectError, match="gone or damaged"):
        people_of(session.project, VIDEO)
