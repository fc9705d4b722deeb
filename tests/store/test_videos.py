from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import VideoId
from poseapp.domain.video import Video, VideoKind
from poseapp.store.project import Project
from tests.fixtures.projects import MOUSE, film


def test_a_video_comes_back_as_it_was_under_its_number(project, tmp_path):
    pictures = Video(
        VideoId(0),
        tmp_path / "some pictures",
        320,
        200,
        2,
        1.0,
        VideoKind.IMAGES,
        ("a/1.png", "ü 2.png"),
        "print",
    )
    number = project.videos.add(pictures)
    assert project.videos.get(number) == replace(pictures, id=number)
    assert [v.id for v in project.videos.all()] == [VideoId(1), number]


def test_a_removed_video_is_hidden_and_comes_back_with_its_number(project, video):
    before = project.videos.all()
    project.videos.remove(video)
    assert project.videos.all() == ()
    assert project.videos.get(video) == before[0]
    project.videos.restore(video)
    assert project.videos.all() == before
    assert project.videos.add(film(Path("/new.mp4"))) > video


def test_a_project_that_moves_with_its_video_finds_it(tmp_path):
    home = tmp_path / "home"
    (home / "films").mkdir(parents=True)
    (home / "films" / "a.mp4").write_bytes(b"film")
    with Project.create(home / "mice", MOUSE) as project:
        project.videos.add(film(home / "films" / "a.mp4"))
    shutil.move(home, tmp_path / "moved")
    with Project.open(tmp_path / "moved" / "mice") as project:
        assert project.videos.all()[0].path == tmp_path / "moved" / "films" / "a.mp4"


def test_a_copy_of_a_project_uses_the_film_beside_it(tmp_path):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "a.mp4").write_bytes(b"film")
    with Project.create(tmp_path / "one" / "mice", MOUSE) as project:
        project.videos.add(film(tmp_path / "one" / "a.mp4"))
    shutil.copytree(tmp_path / "one" / "mice.pose", tmp_path / "two" / "mice.pose")
    with Project.open(tmp_path / "two" / "mice") as project:
        assert project.videos.all()[0].path == tmp_path / "two" / "a.mp4"


def test_a_project_that_moves_alone_finds_the_film_where_it_was(tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mp4").write_bytes(b"film")
    with Project.create(tmp_path / "home" / "mice", MOUSE) as project:
        project.videos.add(film(tmp_path / "films" / "a.mp4"))
    (tmp_path / "far" / "away").mkdir(parents=True)
    shutil.move(tmp_path / "home" / "mice.pose", tmp_path / "far" / "away" / "mice.pose")
    with Project.open(tmp_path / "far" / "away" / "mice") as project:
        assert project.videos.all()[0].path == tmp_path / "films" / "a.mp4"


def test_a_film_that_is_nowhere_is_said_to_be_where_it_last_was(project, video):
    assert project.videos.get(video).path == project.path.parent / "mouse.mp4"


def test_relinking_keeps_the_number(project, video, tmp_path):
    found = replace(film(tmp_path / "elsewhere.mp4"), frame_count=77)
    project.videos.relink(video, found)
    assert project.videos.get(video) == replace(found, id=video)


def test_a_video_of_another_drive_has_no_relative_path(project, video, monkeypatch):
    def other_drive(*_):
        raise ValueError

    monkeypatch.setattr("poseapp.store.videos.os.path.relpath", other_drive)
    number = project.videos.add(film(Path("/d/film.mp4")))
    assert project.videos.get(number).path == Path("/d/film.mp4")


def test_a_video_the_project_never_had_is_refused(project):
    with pytest.raises(ProjectError, match="no video 9"):
        project.videos.get(VideoId(9))
