from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from poseapp.app.commands import AddInstance, AddVideo
from poseapp.app.library import Library
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.errors import AnotherVideoError, VideoMissingError, VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video
from poseapp.media.probe import probe
from tests.fixtures.films import write_numbered

FIRST = VideoId(1)


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """A folder with a film of 20 frames, one of 30, and a folder of five pictures."""
    folder = tmp_path_factory.mktemp("films")
    write_numbered(folder / "short", 20)
    write_numbered(folder / "long", 30)
    (folder / "pictures").mkdir()
    for n in range(5):
        cv2.imwrite(str(folder / "pictures" / f"{n}.png"), np.full((10, 12, 3), n, np.uint8))
    return folder


@pytest.fixture
def session(tmp_path) -> Iterator[Session]:
    skeleton = Skeleton("point", (Keypoint("nose"),))
    settings = Settings(tmp_path / "settings.json")
    with Session.create(tmp_path / "mice.pose", skeleton, settings) as session:
        yield session


@pytest.fixture
def library(session) -> Library:
    return Library(session)


def imported(session: Session, video: Video, labelled: int) -> VideoId:
    """A video as an import leaves it whose film is not there: without a fingerprint."""
    session.history.do(AddVideo(video))
    number = session.project.videos.all()[-1].id
    points = np.array([[3.0, 4.0]])
    instance = Instance(FrameRef(number, labelled), points, visibility_of(points))
    session.history.do(AddInstance(instance))
    return number


def test_added_videos_have_numbers_and_are_one_step_to_undo(session, library, films):
    added = library.add([films / "short.mp4", films / "pictures"])
    assert [(v.id, v.name, v.frame_count) for v in added] == [
        (1, "short.mp4", 20),
        (2, "pictures", 5),
    ]
    assert session.history.undo_text == "Added 2 videos"
    session.history.undo()
    assert session.project.videos.all() == ()


def test_what_another_thread_looked_at_is_added_without_looking_again(library, films, tmp_path):
    path = Path(shutil.copy(films / "short.mp4", tmp_path))
    looked = library.look_at([path])
    path.unlink()
    assert [video.frame_count for video in library.add(looked)] == [20]


def test_a_video_is_added_once(session, library, films, tmp_path):
    library.add([films / "short.mp4"])
    copy = shutil.copy(films / "short.mp4", tmp_path / "copy.mp4")
    added = library.add([copy, films / "long.mp4", films / "long.mp4"])
    assert [video.name for video in added] == ["long.mp4"]
    with pytest.raises(AnotherVideoError, match=r"copy\.mp4 is in the project already"):
        library.add([copy])


def test_when_one_cannot_be_read_none_is_added(session, library, films, tmp_path):
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(VideoUnreadableError, match=r"empty\.mp4 .* the file is empty"):
        library.add([films / "short.mp4", empty])
    assert session.project.videos.all() == ()


def test_adding_leaves_the_index_in_the_projects_cache(session, library, films):
    (video,) = library.add([films / "short.mp4"])
    assert (session.project.cache_folder / f"{video.fingerprint}.index.npz").is_file()


def test_removing_is_undone(session, library, films):
    library.add([films / "short.mp4"])
    library.remove(FIRST)
    assert session.project.videos.all() == ()
    session.history.undo()
    assert [video.name for video in session.project.videos.all()] == ["short.mp4"]


@pytest.fixture
def moved(library, films, tmp_path) -> Path:
    """A film that was added and then moved to another folder under another name."""
    path = Path(shutil.copy(films / "short.mp4", tmp_path / "short.mp4"))
    library.add([path])
    (tmp_path / "archive" / "2024").mkdir(parents=True)
    return path.rename(tmp_path / "archive" / "2024" / "mouse 7.mp4")


def test_a_moved_film_is_missing_until_it_is_relinked(session, library, moved):
    assert [video.id for video in library.missing()] == [FIRST]
    assert "is the same file" in library.relink(FIRST, moved)
    assert library.missing() == ()
    assert session.project.videos.get(FIRST).path == moved
    session.history.undo()
    assert [video.id for video in library.missing()] == [FIRST]


