from __future__ import annotations

import hashlib
import sqlite3

import pytest
from sqlite_utils.migrations import Migrations

from poseapp.app.history import History
from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import FrameRef, InstanceId, TrackId, VideoId
from poseapp.domain.pose import Origin
from poseapp.domain.suggestion import Answer
from poseapp.store import migrations, project
from poseapp.store.project import Project
from poseapp.store.schema import VERSION
from tests.fixtures.projects import MOUSE, names_in
from tests.fixtures.version_1 import write_version_1

FRAME = FrameRef(VideoId(1), 12)


@pytest.fixture
def old(tmp_path):
    write_version_1(tmp_path / "old.pose")
    return tmp_path / "old.pose"


def add_a_step(monkeypatch, step):
    """Let the program know one version more, which `step` leads to."""
    steps = Migrations("poseapp")
    for known in migrations.migrations._migrations:
        steps()(known.fn)
    steps()(step)
    monkeypatch.setattr(migrations, "migrations", steps)
    for module in (migrations, project):
        monkeypatch.setattr(module, "VERSION", VERSION + 1)


def assert_all_is_there(opened: Project) -> None:
    (instance,) = opened.labels.at(FRAME)
    assert instance.id == 7
    assert instance.points.tolist() == [[10.5, 20.25], [30.0, 40.0]]
    assert instance.visibility.tolist() == [2, 1]
    assert instance.scores.tolist() == [0.75, 0.25]
    assert (instance.origin, instance.run, instance.track) == ("corrected", "run-1", 4)
    (prediction,) = opened.predictions.at(FRAME)
    assert prediction.points.tolist() == [[11.5, 21.0], [31.0, 41.0]]
    assert [v.id for v in opened.videos.all()] == [VideoId(1)]
    assert opened.labels.tracks()[0].id == TrackId(4)
    assert opened.labels.is_empty(FrameRef(VideoId(1), 50))
    (waiting,) = opened.suggestions.open()
    assert (waiting.answer, waiting.reasons[0].text) == (Answer.SKIPPED, "It jumped.")
    assert opened.runs.active().metrics == {"held_out_px": 2.5}
    history = History(opened, lambda changes: None)
    assert history.undo() == "Moved nose"
    assert opened.labels.get(InstanceId(7)).points[0].tolist() == [9.0, 9.0]
    assert opened.labels.get(InstanceId(7)).origin is Origin.ACCEPTED
    assert history.redo() == "Moved nose"


def test_a_project_of_version_1_opens_with_all_that_is_in_it(old):
    with Project.open(old) as opened:
        assert_all_is_there(opened)


def test_as_many_steps_are_known_as_the_version_says():
    assert len(migrations.migrations._migrations) == VERSION


def test_the_first_step_is_released_and_never_changes():
    """Add a step instead; a project that someone has went through this one."""
    digest = hashlib.sha256(migrations._FIRST_TABLES.encode()).hexdigest()
    assert digest[:16] == "f16534152a9c9f71"


def test_the_second_step_is_released_and_never_changes():
    digest = hashlib.sha256(migrations._MESH_TABLES.encode()).hexdigest()
    assert digest[:16] == "539c4c5bfacf7723"


def test_an_older_project_is_copied_and_then_brought_up_to_date(old, monkeypatch):
    def second_step(tables):
        tables["videos"].add_column("note", str, not_null_default="")

    add_a_step(monkeypatch, second_step)
    with pytest.raises(ProjectError, match=r"older version.*Open it once for writing"):
        Project.open(old, read_only=True)
    with Project.open(old) as opened:
        assert_all_is_there(opened)
        assert opened._database.value("PRAGMA user_version") == VERSION + 1
        assert opened._database.value("SELECT note FROM videos") == ""
    copy = sqlite3.connect(old / "project-version-1.db")
    assert copy.execute("PRAGMA user_version").fetchone() == (1,)
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.execute("SELECT count(*) FROM points").fetchone() == (3,)
    copy.close()
    with Project.open(old) as opened:
        assert_all_is_there(opened)


def test_a_step_that_fails_leaves_the_project_as_it_was(old, monkeypatch):
    def half_a_step(tables):
        tables.execute("DELETE FROM instances")
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        add_a_step(patched, half_a_step)
        with pytest.raises(ProjectError):
            Project.open(old)
    with Project.open(old) as opened:
        assert_all_is_there(opened)


def test_without_room_for_the_copy_nothing_is_changed(old, monkeypatch):
    before = (old / "project.db").read_bytes()

    def full(self, target):
        raise ProjectError("The disk is full.")

    add_a_step(monkeypatch, lambda tables: None)
    monkeypatch.setattr("poseapp.store.database.Database.copy_to", full)
    with pytest.raises(ProjectError, match="full"):
        Project.open(old)
    assert (old / "project.db").read_bytes() == before
    assert "project-version-1.db" not in names_in(old)


def test_a_new_project_has_todays_version(tmp_path):
    with Project.create(tmp_path / "new", MOUSE) as made:
        assert made._database.value("PRAGMA user_version") == VERSION


def test_a_file_that_says_it_has_no_version_is_damaged(tmp_path):
    Project.create(tmp_path / "new", MOUSE).close()
    with sqlite3.connect(tmp_path / "new.pose" / "project.db") as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    with pytest.raises(ProjectError, match="no version"):
        Project.open(tmp_path / "new")
