from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from poseapp.domain.errors import VideoMissingError, VideoUnreadableError
from poseapp.domain.ids import VideoId
from poseapp.domain.video import Video
from poseapp.media.proxy import Proxy
from tests.fixtures.films import number_in, numbered_picture

COUNT = 20
VIDEO = Video(VideoId(1), path=None, width=1280, height=720, frame_count=COUNT, fps=30.0,
              fingerprint="print")  # fmt: skip


class Film:
    """Gives numbered pictures, notes which; some frames are damaged."""

    def __init__(self, damaged: tuple[int, ...] = ()) -> None:
        self.damaged = damaged
        self.asked: list[int] = []

    def read(self, frame: int) -> np.ndarray:
        self.asked.append(frame)
        if frame in self.damaged:
            raise VideoUnreadableError("damaged")
        return np.repeat(np.repeat(numbered_picture(frame, 160, 90), 8, 0), 8, 1)


def always() -> bool:
    return True


def times(count: int):
    answers: Iterator[bool] = iter([True] * count)
    return lambda: next(answers, False)


def small_number(picture: np.ndarray) -> int:
    return number_in(picture[::8, ::8])


def test_every_frame_has_its_own_small_picture_at_the_size_of_the_film(tmp_path):
    assert Proxy(VIDEO, tmp_path).extend(Film(), always)
    proxy = Proxy(VIDEO, tmp_path)
    assert proxy.is_whole
    for frame in (0, 19, 7, 8):
        picture = proxy.read(frame)
        assert picture.shape == (720, 1280, 3)
        assert small_number(picture) == frame
    assert proxy.read(COUNT) is None


def test_it_serves_while_it_is_made_and_goes_on_where_it_was_left(tmp_path):
    reading = Proxy(VIDEO, tmp_path)
    assert reading.read(0) is None
    first, second = Film(), Film()
    assert not Proxy(VIDEO, tmp_path).extend(first, times(8))
    assert len(reading) == 8
    assert small_number(reading.read(7)) == 7
    assert reading.read(8) is None
    assert Proxy(VIDEO, tmp_path).extend(second, always)
    assert (first.asked, second.asked) == ([*range(8)], [*range(8, COUNT)])
    assert small_number(reading.read(19)) == 19


@pytest.mark.parametrize("lost", [1, 5, 300, 5000])
@pytest.mark.parametrize("file", ["print.proxy", "print.proxy-ends"])
def test_what_a_crash_left_unfinished_is_made_again(lost, file, tmp_path):
    Proxy(VIDEO, tmp_path).extend(Film(), times(12))
    path = tmp_path / file
    path.write_bytes(path.read_bytes()[:-lost])
    proxy = Proxy(VIDEO, tmp_path)
    assert all(small_number(proxy.read(n)) == n for n in range(len(proxy)))
    assert len(proxy) < 12
    assert proxy.extend(Film(), always)
    assert [small_number(proxy.read(n)) for n in range(COUNT)] == [*range(COUNT)]


def test_noise_in_its_files_is_not_shown_as_a_frame(tmp_path):
    rng = np.random.default_rng(0)
    Proxy(VIDEO, tmp_path).extend(Film(), always)
    ends = tmp_path / "print.proxy-ends"
    whole = ends.read_bytes()
    for _ in range(20):
        ends.write_bytes(whole[:40] + rng.bytes(80) + whole[120:])
        proxy = Proxy(VIDEO, tmp_path)
        for frame in range(COUNT):
            picture = proxy.read(frame)
            assert picture is None or small_number(picture) == frame


def test_a_damaged_frame_has_no_picture_and_the_others_have_theirs(tmp_path):
    proxy = Proxy(VIDEO, tmp_path)
    assert proxy.extend(Film(damaged=(4, 5, 19)), always)
    shown = {n: proxy.read(n) for n in range(COUNT)}
    assert [n for n, picture in shown.items() if picture is None] == [4, 5, 19]
    assert all(small_number(p) == n for n, p in shown.items() if p is not None)


def test_a_film_that_went_away_ends_the_making(tmp_path):
    class Gone(Film):
        def read(self, frame: int) -> np.ndarray:
            raise VideoMissingError("gone")

    proxy = Proxy(VIDEO, tmp_path)
    with pytest.raises(VideoMissingError):
        proxy.extend(Gone(), always)
    assert len(proxy) == 0