def test_another_film_is_refused_unless_one_insists(session, library, films, moved):
    with pytest.raises(AnotherVideoError, match=r"another file than short\.mp4: 96×64 pixels, 30"):
        library.relink(FIRST, films / "long.mp4")
    assert len(library.missing()) == 1
    assert "as you insisted" in library.relink(FIRST, films / "long.mp4", force=True)
    assert session.project.videos.get(FIRST).frame_count == 30


def test_the_film_of_another_video_is_refused(library, films, moved):
    library.add([films / "long.mp4"])
    with pytest.raises(AnotherVideoError, match=r"another video of this project \(long\.mp4\)"):
        library.relink(FIRST, films / "long.mp4")


def test_relinking_to_nothing_or_to_no_film_says_so(library, moved, tmp_path):
    with pytest.raises(VideoMissingError, match="is not there"):
        library.relink(FIRST, tmp_path / "nowhere.mp4")
    (tmp_path / "notes.txt").write_text("not a film")
    with pytest.raises(VideoUnreadableError, match=r"notes\.txt"):
        library.relink(FIRST, tmp_path / "notes.txt", force=True)


def test_moved_films_are_found_by_content_whatever_their_name(library, films, moved, tmp_path):
    shutil.copy(films / "long.mp4", tmp_path / "archive" / "short.mp4")  # the old name, not it
    assert library.find_moved(tmp_path / "archive") == {FIRST: moved}


def test_an_imported_video_is_recognised_by_length_and_size_and_that_is_said(
    session, library, films, tmp_path
):
    video = replace(probe(films / "short.mp4"), path=tmp_path / "short.mp4", fingerprint="")
    number = imported(session, video, labelled=19)
    assert [v.id for v in library.missing()] == [number]
    assert "size and length fit" in library.relink(number, films / "short.mp4")
    assert session.project.videos.get(number).fingerprint


@pytest.mark.parametrize(("width", "height", "frame_count"), [(0, 0, 0), (0, 0, 20), (96, 64, 15)])
def test_what_an_import_did_not_know_is_not_compared(
    width, height, frame_count, session, library, films, tmp_path
):
    video = Video(VideoId(0), tmp_path / "short.mp4", width, height, frame_count, 0.0)
    library.relink(imported(session, video, labelled=14), films / "short.mp4")
    assert session.project.videos.all()[0].frame_count == 20


@pytest.mark.parametrize(
    ("video", "labelled", "why"),
    [
        (Video(VideoId(0), Path("/gone/a.mp4"), 96, 64, 25, 30.0), 3, "too short.*25 are needed"),
        (Video(VideoId(0), Path("/gone/a.mp4"), 0, 0, 0, 0.0), 22, "too short.*23 are needed"),
        (Video(VideoId(0), Path("/gone/a.mp4"), 64, 64, 20, 30.0), 3, "another size.*64×64"),
    ],
)
def test_a_film_that_an_imported_video_cannot_be_is_refused(
    video, labelled, why, session, library, films
):
    number = imported(session, video, labelled)
    with pytest.raises(AnotherVideoError, match=why):
        library.relink(number, films / "short.mp4")


def test_imported_videos_are_found_by_name(session, library, films, tmp_path):
    number = imported(session, Video(VideoId(0), tmp_path / "long.mp4", 0, 0, 0, 0.0), 3)
    assert library.find_moved(films) == {number: films / "long.mp4"}


def test_a_moved_folder_of_pictures_is_found_and_relinked(session, library, films, tmp_path):
    folder = Path(shutil.copytree(films / "pictures", tmp_path / "pictures"))
    library.add([folder])
    moved = folder.rename(tmp_path / "elsewhere")
    assert [video.id for video in library.missing()] == [FIRST]
    assert library.find_moved(tmp_path) == {FIRST: moved}
    library.relink(FIRST, moved)
    assert library.missing() == ()


def test_a_folder_that_got_more_pictures_is_still_the_video_it_was(library, films, tmp_path):
    folder = Path(shutil.copytree(films / "pictures", tmp_path / "pictures"))
    (video,) = library.add([folder])
    moved = folder.rename(tmp_path / "elsewhere")
    shutil.copy(moved / "0.png", moved / "00 extra.png")
    assert "same file" in library.relink(video.id, moved)
