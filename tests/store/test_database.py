from __future__ import annotations

import sqlite3

import pytest

from poseapp.domain.errors import ProjectBusyError, ProjectError
from poseapp.domain.ids import FrameRef
from poseapp.store.database import Database
from tests.fixtures.projects import body


@pytest.fixture
def full_disk(project):
    """Let the file grow no more until the returned function is called."""
    connection = project._database.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    return lambda: connection.execute("PRAGMA max_page_count = 1000000")


def label_for_ever(project, frame):
    while True:
        project.labels.insert(body(frame))


def test_a_full_disk_is_said_in_words_and_loses_nothing(project, video, full_disk):
    frame = FrameRef(video, 1)
    with pytest.raises(ProjectError, match=r"disk is full.*Make room"):
        label_for_ever(project, frame)
    count = project.labels.count()
    assert len(project.labels.at(frame)) == count
    assert all(i.present.all() for i in project.labels.at(frame))
    full_disk()
    project.labels.insert(body(frame))
    assert project.labels.count() == count + 1
    assert project._database.value("PRAGMA integrity_check") == "ok"


def test_a_transaction_on_a_full_disk_leaves_nothing_of_itself(project, video, full_disk):
    project.labels.insert(body(FrameRef(video, 0)))
    with pytest.raises(ProjectError, match="full"), project.atomic():
        label_for_ever(project, FrameRef(video, 1))
    assert project.labels.labelled_frames(video).tolist() == [0]


def test_a_file_locked_by_another_program_is_said_to_be(project, video, monkeypatch):
    project._database.connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(project._database.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProjectBusyError, match="another program"):
        project.labels.mark_empty(FrameRef(video, 1), True)
    other.execute("ROLLBACK")
    other.close()
    project.labels.mark_empty(FrameRef(video, 1), True)


def test_a_file_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(ProjectError, match=r"nothing\.db cannot be read"):
        Database.connect(tmp_path / "nothing.db", "rw")


def test_a_mistake_of_the_program_is_not_dressed_up_as_damage(project, video):
    with pytest.raises(sqlite3.IntegrityError):
        project.labels.insert(body(FrameRef(video + 1, 0)))
    project.close()
    with pytest.raises(sqlite3.ProgrammingError):
        project.labels.count()


def test_a_name_with_odd_characters_is_no_obstacle(tmp_path):
    file = tmp_path / "50% of? #1 mice'.db"
    database = Database.connect(file, "rwc")
    database.change("CREATE TABLE t (x)")
    database.close()
    assert file.is_file()
