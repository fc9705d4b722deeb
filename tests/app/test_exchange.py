"""Imports into projects and exports from them, with projects, films and pictures on the disk."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import sleap_io as sio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poseapp.app.commands import AddInstance, AddSuggestions, ChangeSkeleton, MarkEmpty
from poseapp.app.exchange import Exchange, bring_in, create_project_from, prepared
from poseapp.app.history import History
from poseapp.app.keypoint_mapping import guessed, taken_over
from poseapp.app.library import Library
from poseapp.app.session import Session
from poseapp.domain.errors import (
    ExportError,
    FormatError,
    JobCancelled,
    PoseAppError,
    ProjectError,
    ReadOnlyError,
)
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.report import SilentReport
from poseapp.domain.run import RunKind, RunState
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.domain.video import Video, VideoKind
from poseapp.formats.comparison import differences
from poseapp.formats.registry import FORMATS, read, write
from poseapp.media.film_writer import write_film
from poseapp.media.probe import probe
from tests.fixtures.films import number_in, numbered_picture
from tests.fixtures.packs import pack
from tests.formats.made import FLY, NAN, A, H, V, flies, one_fly, rows
from tests.formats.test_atomic import content

FRAMES = 30


@pytest.fixture(scope="session")
def walk(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("films") / "walk.mp4"
    write_film(path, (numbered_picture(n) for n in range(FRAMES)), 25.0)
    return path


@pytest.fixture
def film(tmp_path, walk) -> Path:
    shutil.copy(walk, tmp_path / "walk.mp4")
    return tmp_path / "walk.mp4"


@pytest.fixture
def session(tmp_path):
    with Session.create(tmp_path / "project", FLY) as session:
        yield session


def slp(film: Path, *instances, name="labels.slp", **more) -> Path:
    """A SLEAP file of labels on a film, whether that is there or not."""
    video = Video(VideoId(1), film, 96, 64, FRAMES, 25.0)
    out = film.parent / name
    write(flies(*instances, videos=(video,), **more), out, "sleap")
    return out


def all_rows(session):
    return rows(session.project.labels.snapshot())


def test_an_import_is_one_edit_that_can_be_undone_and_redone(session, film):
    path = slp(film, one_fly(3, track=1), one_fly(9), tracks=("he",), empty=(5,))
    summary = Exchange(session).import_(path)
    assert (summary.frames, summary.labels, summary.videos) == (2, 2, 1)
    assert all_rows(session) == rows(read(path).labels)
    assert all(i.origin is Origin.IMPORTED for i in session.project.labels.snapshot().instances)
    assert session.history.undo_text == "Imported labels.slp"
    session.history.undo()
    assert session.project.labels.count() == 0
    assert session.project.videos.all() == ()
    assert session.project.labels.tracks() == ()
    session.history.redo()
    assert all_rows(session) == rows(read(path).labels)
    assert session.project.labels.is_empty(FrameRef(session.project.videos.all()[0].id, 5))


def test_subscribers_hear_of_everything_once(session, film):
    heard = []
    session.subscribe(heard.append)
    Exchange(session).import_(slp(film, one_fly(3)))
    (changes,) = heard
    assert changes.videos
    assert changes.frames == {FrameRef(session.project.videos.all()[0].id, 3)}


def test_a_film_is_looked_at_when_it_is_there(session, film):
    Exchange(session).import_(slp(film, one_fly(3)))
    (video,) = session.project.videos.all()
    assert (video.width, video.height, video.frame_count) == (96, 64, FRAMES)
    assert video.fingerprint == probe(film).fingerprint


def test_the_same_import_again_adds_nothing_and_is_no_edit(session, film):
    path = slp(film, one_fly(3, track=1), one_fly(9), tracks=("he",), empty=(5,))
    exchange = Exchange(session)
    exchange.import_(path)
    before = all_rows(session)
    again = exchange.import_(path)
    assert (again.labels, again.already_there, again.videos) == (0, 2, 0)
    assert all_rows(session) == before
    session.history.undo()
    assert session.project.labels.count() == 0


def test_a_film_that_was_moved_is_known_by_its_content(session, film):
    exchange = Exchange(session)
    exchange.import_(slp(film, one_fly(3)))
    moved = film.with_name("moved.mp4")
    shutil.copy(film, moved)
    summary = exchange.import_(slp(moved, one_fly(3), one_fly(4), name="b.slp"))
    assert (summary.videos, summary.labels, summary.already_there) == (0, 1, 1)


def test_a_film_that_is_missing_is_known_by_its_name(session, film):
    exchange = Exchange(session)
    exchange.import_(slp(film, one_fly(3)))
    labels = read(slp(film, one_fly(4), name="b.slp")).labels
    elsewhere = replace(labels.videos[0], path=Path("/nowhere/walk.mp4"))
    write(replace(labels, videos=(elsewhere,)), film.parent / "far" / "c.slp", "sleap")
    summary = exchange.import_(film.parent / "far" / "c.slp")
    assert (summary.videos, summary.labels) == (0, 1)


def test_a_missing_film_that_was_linked_to_another_name_is_known_by_its_labels(session, film):
    exchange = Exchange(session)
    labels = flies(one_fly(3), one_fly(9), videos=(
        Video(VideoId(1), Path("/nowhere/gone.mp4"), 0, 0, FRAMES, 0.0),
    ))  # fmt: skip
    path = film.parent / "labels.slp"
    write(labels, path, "sleap")
    assert any("is not there" in note for note in exchange.import_(path).notes)
    (video,) = session.project.videos.all()
    Library(session).relink(video.id, film)
    again = exchange.import_(path)
    assert (again.videos, again.labels, again.already_there) == (0, 0, 2)


def test_two_films_of_one_name_never_become_one(session, tmp_path, walk):
    films = [tmp_path / place / "walk.mp4" for place in ("a", "b")]
    for place in films:
        place.parent.mkdir()
    shutil.copy(walk, films[0])
    write_film(films[1], (numbered_picture(n + 100) for n in range(FRAMES)), 25.0)
    videos = tuple(Video(VideoId(n), path, 96, 64, FRAMES, 25.0) for n, path in enumerate(films, 1))
    labels = flies(one_fly(3), one_fly(3, video=2, shift=2), videos=videos)
    write(labels, tmp_path / "two.slp", "sleap")
    for _ in range(2):
        Exchange(session).import_(tmp_path / "two.slp")
    known = session.project.videos.all()
    assert [video.path for video in known] == films
    assert [
        session.project.labels.at(FrameRef(v.id, 3))[0].points[0, 0] for v in known
    ] == [10.25, 12.25]  # fmt: skip


def test_a_body_that_looks_different_here_stays_as_it_is_here(session, film):
    exchange = Exchange(session)
    exchange.import_(slp(film, one_fly(3)))
    changed = slp(film, one_fly(3, shift=0.5), one_fly(3, shift=300.0), name="b.slp")
    summary = exchange.import_(changed)
    assert (summary.labels, summary.kept_ours) == (1, 1)
    assert any("kept its own" in note for note in summary.notes)
    ref = FrameRef(session.project.videos.all()[0].id, 3)
    assert [i.points[0, 0] for i in session.project.labels.at(ref)] == [10.25, 310.25]


def test_keypoints_are_put_together_by_name(tmp_path, film):
    ours = Skeleton("ours", tuple(map(Keypoint, ("tail", "wingR", "head", "extra", "wingL"))))
    with Session.create(tmp_path / "other", ours) as session:
        Exchange(session).import_(slp(film, one_fly(3)))
        (instance,) = session.project.labels.snapshot().instances
        assert instance.visibility.tolist() == [V, A, V, A, H]
        assert instance.points[2].tolist() == [10.25, 20.5]
        skeleton = session.project.skeleton
        assert skeleton.pairs == ((4, 1),)
        assert skeleton.bones == ((2, 0), (2, 4), (2, 1))


def test_bones_of_the_project_are_not_replaced(session, film):
    own = replace(session.project.skeleton, bones=((1, 2),))
    session.history.do(ChangeSkeleton(own))
    Exchange(session).import_(slp(film, one_fly(3)))
    assert session.project.skeleton.bones == ((1, 2),)


def test_unknown_keypoints_are_refused_with_what_to_do_and_nothing_changes(tmp_path, film):
    ours = Skeleton("ours", tuple(map(Keypoint, ("head", "wing_L", "wingR", "tail"))))
    with Session.create(tmp_path / "other", ours) as session:
        with pytest.raises(
            FormatError, match=r"does not have: wingL\. \(Is it wing_L for wingL\?\)"
        ):
            Exchange(session).import_(slp(film, one_fly(3)))
        assert session.project.videos.all() == ()
        assert session.history.undo_text is None


def test_tracks_are_known_by_name_and_unused_ones_left_out(session, film):
    exchange = Exchange(session)
    exchange.import_(slp(film, one_fly(3, track=2), tracks=("unused", "she")))
    exchange.import_(slp(film, one_fly(4, track=1), tracks=("she", "other"), name="b.slp"))
    assert [track.name for track in session.project.labels.tracks()] == ["she"]
    assert [row[2] for row in all_rows(session)] == ["she", "she"]


def test_labels_behind_the_end_of_a_film_are_left_out_and_said(session, film):
    video = Video(VideoId(1), film, 96, 64, 100, 25.0)
    write(flies(one_fly(3), one_fly(77), videos=(video,)), film.parent / "a.slp", "sleap")
    summary = Exchange(session).import_(film.parent / "a.slp")
    assert summary.labels == 1
    assert any("behind the end" in note for note in summary.notes)


def sleap_file(film: Path) -> Path:
    """A file of sleap-io with a predicted fly on two frames, and two suggestions."""
    skeleton = sio.Skeleton(list(FLY.names))
    video = sio.Video(str(film), open_backend=False)
    predicted = sio.PredictedInstance.from_numpy(
        np.array([(1, 2), (3, 4), (NAN, NAN), (5, 6)]), point_scores=np.full(4, 0.5),
        skeleton=skeleton, score=0.5,
    )  # fmt: skip
    user = sio.Instance.from_numpy(np.ones((4, 2)), skeleton=skeleton)
    frames = [sio.LabeledFrame(video, 8, [predicted]), sio.LabeledFrame(video, 2, [predicted])]
    labels = sio.Labels([*frames, sio.LabeledFrame(video, 4, [user])])
    labels.suggestions = [sio.SuggestionFrame(video, n) for n in (4, 11)]
    sio.save_slp(labels, str(film.parent / "predicted.slp"), embed=False)
    return film.parent / "predicted.slp"


def test_predictions_come_with_a_run_and_suggestions_into_the_queue(session, film):
    exchange = Exchange(session)
    summary = exchange.import_(sleap_file(film))
    assert (summary.predictions, summary.suggestions) == (2, 1)
    (video,) = session.project.videos.all()
    predictions = session.project.predictions.of_video(video.id)
    assert predictions is not None
    assert predictions.frames.tolist() == [2, 8]
    assert predictions.points[0, 0].tolist() == [1, 2]
    (run,) = session.project.runs.all()
    assert (run.id, run.kind, run.state) == (predictions.run, RunKind.INFERENCE, RunState.DONE)
    (suggestion,) = session.project.suggestions.all()
    assert suggestion.frame == FrameRef(video.id, 11)
    again = exchange.import_(film.parent / "predicted.slp")
    assert (again.predictions, again.suggestions) == (0, 0)
    assert len(session.project.runs.all()) == 1


def test_predictions_come_again_after_the_import_was_undone(session, film):
    exchange = Exchange(session)
    path = sleap_file(film)
    exchange.import_(path)
    session.history.undo()
    assert exchange.import_(path).predictions == 2
    (video,) = session.project.videos.all()
    assert session.project.predictions.of_video(video.id) is not None


def test_extracted_pictures_are_frames_of_the_film_that_is_here(session, film):
    exchange = Exchange(session)
    exchange.import_(slp(film, one_fly(3)))
    labels = flies(one_fly(3), one_fly(9), videos=(Video(VideoId(1), film, 96, 64, 30, 25.0),))
    write(labels, film.parent / "dlc", "dlc", lambda ref: numbered_picture(ref.frame))
    summary = exchange.import_(film.parent / "dlc")
    assert any("are frames of walk.mp4" in note for note in summary.notes)
    assert (summary.videos, summary.labels, summary.kept_ours) == (0, 1, 1)
    (video,) = session.project.videos.all()
    seen = [session.project.labels.at(FrameRef(video.id, n))[0].visibility[1] for n in (3, 9)]
    assert seen == [H, V]  # DeepLabCut cannot say hidden; the project knows better


@pytest.mark.parametrize("off_by", [0, -1, 1])
def test_pictures_of_other_frames_than_their_names_say_stay_pictures(session, film, off_by):
    exchange = Exchange(session)
    exchange.import_(slp(film, one_fly(3)))
    labels = flies(one_fly(9), videos=(Video(VideoId(1), film, 96, 64, 30, 25.0),))
    write(labels, film.parent / "dlc", "dlc", lambda ref: numbered_picture(ref.frame + off_by))
    exchange.import_(film.parent / "dlc")
    kinds = [video.kind for video in session.project.videos.all()]
    assert kinds == ([VideoKind.FILE, VideoKind.IMAGES] if off_by else [VideoKind.FILE])


def test_a_deeplabcut_project_with_its_film_becomes_labels_on_the_film(tmp_path, film):
    labels = flies(one_fly(3), one_fly(9), videos=(Video(VideoId(1), film, 96, 64, 30, 25.0),))
    write(labels, tmp_path / "dlc", "dlc", lambda ref: numbered_picture(ref.frame))
    shutil.copy(film, tmp_path / "dlc" / "videos")
    summary = create_project_from(tmp_path / "dlc", tmp_path / "made")
    assert summary.videos == 1
    with Session.open(Path(summary.project)) as session:
        (video,) = session.project.videos.all()
        assert video.kind is VideoKind.FILE
        assert session.project.labels.labelled_frames(video.id).tolist() == [3, 9]
        assert Exchange(session).import_(tmp_path / "dlc").already_there == 2


def pictures_in(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        assert cv2.imwrite(str(folder / name), np.full((48, 64, 3), 7, np.uint8))


def deeplabcut(root: Path, *names: str) -> Path:
    """A folder of labelled pictures: each head at the number in its name."""
    lines = ["scorer,me,me", "bodyparts,head,head", "coords,x,y"]
    lines += [f"labeled-data/run/{n},{int(n[3:-4])},5" for n in names]
    folder = root / "labeled-data" / "run"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "CollectedData_me.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_pictures_that_came_into_a_folder_later_become_its_last_frames(session, tmp_path):
    folder = tmp_path / "labeled-data" / "run"
    pictures_in(folder, "img2.png", "img9.png")
    exchange = Exchange(session)
    exchange.import_(deeplabcut(tmp_path, "img9.png"))
    pictures_in(folder, "img1.png")
    summary = exchange.import_(deeplabcut(tmp_path, "img1.png", "img9.png"))
    assert (summary.videos, summary.labels, summary.already_there) == (0, 1, 1)
    (video,) = session.project.videos.all()
    assert video.images == ("img2.png", "img9.png", "img1.png")
    labels = session.project.labels
    assert [labels.at(FrameRef(video.id, n))[0].points[0, 0] for n in (1, 2)] == [9, 1]
    session.history.undo()
    (video,) = session.project.videos.all()
    assert video.images == ("img2.png", "img9.png")


def test_a_project_open_for_reading_is_not_changed(session, tmp_path, film):
    path = slp(film, one_fly(3))
    with Session.open(session.project.path, read_only=True) as reading:
        with pytest.raises((ReadOnlyError, ProjectError)):
            Exchange(reading).import_(path)
        assert reading.project.labels.count() == 0


# -- new projects ----------------------------------------------------------------------------


def test_a_project_is_made_of_a_foreign_file(tmp_path, film):
    path = slp(film, one_fly(3), one_fly(9))
    summary = create_project_from(path, tmp_path / "made")
    assert summary.project == str(tmp_path / "made.pose")
    with Session.open(Path(summary.project)) as session:
        assert all_rows(session) == rows(read(path).labels)
        assert session.project.skeleton.bones == FLY.bones
        (video,) = session.project.videos.all()
        assert video.path == film
    moved = tmp_path / "somewhere"
    moved.mkdir()
    shutil.move(tmp_path / "made.pose", moved)
    shutil.move(film, moved.parent / "moved.mp4")
    with Session.open(moved / "made.pose") as session:
        assert session.project.labels.count() == 2


def test_what_is_there_is_never_replaced_by_a_new_project(tmp_path, film):
    path = slp(film, one_fly(3))
    create_project_from(path, tmp_path / "made")
    before = content(tmp_path)
    with pytest.raises(ProjectError, match="is there already"):
        create_project_from(path, tmp_path / "made")
    assert content(tmp_path) == before


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_damaged_file_makes_a_whole_project_or_none(tmp_path, film, flips):
    path = slp(film, one_fly(3), name="whole.slp")
    damaged = bytearray(path.read_bytes())
    for place, value in flips:
        damaged[int(place * (len(damaged) - 1))] = value
    (tmp_path / "damaged.slp").write_bytes(damaged)
    try:
        summary = create_project_from(tmp_path / "damaged.slp", tmp_path / "made")
    except PoseAppError:
        assert not list(tmp_path.glob("*.pose*"))
        assert not list(tmp_path.glob(".*"))
        return
    with Session.open(Path(summary.project)) as session:
        assert session.project.labels.count() == summary.labels
    shutil.rmtree(summary.project)


def test_a_project_whose_disk_is_full_is_not_there_at_all(tmp_path, film, monkeypatch):
    path = slp(film, one_fly(3))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ProjectError, match="No space left"):
        create_project_from(path, tmp_path / "made")
    monkeypatch.undo()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "labels.slp", "labels.slp.manifest.json", "walk.mp4",
    ]  # fmt: skip


# -- exports ---------------------------------------------------------------------------------


@pytest.fixture
def labelled(session, film):
    Exchange(session).import_(slp(film, one_fly(3, track=1), one_fly(9), tracks=("he",)))
    return session


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_of_every_format_comes_back_and_has_its_manifest(labelled, tmp_path, name):
    out = tmp_path / "out" / f"x{FORMATS[name].suffix}"
    summary = Exchange(labelled).export(name, out)
    assert (summary.frames, summary.labels) == (2, 2)
    labels = labelled.project.labels.snapshot()
    assert not differences(FORMATS[name].fit(labels).labels, read(out, name).labels)
    at = out / "manifest.json" if out.is_dir() else out.with_name(f"{out.name}.manifest.json")
    manifest = json.loads(at.read_text())
    assert manifest["labels"]["digest"] == labels.digest()
    assert manifest["labels"]["frames"] == 2
    assert manifest["labels"]["origins"] == {"imported": 2}
    assert manifest["notes"] == list(summary.notes)
    assert datetime.fromisoformat(manifest["written"]) <= datetime.now(UTC)
    assert manifest["videos"][0]["name"] == "walk.mp4"


def test_the_exported_pictures_are_the_frames_that_were_labelled(labelled, tmp_path):
    Exchange(labelled).export("dlc", tmp_path / "out")
    where = tmp_path / "out" / "labeled-data" / "walk"
    assert [number_in(cv2.imread(str(p))) for p in sorted(where.glob("*.png"))] == [3, 9]


def test_chosen_frames_alone_are_exported(labelled, tmp_path):
    (video,) = labelled.project.videos.all()
    labelled.history.do(MarkEmpty(FrameRef(video.id, 20)))
    chosen = [FrameRef(video.id, 9), FrameRef(video.id, 20), FrameRef(video.id, 25)]
    summary = Exchange(labelled).export("sleap", tmp_path / "out.slp", chosen)
    assert summary.frames == 1
    found = read(tmp_path / "out.slp").labels
    assert [ref.frame for ref in found.frames] == [9]
    assert [ref.frame for ref in found.empty_frames] == [20]


def test_the_manifest_names_what_picked_the_frames_and_the_runs_behind_the_labels(
    labelled, tmp_path
):
    (video,) = labelled.project.videos.all()
    reason = Reason("novelty", "New.", 0.5)
    picked = (FrameRef(video.id, 3), FrameRef(video.id, 25))
    labelled.history.do(
        AddSuggestions(tuple(Suggestion(ref, 0.5, (reason,), "kcentre", 1) for ref in picked))
    )
    accepted = Instance(FrameRef(video.id, 12), np.ones((4, 2)), np.full(4, V), run="run-7",
                        origin=Origin.ACCEPTED)  # fmt: skip
    labelled.history.do(AddInstance(accepted))
    Exchange(labelled).export("coco", tmp_path / "out.json")
    manifest = json.loads((tmp_path / "out.json.manifest.json").read_text())
    assert manifest["selectors"] == {"kcentre": 1}
    assert manifest["runs"] == ["run-7"]


def test_labels_alone_can_be_exported_where_the_film_is_missing(labelled, tmp_path, film):
    film.unlink()
    summary = Exchange(labelled).export("coco", tmp_path / "out")
    assert any("2 pictures could not be read" in note for note in summary.notes)
    summary = Exchange(labelled).export("dlc", tmp_path / "dlc", with_pictures=False)
    assert any("Pictures were not exported" in note for note in summary.notes)


def test_an_export_that_is_stopped_leaves_nothing(labelled, tmp_path):
    class Stopping(SilentReport):
        def progress(self, done, text=""):
            assert 0 <= done <= 1
            if done:
                raise JobCancelled

    before = sorted(tmp_path.iterdir())
    with pytest.raises(JobCancelled):
        Exchange(labelled).export("coco", tmp_path / "out", report=Stopping())
    assert sorted(tmp_path.iterdir()) == before


def test_pictures_that_are_copied_as_files_are_counted_and_can_be_stopped(session, tmp_path):
    folder = deeplabcut(tmp_path, "img1.png", "img9.png")
    Exchange(session).import_(folder)
    told = []

    class Stopping(SilentReport):
        def progress(self, done, text=""):
            told.append((round(done, 3), text))
            if len(told) == 3:
                raise JobCancelled

    out = tmp_path / "out"
    Exchange(session).export("coco", out)
    before = content(out)
    with pytest.raises(JobCancelled):
        Exchange(session).export("coco", out, report=Stopping())
    assert told == [(0, "Reading the labels"), (0, "Writing pictures"), (0.45, "Writing pictures")]
    assert content(out) == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_an_import_that_is_stopped_leaves_no_project(film, tmp_path):
    path = slp(film, one_fly(3))
    told = []

    class Stopping(SilentReport):
        def progress(self, done, text=""):
            told.append(done)
            if done >= 0.8:
                raise JobCancelled

    before = sorted(tmp_path.iterdir())
    with pytest.raises(JobCancelled):
        create_project_from(path, tmp_path / "made", report=Stopping())
    assert sorted(tmp_path.iterdir()) == before
    assert told == sorted(told)


def test_labels_come_in_under_the_names_that_were_chosen(session, film):
    """In the project of a fly, the points of a file that calls them otherwise."""
    theirs = replace(FLY, keypoints=tuple(Keypoint(n) for n in ("Head", "wingLeft", "wing_R", "x")))
    video = Video(VideoId(1), film, 96, 64, FRAMES, 25.0)
    body = one_fly(3)
    labels = replace(flies(body, videos=(video,)), skeleton=theirs)
    write(labels, film.parent / "other.slp", "sleap")
    imported = prepared(film.parent / "other.slp", None, session.project.path, None)
    names = (*guessed(theirs.names, FLY.names)[:3], None)
    assert names == (*FLY.names[:3], None)
    summary = bring_in(session.history, film, taken_over(imported, names))
    (made,) = session.project.labels.snapshot().instances
    assert made.visibility[:3].tolist() == body.visibility[:3].tolist()
    np.testing.assert_array_equal(made.points[:3], body.points[:3])
    assert made.visibility[3] == Visibility.ABSENT
    assert any("Not taken over: x" in note for note in summary.notes)


def test_an_import_may_be_brought_in_by_another_thread(session, film):
    """It is one edit of this session like any other: told of, undone and done again here."""
    path = slp(film, one_fly(3), one_fly(5))
    imported = prepared(path, None, session.project.path, None)
    told = []
    session.subscribe(told.append)
    with ThreadPoolExecutor(1) as elsewhere:
        step = partial(bring_in, path=path, imported=imported)
        summary, changes = elsewhere.submit(session.history.aside, step).result()
    assert (summary.labels, told, len(changes.frames)) == (2, [], 2)
    assert session.history.undo_text == "Imported labels.slp"
    session.history.undo()
    assert session.project.labels.count() == 0
    with ThreadPoolExecutor(1) as elsewhere:
        text, changes = elsewhere.submit(session.history.aside, History.redo).result()
    assert (text, len(changes.frames)) == ("Imported labels.slp", 2)
    assert session.project.labels.count() == 2


def test_an_export_may_run_in_another_thread(labelled, tmp_path):
    with ThreadPoolExecutor(1) as elsewhere:
        done = elsewhere.submit(Exchange(labelled).export, "sleap", tmp_path / "out.slp")
        assert done.result().labels == 2


def test_nothing_labelled_is_not_exported(session, tmp_path):
    with pytest.raises(ExportError, match="nothing to export"):
        Exchange(session).export("coco", tmp_path / "out.json")


# -- the real ones ---------------------------------------------------------------------------


def test_the_flies_are_imported_linked_exported_and_imported_again_without_a_double(tmp_path):
    source = pack("sleap_fly_centered")
    made = create_project_from(source / "centered_pair.slp", tmp_path / "flies")
    assert (made.frames, made.labels) == (70, 140)
    assert any("is not there" in note for note in made.notes)
    with Session.open(Path(made.project)) as session:
        (video,) = session.project.videos.all()
        Library(session).relink(video.id, source / "centered_pair_small.mp4")
        exchange = Exchange(session)
        exchange.export("sleap", tmp_path / "a.pkg.slp")
        exchange.export("dlc", tmp_path / "dlc")
        exchange.export("coco", tmp_path / "coco")
        for path in (source / "centered_pair.slp", tmp_path / "a.pkg.slp"):
            again = exchange.import_(path)
            assert (again.labels, again.already_there, again.videos) == (0, 140, 0)
        for name in ("dlc", "coco"):
            again = exchange.import_(tmp_path / name)
            assert again.videos == again.labels == 0
            assert again.already_there + again.kept_ours == 140
        assert session.project.labels.count() == 140
        assert int(
            (session.project.labels.snapshot().visibility() == Visibility.OCCLUDED).sum()
        ) == 147  # fmt: skip


@pytest.mark.parametrize(
    ("source", "frames", "size"),
    [("dlc_openfield", 116, (640, 480)), ("mirror_mouse", 90, (396, 406))],
)
def test_the_real_projects_of_pictures_open_with_sizes(tmp_path, source, frames, size):
    made = create_project_from(pack(source), tmp_path / source)
    assert made.frames == frames
    with Session.open(Path(made.project)) as session:
        video = session.project.videos.all()[0]
        assert (video.width, video.height) == size
        assert Exchange(session).import_(pack(source)).already_there == frames


def test_a_package_brings_its_pictures_into_a_folder_beside_the_project(tmp_path):
    source = pack("sleap_fly_centered") / "minimal_instance.pkg.slp"
    made = create_project_from(source, tmp_path / "mini")
    with Session.open(Path(made.project)) as session:
        (video,) = session.project.videos.all()
        assert video.path.parent == tmp_path / "mini_pictures"
        assert (video.width, video.height) == (384, 384)
        assert Exchange(session).import_(source).already_there == 2
