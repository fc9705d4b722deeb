"""Suggestions: asked of a worker, put into the queue."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from poseapp.app.jobs import JobRunner
from poseapp.app.mailbox import Mailbox
from poseapp.app.picking import pick
from poseapp.app.selection import Selection, spread_candidates
from poseapp.app.session import Session
from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.report import SilentReport
from poseapp.domain.run import Run, RunKind
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.domain.video import Video
from poseapp.learn.remote.settings import AGENT_FILE
from poseapp.learn.select.registry import USUAL
from tests.app.conftest import FRAMES, NET, label, walker, with_net

VIDEO = VideoId(1)


@pytest.fixture
def selection(session, fake_jobs, store):
    return Selection(session, fake_jobs, store)


def picked(*frames: int) -> list[Suggestion]:
    why = (Reason("chance", "Picked by chance among 9 frames.", 0.0),)
    return [Suggestion(FrameRef(VIDEO, f), 1 - f / 100, why, "random") for f in frames]


def queue_of(session: Session) -> list[tuple[int, int]]:
    return [(s.round, s.frame.frame) for s in session.project.suggestions.open()]


def video(number: int, frames: int) -> Video:
    return Video(VideoId(number), Path(f"/{number}.mp4"), 8, 6, frames, 25.0)


def test_labelled_frames_are_no_candidates_and_their_looks_are_asked_for(selection, fake_jobs):
    selection.suggest("kcentre", 3)
    (request,) = fake_jobs.requests
    labelled = set(range(0, FRAMES, 3))
    assert {ref.frame for ref in request.labelled} == labelled
    assert {ref.frame for ref in request.candidates} == set(range(FRAMES)) - labelled
    assert (request.selector, request.budget, request.stands_for) == ("kcentre", 3, 1)


def test_the_budget_is_kept_for_the_project_and_told_to_who_picks(session, selection, fake_jobs):
    assert selection.goal is None
    selection.set_goal(250)
    selection.suggest("matal", 3)
    assert (fake_jobs.requests[-1].goal, fake_jobs.requests[-1].budget) == (250, 3)
    assert session.settings.get("label_goals") == {str(session.project.path): 250}


def test_what_is_picked_waits_in_the_queue_under_the_next_round_s_number(
    session, selection, fake_jobs
):
    heard = []
    selection.suggest("random", 2, heard.append)
    fake_jobs.tell("on_done", picked(4, 7))
    assert queue_of(session) == [(1, 4), (1, 7)]
    assert [s.frame.frame for s in heard[0]] == [4, 7]
    selection.suggest("random", 2)
    assert {4, 7}.isdisjoint(ref.frame for ref in fake_jobs.requests[-1].candidates)
    fake_jobs.tell("on_done", picked(10))
    assert queue_of(session) == [(2, 10), (1, 4), (1, 7)]


def test_a_round_that_arrives_leaves_undo_and_redo_alone(session, selection, fake_jobs):
    changes = []
    session.history.undo()
    session.subscribe(changes.append)
    undo, redo = session.history.undo_text, session.history.redo_text
    selection.suggest("random", 2)
    fake_jobs.tell("on_done", picked(4, 7))
    assert (session.history.undo_text, session.history.redo_text) == (undo, redo)
    assert redo
    assert [change.suggestions for change in changes] == [True]


def test_the_newest_request_wins(session, selection, fake_jobs):
    first = selection.suggest("random", 2)
    selection.suggest("uniform", 2)
    assert fake_jobs.orders == [(first, "stop")]
    first.listeners["on_done"](picked(4))
    assert queue_of(session) == []
    fake_jobs.tell("on_done", picked(7))
    assert queue_of(session) == [(1, 7)]


def test_a_frame_that_was_labelled_while_the_worker_thought_is_not_suggested(
    session, selection, fake_jobs
):
    selection.suggest("random", 2)
    label(session, 4)
    fake_jobs.tell("on_done", picked(4, 7))
    assert queue_of(session) == [(1, 7)]


def test_frames_marked_empty_or_rejected_do_not_come_back(session, selection, fake_jobs):
    session.labelling.mark_empty(FrameRef(VIDEO, 5))
    selection.suggest("random", 2)
    assert 5 not in {ref.frame for ref in fake_jobs.requests[0].candidates}


def test_what_cannot_be_done_is_said_before_anything_starts(
    session, selection, fake_jobs, tmp_path
):
    with pytest.raises(SelectionError, match="no selector 'best'"):
        selection.suggest("best")
    with (
        Session.open(session.project.path, read_only=True) as second,
        pytest.raises(SelectionError, match="reading only"),
    ):
        Selection(second, fake_jobs, tmp_path).suggest()
    found = session.project.videos.get(VIDEO)
    session.project.videos.relink(VIDEO, replace(found, path=tmp_path / "gone.mp4"))
    with pytest.raises(SelectionError, match="Re-link"):
        selection.suggest()
    with (
        Session.create(tmp_path / "new", session.project.skeleton, session.settings) as empty,
        pytest.raises(SelectionError, match="Add one first"),
    ):
        Selection(empty, fake_jobs, tmp_path).suggest()
    assert fake_jobs.started == []


def test_when_every_frame_is_labelled_nothing_is_left(session, selection):
    for frame in set(range(FRAMES)) - set(range(0, FRAMES, 3)):
        label(session, frame)
    with pytest.raises(SelectionError, match="No frame is left"):
        selection.suggest()


def test_long_videos_give_every_nth_frame_and_each_stands_for_n():
    refs, step = spread_candidates([video(2, 400), video(1, 600), video(3, 0)], set(), 100)
    assert step == 10
    assert len(refs) == 100
    assert refs[0] == FrameRef(VideoId(1), 5)
    assert refs[-1] == FrameRef(VideoId(2), 395)
    short, _ = spread_candidates([video(1, 3), video(2, 10_000)], set(), 100)
    assert short[0] == FrameRef(VideoId(1), 1)


def test_every_selector_is_offered_with_a_sentence(selection):
    assert dict(selection.choices).keys() >= {"random", "typiclust", "entropy", "temporal_jump"}
    assert all(about.endswith(".") for _, about in selection.choices)


def test_the_frame_agent_of_the_last_training_that_has_one_is_asked(session, selection, fake_jobs):
    selection.suggest("fsa", 3)
    assert fake_jobs.requests[-1].agents is None
    for n, taught in enumerate((True, True, False)):
        name = RunId(f"2026-01-0{n + 1}-training")
        run = Run(name, RunKind.TRAINING, "remote", datetime(2026, 1, n + 1, tzinfo=UTC))
        session.project.runs.add(run)
        folder = session.project.runs_folder / name
        folder.mkdir()
        if taught:
            (folder / AGENT_FILE).write_bytes(b"no agent any more")
    selection.suggest("fsa", 3)
    assert fake_jobs.requests[-1].agents == session.project.runs_folder / "2026-01-02-training"
    selection.suggest("entropy", 3)
    assert fake_jobs.requests[-1].agents is None
    selection.suggest("fsa", 2)
    told = Noted()
    assert {s.selector for s in pick(fake_jobs.requests[-1], told)} == {"typiclust"}
    assert told.notes == [
        "The file of the agents is damaged. They learn again with the next start.",
        "The frame selection agent has not learnt yet. Train once with REMOTE. "
        "Until then frames are picked by typiclust.",
    ]


class Noted(SilentReport):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def test_jumps_of_stored_predictions_are_found(session, selection, fake_jobs):
    with_net(session)
    points = np.stack([walker(n) for n in range(FRAMES)]).astype(np.float32)
    points[10, 2] += 60
    session.project.predictions.write(
        PredictionSet(
            VIDEO,
            NET,
            np.arange(FRAMES),
            points,
            np.full(points.shape[:2], 0.9, np.float32),
            np.zeros(FRAMES, np.int64),
        )
    )
    selection.suggest("temporal_jump", 1)
    (suggestion,) = pick(fake_jobs.requests[0], SilentReport())
    assert suggestion.selector == "temporal_jump"
    assert suggestion.frame == FrameRef(VIDEO, 10)
    keypoint = session.project.skeleton.names[2]
    assert suggestion.reasons[-1].keypoint == keypoint
    assert f"jumps {np.hypot(60, 60):.0f} px away" in suggestion.reasons[-1].text


def test_the_net_in_use_is_doubted_and_asked_where_it_was_not_before(session, selection, fake_jobs):
    with_net(session)
    selection.suggest("entropy", 3)
    suggestions = pick(fake_jobs.requests[0], SilentReport())
    assert len({s.frame for s in suggestions}) == 3
    assert all(" unsure. " in s.reasons[0].text for s in suggestions)


def test_a_net_that_was_not_trained_here_is_not_looked_into(session, selection, fake_jobs):
    with_net(session)
    selection.suggest("badge", 3)
    (request,) = fake_jobs.requests
    assert request.labels.frames == request.labelled
    assert {s.selector for s in pick(request, SilentReport())} == {USUAL.name}
    selection.suggest("entropy", 3)
    assert fake_jobs.requests[-1].labels is None


def test_in_a_real_worker_frames_are_described_picked_and_queued(session, store):
    mail = Mailbox()
    jobs = JobRunner(mail.post, threads=1)
    try:
        selection = Selection(session, jobs, store)
        job = selection.suggest("least_confidence", 4)
        mail.wait(job)
        assert len(queue_of(session)) == 4
        assert {s.selector for s in session.project.suggestions.open()} == {"typiclust"}
        assert job.notes == [
            "There are no predictions to be unsure about yet. Train a net first. "
            "Until then frames are picked by typiclust."
        ]
    finally:
        jobs.shutdown()
