import cv2
import numpy as np
import pytest

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.remote import album as album_module
from poseapp.learn.remote.album import FILE, Album, picture_of, read
from poseapp.learn.remote.shown import Picked, Reconstructions


def shown(number, labelled=10, partner=13, video=1):
    refs = (FrameRef(VideoId(video), n) for n in (labelled, partner))
    greys = (np.full((24, 16, 3), level, np.uint8) for level in (40, 80, 120, 200))
    return Reconstructions(number, Picked(*refs, 0.5), *greys)


def test_picks_and_pictures_come_back(tmp_path):
    album = Album(tmp_path, 10)
    album.add(shown(0))
    album.add(shown(1, labelled=20, partner=11))
    album.add(shown(2, partner=7))
    kept = read(tmp_path)
    assert kept.window == 10
    assert [picked.offset for picked in kept.picks] == [3, -9, -3]
    assert kept.newest[FrameRef(VideoId(1), 10)].offset == -3
    strip = cv2.imread(str(picture_of(tmp_path, FrameRef(VideoId(1), 10))))
    assert strip.shape == (24, 64, 3)
    assert [int(strip[12, 8 + 16 * n, 0]) for n in range(4)] == pytest.approx(
        [40, 80, 120, 200], abs=3
    )
    assert not list(tmp_path.rglob("*.part"))


def test_picks_of_a_game_that_broke_off_are_forgotten(tmp_path):
    album = Album(tmp_path, 10)
    for number in range(4):
        album.add(shown(number, labelled=10 * number))
    again = Album(tmp_path, 10)
    again.add(shown(2, labelled=70, partner=75))
    assert [picked.labelled.frame for picked in read(tmp_path).picks] == [0, 10, 70]


def test_of_very_many_labels_some_have_no_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(album_module, "MOST_SHOWN", 2)
    album = Album(tmp_path, 10)
    for number in range(4):
        album.add(shown(number, labelled=10 * number))
    assert len(read(tmp_path).picks) == 4
    assert len(list(tmp_path.rglob("*.jpg"))) == 2


def test_a_folder_without_picks_or_with_a_damaged_file_has_none(tmp_path):
    assert read(tmp_path) is None
    for damaged in ("{", "[]", '{"window": 10, "picks": [{"video": 1}]}'):
        (tmp_path / FILE).write_text(damaged)
        assert read(tmp_path) is None


def test_a_disk_that_takes_no_more_is_a_sentence(tmp_path):
    (tmp_path / "partners").write_text("a file where the folder should be")
    with pytest.raises(TrainingError, match="Free some disk space"):
        Album(tmp_path, 10).add(shown(0))
