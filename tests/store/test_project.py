from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from poseapp.domain.errors import ProjectBusyError, ProjectError, ReadOnlyError
from poseapp.domain.ids import FrameRef
from poseapp.store.project import Project, project_folder
from poseapp.store.schema import VERSION
from tests.fixtures.projects import MOUSE, body, film, mouse_project, names_in, rolled_back


def test_a_new_project_is_one_folder_with_the_file_and_two_folders(tmp_path):
    with Project.create(tmp_path / "deep" / "mice", MOUSE) as project:
        assert project.path == tmp_path / "deep" / "mice.pose"
        assert project.name == "mice"
        assert project.skeleton == MOUSE
        assert all(keypoint.uid for keypoint in project.skeleton.keypoints)
        assert project.runs_folder.is_dir()
        assert project.cache_folder.is_dir()
    assert names_in(project.path) == ["cache", "project.db", "project.lock", "runs"]
    assert names_in(tmp_path / "deep") == ["mice.pose"]


def test_every_commit_waits_for_the_disk_and_goes_to_the_log(project):
    connection = project._database.connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


@pytest.mark.parametrize("meant", ["mice", "mice.pose", "mice.pose/project.db"])
def test_a_project_is_found_by_name_folder_or_file(tmp_path, meant):
    assert project_folder(tmp_path / meant) == tmp_path / "mice.pose"


def test_a_project_whose_folder_was_renamed_is_still_found(tmp_path):
    project, _ = mouse_project(tmp_path / "mice")
    project.close()
    project.path.rename(tmp_path / "old mice")
    with Project.open(tmp_path / "old mice") as again:
        assert len(again.videos.all()) == 1


def test_nothing_is_made_over_what_is_there(tmp_path):
    (tmp_path / "mice.pose").mkdir()
    (tmp_path / "mice.pose" / "thesis.txt").write_text("all of it")
    with pytest.raises(ProjectError, match="is there already"):
        Project.create(tmp_path / "mice", MOUSE)
    assert (tmp_path / "mice.pose" / "thesis.txt").read_text() == "all of it"


def test_a_project_that_could_not_be_made_leaves_nothing_behind(tmp_path, monkeypatch):
    def broken(database):
        raise OSError("no space")

    monkeypatch.setattr("poseapp.store.migrations.migrate", broken)
    with pytest.raises(ProjectError, match="no space"):
        Project.create(tmp_path / "mice", MOUSE)
    assert names_in(tmp_path) == []


def test_opening_what_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(ProjectError, match="poseapp new mice"):
        Project.open(tmp_path / "mice")


def test_another_sqlite_file_is_not_taken_for_a_project(tmp_path):
    (tmp_path / "mice.pose").mkdir()
    with sqlite3.connect(tmp_path / "mice.pose" / "project.db") as other:
        other.execute("CREATE TABLE recipes (name)")
    other.close()
    with pytest.raises(ProjectError, match="not a project of this program"):
        Project.open(tmp_path / "mice")


def test_a_project_of_a_newer_program_is_refused_and_left_alone(tmp_path):
    project, _ = mouse_project(tmp_path / "mice")
    project._database.connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    project.close()
    before = (project.path / "project.db").read_bytes()
    for read_only in (False, True):
        with pytest.raises(ProjectError, match=r"newer version.*Update the program"):
            Project.open(tmp_path / "mice", read_only=read_only)
    assert (project.path / "project.db").read_bytes() == before


def test_the_second_who_wants_to_write_is_told_who_does(tmp_path):
    project, _ = mouse_project(tmp_path / "mice")
    who = f"process {os.getpid()} on this machine since"
    with project, pytest.raises(ProjectBusyError, match=who):
        Project.open(tmp_path / "mice")
    Project.open(tmp_path / "mice").close()


def test_a_reader_beside_the_writer_sees_each_commit_and_can_change_nothing(tmp_path):
    project, video = mouse_project(tmp_path / "mice")
    frame = FrameRef(video, 3)
    with project, Project.open(tmp_path / "mice", read_only=True) as reader:
        assert reader.read_only
        assert reader.labels.at(frame) == ()
        project.labels.insert(body(frame))
        assert len(reader.labels.at(frame)) == 1
        assert reader.labels.snapshot().digest() == project.labels.snapshot().digest()
        with pytest.raises(ReadOnlyError, match="reading only"):
            reader.labels.insert(body(frame))
        assert project.labels.count() == 1


def test_a_reader_sees_the_skeleton_as_it_is_now(tmp_path):
    project, _ = mouse_project(tmp_path / "mice")
    with project, project.reader() as reader:
        assert reader.skeleton.name == "mouse"
        project.write_skeleton(type(MOUSE)("rat", MOUSE.keypoints))
        assert reader.skeleton.name == "rat"


def test_another_thread_reads_through_a_connection_of_its_own(project, video):
    project.labels.insert(body(FrameRef(video, 1)))
    counted = []

    def scan():
        with project.reader() as reader:
            counted.append(reader.labels.count())

    thread = threading.Thread(target=scan)
    thread.start()
    thread.join()
    assert counted == [1]


def test_atomic_is_all_or_nothing_and_nests(project, video):
    with project.atomic():
        project.labels.insert(body(FrameRef(video, 1)))
        with rolled_back(project):
            project.labels.insert(body(FrameRef(video, 2)))
    assert project.labels.labelled_frames(video).tolist() == [1]
    with rolled_back(project):
        project.labels.insert(body(FrameRef(video, 3)))
        assert project.labels.labelled_frames(video).tolist() == [1, 3]
    assert project.labels.labelled_frames(video).tolist() == [1]


def test_a_skeleton_change_that_is_rolled_back_is_forgotten(project):
    with rolled_back(project):
        project.write_skeleton(type(MOUSE)("rat", MOUSE.keypoints))
        assert project.skeleton.name == "rat"
    assert project.skeleton.name == "mouse"


def test_media_without_writing_can_still_be_read_with_the_last_edits(tmp_path, monkeypatch):
    project, video = mouse_project(tmp_path / "mice")
    project.labels.insert(body(FrameRef(video, 1)))
    crashed = tmp_path / "crashed.pose"
    crashed.mkdir()
    for name in ("project.db", "project.db-wal"):  # what a crash leaves, without the index
        (crashed / name).write_bytes((project.path / name).read_bytes())
    project.close()
    monkeypatch.setattr("poseapp.store.project.user_cache_path", lambda _: tmp_path / "caches")
    really = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and really(path, mode))
    for folder in (project.path, crashed):
        before = names_in(folder)
        with Project.open(folder, read_only=True) as reader:
            assert reader.labels.count() == 1
            with pytest.raises(ReadOnlyError):
                reader.videos.add(film(tmp_path / "new.mp4"))
            assert reader.cache_folder == tmp_path / "caches" / folder.name
        assert names_in(folder) == before


def test_a_file_that_may_not_be_written_is_not_opened_for_writing(tmp_path, monkeypatch):
    mouse_project(tmp_path / "mice")[0].close()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ReadOnlyError, match="may not be written"):
        Project.open(tmp_path / "mice")
    monkeypatch.undo()
    Project.open(tmp_path / "mice").close()


def test_a_project_without_a_name_is_refused():
    with pytest.raises(ProjectError, match="name"):
        Project.create(Path("/"), MOUSE)
