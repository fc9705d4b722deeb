"""Motions in their files and the frames of them that were fitted again."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from poseapp.app.changes import Changes
from poseapp.app.commands import SetBodyPose
from poseapp.app.history import History
from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import RunId
from poseapp.domain.mesh import BodyPose, MeshTrackId, pose_at, with_pose
from poseapp.store.motion_file import read_motion, write_motion
from poseapp.store.project import Project
from tests.fixtures.motions import keep_motion, walking
from tests.fixtures.projects import names_in

RUN = RunId("mesh-1")


def equal(one, other) -> bool:
    arrays = ("frames", "rotations", "shape", "translation", "error_px")
    same = all(np.allclose(getattr(one, a), getattr(other, a), equal_nan=True) for a in arrays)
    return same and (one.body, one.size, one.focal_px) == (other.body, other.size, other.focal_px)


def leaning(motion, frame):
    pose = pose_at(motion, frame)
    assert pose is not None
    return BodyPose(pose.rotations + 0.1, pose.translation + 0.2, 1.25)


def test_a_motion_comes_back_as_it_was_stored(project, video):
    track = keep_motion(project, RUN, video, "Ann", walking())
    assert equal(project.meshes.motion(track), walking())
    assert project.meshes.of_video(video) == (project.meshes.get(track),)
    assert project.meshes.get(track).name == "Ann"
    assert names_in(project.runs_folder / RUN) == ["motion-1.safetensors"]


def test_a_video_shows_the_newest_run(project, video):
    keep_motion(project, RUN, video, "Person 1", walking())
    keep_motion(project, RUN, video, "Person 2", walking())
    newer = keep_motion(project, RunId("mesh-2"), video, "Person 1", walking(4))
    assert [track.id for track in project.meshes.of_video(video)] == [newer]


def test_a_frame_fitted_again_lies_over_the_run_until_it_is_undone(project, video):
    track = keep_motion(project, RUN, video, "Ann", walking())
    told: list[Changes] = []
    history = History(project, told.append)
    history.do(SetBodyPose(track, 3, leaning(walking(), 3)))
    assert told == [Changes(meshes=frozenset({video}))]
    assert project.meshes.refitted(track) == (3,)
    motion = project.meshes.motion(track)
    assert equal(motion, with_pose(walking(), 3, leaning(walking(), 3)))
    assert motion.error_px is not None
    assert motion.error_px[3] == 1.25

    history.undo()
    assert equal(project.meshes.motion(track), walking())
    history.redo()
    assert equal(project.meshes.motion(track), motion)


def test_an_undo_brings_back_the_fit_before(project, video):
    track = keep_motion(project, RUN, video, "Ann", walking())
    history = History(project, lambda changes: None)
    first = leaning(walking(), 2)
    history.do(SetBodyPose(track, 2, first))
    history.do(SetBodyPose(track, 2, BodyPose(first.rotations * 2, first.translation, np.nan)))
    history.undo()
    kept = project.meshes.refit(track, 2)
    assert kept is not None
    np.testing.assert_array_equal(kept.rotations, first.rotations)
    assert kept.error_px == 1.25


def test_a_fit_survives_the_project_being_closed(project, video):
    track = keep_motion(project, RUN, video, "Ann", walking())
    History(project, lambda changes: None).do(SetBodyPose(track, 1, leaning(walking(), 1)))
    with project.reader() as other:
        assert equal(other.meshes.motion(track), with_pose(walking(), 1, leaning(walking(), 1)))


@pytest.mark.parametrize("content", [None, b"", b"\x08\0\0\0\0\0\0\0{}      ", b"\xff" * 200])
def test_a_damaged_file_costs_a_sentence(project, video, content):
    track = keep_motion(project, RUN, video, "Ann", walking())
    path = project.runs_folder / RUN / "motion-1.safetensors"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ProjectError, match=r"gone or damaged.*recover the meshes of this video"):
        project.meshes.motion(track)


def test_a_file_cut_short_anywhere_costs_a_sentence(tmp_path):
    path = tmp_path / "motion.safetensors"
    write_motion(walking(2), path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ProjectError, match="gone or damaged"):
            read_motion(path)


def test_a_motion_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    def full(arrays, path, metadata):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("poseapp.store.motion_file.save_file", full)
    with pytest.raises(ProjectError, match="Make room on the disk"):
        write_motion(walking(2), tmp_path / "motion.safetensors")
    assert names_in(tmp_path) == []


def test_a_damaged_row_is_told_in_words(project, video):
    track = keep_motion(project, RUN, video, "Ann", walking())
    project._database.connection.execute(
        "INSERT INTO mesh_refits VALUES (?, 1, x'0102', x'', NULL)", (track,)
    )
    with pytest.raises(ProjectError, match="damaged"):
        project.meshes.refit(track, 1)


def test_what_the_project_never_had_is_told_in_words(project):
    with pytest.raises(ProjectError, match="not in the project"):
        project.meshes.get(MeshTrackId(9))


def test_an_old_project_gets_the_tables(tmp_path):
    from tests.fixtures.version_1 import write_version_1

    write_version_1(tmp_path / "old.pose")
    with Project.open(tmp_path / "old.pose") as opened:
        (video,) = opened.videos.all()
        assert opened.meshes.of_video(video.id) == ()
    assert (tmp_path / "old.pose" / "project-version-1.db").exists()
    with sqlite3.connect(tmp_path / "old.pose" / "project.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()
