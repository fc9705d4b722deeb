from __future__ import annotations

import os

import pytest

from poseapp.app.changes import Changes
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.errors import ProjectError, ReadOnlyError
from poseapp.domain.ids import FrameRef, VideoId
from tests.fixtures.projects import NOSE, mouse_session


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "settings.json")


def test_a_project_that_someone_writes_to_opens_for_reading_with_a_notice(tmp_path, settings):
    writer, video = mouse_session(tmp_path / "mice")
    with writer:
        writer.labelling.place_keypoint(FrameRef(video, 0), None, NOSE, (1, 2))
        with Session.open(tmp_path / "mice", settings=settings) as second:
            assert second.project.read_only
            assert f"process {os.getpid()} on this machine" in second.notice
            assert second.project.labels.count() == 1
            with pytest.raises(ReadOnlyError):
                second.labelling.place_keypoint(FrameRef(video, 0), None, NOSE, (1, 2))
    with Session.open(tmp_path / "mice", settings=settings) as third:
        assert not third.project.read_only
        assert third.notice == ""


def test_who_asks_for_reading_gets_it_without_a_notice(tmp_path, settings):
    mouse_session(tmp_path / "mice")[0].close()
    with Session.open(tmp_path / "mice", read_only=True, settings=settings) as session:
        assert session.project.read_only
        assert session.notice == ""


def test_other_faults_are_not_taken_for_a_busy_project(tmp_path, settings):
    with pytest.raises(ProjectError, match="no project"):
        Session.open(tmp_path / "mice", settings=settings)


def test_undo_works_after_a_restart(tmp_path, settings):
    first, video = mouse_session(tmp_path / "mice")
    with first:
        first.labelling.place_keypoint(FrameRef(video, 0), None, NOSE, (1, 2))
    with Session.open(tmp_path / "mice", settings=settings) as second:
        assert second.history.undo() == "Placed nose"
        assert second.project.labels.count() == 0
    with Session.open(tmp_path / "mice", settings=settings) as third:
        assert third.history.redo() == "Placed nose"
        assert third.project.labels.count() == 1


def test_subscribers_hear_changes_until_they_leave(tmp_path):
    session, video = mouse_session(tmp_path / "mice")
    with session:
        heard, also = [], []
        leave = session.subscribe(heard.append)
        session.subscribe(also.append)
        session.announce(Changes(runs=True))
        leave()
        session.labelling.place_keypoint(FrameRef(video, 3), None, NOSE, (1, 2))
    assert heard == [Changes(runs=True)]
    assert also == [Changes(runs=True), Changes(frozenset({FrameRef(video, 3)}))]


def test_a_subscriber_may_leave_while_it_is_told(tmp_path):
    session, _ = mouse_session(tmp_path / "mice")
    with session:
        heard = []

        def once(changes):
            heard.append(changes)
            leave()

        leave = session.subscribe(once)
        session.subscribe(heard.append)
        session.announce(Changes(videos=True))
        session.announce(Changes(videos=True))
    assert len(heard) == 3


def test_the_video_of_a_new_session_is_number_one(tmp_path):
    session, video = mouse_session(tmp_path / "mice")
    session.close()
    assert video == VideoId(1)
