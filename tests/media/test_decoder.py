"""Damage loses the frames it is in and those that lean on them, never others."""

from __future__ import annotations

import random
import shutil

import numpy as np
import pytest

from poseapp.domain.errors import VideoUnreadableError
from poseapp.media.indexing import build_index
from poseapp.media.reader import FilmReader
from tests.fixtures.films import Recipe, number_in, overwrite, packet_places, write_numbered
from tests.media.conftest import COUNT

CLOSED = "x264, closed GOP, B-frames as references"
LOST = None


def numbers_read(path, order) -> dict[int, int | None]:
    reader = FilmReader(path, build_index(path))
    got: dict[int, int | None] = {}
    for frame in order:
        try:
            got[frame] = number_in(reader.read(frame))
        except VideoUnreadableError:
            got[frame] = LOST
    reader.close()
    return got


def shuffled(frames: range) -> list[int]:
    order = list(frames)
    random.Random(5).shuffle(order)
    return order


@pytest.mark.parametrize("content", ["zeros", "noise"])
@pytest.mark.parametrize(
    ("name", "keyframe_after"),
    [(CLOSED, 48), ("x264, open GOP, mp4", 36), ("mpeg-4, avi", 36), ("x265, open GOP", 36)],
)
def test_damage_in_the_middle_loses_the_rest_of_its_gop_only(
    name, keyframe_after, content, film, tmp_path
):
    path = shutil.copy(film(name), tmp_path / film(name).name)
    place, size, _ = packet_places(path)[29]
    noise = np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes()
    overwrite(path, place, bytes(size) if content == "zeros" else noise)
    for order in (range(COUNT), range(COUNT - 1, -1, -1), shuffled(range(COUNT))):
        got = numbers_read(path, order)
        lost = {frame for frame, number in got.items() if number is LOST}
        assert {n: got[n] for n in got if n not in lost} == {n: n for n in got if n not in lost}
        assert lost
        assert lost <= set(range(26, keyframe_after))


def test_damage_to_a_keyframe_loses_its_gop_and_the_pictures_before_it_that_lean_on_it(
    film, tmp_path
):
    path = shutil.copy(film("x264, open GOP, mp4"), tmp_path / "film.mp4")
    index = build_index(path)
    keyframe = int(index.key_frames[2])
    place, size, _ = packet_places(path)[int(index.key_order[2])]
    overwrite(path, place, bytes(size))
    got = numbers_read(path, shuffled(range(COUNT)))
    lost = {frame for frame, number in got.items() if number is LOST}
    leaning = {n for n in range(keyframe) if index.order[n] > index.key_order[2]}
    assert leaning
    assert lost == leaning | set(range(keyframe, int(index.key_frames[3])))
    assert all(got[n] == n for n in got if n not in lost)


def test_damage_among_pictures_that_stand_alone_loses_one(film, tmp_path):
    path = shutil.copy(film("motion jpeg"), tmp_path / "film.avi")
    place, size, _ = packet_places(path)[20]
    overwrite(path, place, bytes(size))
    got = numbers_read(path, range(COUNT))
    assert got == {n: (LOST if n == 20 else n) for n in range(COUNT)}


def test_a_damaged_frame_is_named_with_the_cure(film, tmp_path):
    path = shutil.copy(film("motion jpeg"), tmp_path / "film.avi")
    place, size, _ = packet_places(path)[20]
    overwrite(path, place, bytes(size))
    reader = FilmReader(path, build_index(path))
    with pytest.raises(VideoUnreadableError, match=r"Frame 20 of .*film\.avi is damaged.*copy"):
        reader.read(20)
    reader.close()


def test_a_stream_that_says_where_it_is_damaged_is_believed(film, tmp_path):
    path = shutil.copy(film("x264, open GOP, ts"), tmp_path / "film.ts")
    place, size, _ = packet_places(path)[29]
    overwrite(path, place, bytes(size))
    count = len(build_index(path))
    got = numbers_read(path, shuffled(range(count)))
    shown = [got[n] for n in sorted(got) if got[n] is not LOST]
    assert shown == sorted(set(shown))  # no picture stands for another
    assert set(range(24)) | set(range(36, COUNT)) <= set(shown)


def test_a_film_cut_short_shows_what_is_there(tmp_path):
    path = write_numbered(tmp_path / "film", COUNT, Recipe("mkv"))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    count = len(build_index(path))
    got = numbers_read(path, range(count))
    assert count > 10
    assert all(got[n] == n for n in range(count - 1))
    assert got[count - 1] in {count - 1, LOST}
