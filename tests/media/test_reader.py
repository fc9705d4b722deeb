"""The frame that is read is the frame that was asked for, whatever was read before."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poseapp.domain.errors import VideoMissingError, VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.video import Video
from poseapp.media.indexing import build_index
from poseapp.media.probe import probe
from poseapp.media.reader import Abandoned, FilmReader, FrameReader, kept_frames, open_reader
from tests.fixtures.films import Recipe, number_in, write_numbered
from tests.fixtures.packs import pack
from tests.media.conftest import COUNT, RECIPES


@pytest.fixture(scope="module")
def readers(film) -> Iterator[dict[str, FilmReader]]:
    """One reader per film that keeps its state from one access pattern to the next."""
    opened = {name: FilmReader(film(name), build_index(film(name))) for name in RECIPES}
    yield opened
    for reader in opened.values():
        reader.close()


@pytest.mark.parametrize("name", RECIPES)
def test_every_frame_of_a_film_is_read_forward(name, film):
    with_each = FilmReader(film(name), build_index(film(name)))
    assert [number_in(with_each.read(n)) for n in range(COUNT)] == list(range(COUNT))
    with_each.close()


@pytest.mark.parametrize("name", RECIPES)
def test_every_frame_of_a_film_is_read_backward(name, readers):
    backward = range(COUNT - 1, -1, -1)
    assert [number_in(readers[name].read(n)) for n in backward] == list(backward)


@pytest.mark.parametrize("name", RECIPES)
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(frames=st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=12))
def test_frames_are_read_in_any_order(name, readers, frames):
    assert [number_in(readers[name].read(n)) for n in frames] == frames


@pytest.mark.parametrize(
    "name", ["x264, open GOP, mp4", "vp9, hidden frames", "x264, bare stream without times"]
)
def test_a_fresh_reader_starts_at_any_frame(name, film):
    index = build_index(film(name))
    for frame in range(0, COUNT, 7):
        reader = FilmReader(film(name), index)
        assert number_in(reader.read(frame)) == frame
        reader.close()


def test_random_reading_gives_the_same_bytes_as_reading_forward(film):
    path = film("x264, open GOP, mp4")
    index = build_index(path)
    forward, jumping = FilmReader(path, index), FilmReader(path, index)
    pictures = [forward.read(n) for n in range(COUNT)]
    for n in np.random.default_rng(0).permutation(COUNT).tolist():
        assert np.array_equal(jumping.read(n), pictures[n])
    forward.close()
    jumping.close()


def test_a_step_back_needs_no_decoding_once_its_gop_was_read(film):
    path = film("x264, no keyframes but the first")
    reader = FilmReader(path, build_index(path), kept_frames(1 << 20))
    assert reader.distance(50) == 51
    reader.read(50)
    assert [reader.distance(n) for n in (49, 20, 50)] == [0, 0, 0]
    assert reader.distance(53) == 3
    reader.close()


def test_a_read_that_nobody_wants_any_more_ends_and_the_next_one_goes_on_from_there(film):
    path = film("x264, no keyframes but the first")
    reader = FilmReader(path, build_index(path))
    asked = iter([True] * 30)
    with pytest.raises(Abandoned):
        reader.read(55, lambda: next(asked, False))
    assert 0 < reader.distance(55) < 40
    assert number_in(reader.read(55)) == 55
    reader.close()


@pytest.mark.parametrize("frame", [-1, COUNT, 10**9])
def test_a_frame_outside_the_film_is_refused_with_a_sentence(frame, film):
    path = film("ffv1")
    reader = FilmReader(path, build_index(path))
    with pytest.raises(VideoUnreadableError, match="frames 0 to 59"):
        reader.read(frame)
    reader.close()


def test_pictures_are_bgr_and_own_their_memory_in_one_piece(film):
    path = film("raw")
    reader = FilmReader(path, build_index(path))
    picture = reader.read(1)  # its first block is white, its second black
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert picture[4, 4].tolist() == [255, 255, 255]
    assert picture[4, 12].tolist() == [0, 0, 0]
    reader.close()


def test_colours_come_in_the_order_blue_green_red(tmp_path):
    path = tmp_path / "red.avi"
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 2] = 255
    with av.open(str(path), "w") as container:
        stream = container.add_stream("rawvideo", rate=10)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "bgr24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(red, format="bgr24")))
        container.mux(stream.encode(None))
    assert open_reader(probe(path), None).read(0)[8, 8].tolist() == [0, 0, 255]


def test_a_film_of_odd_width_is_read_without_slanting(tmp_path):
    path = write_numbered(tmp_path / "odd", 3, Recipe("avi", "mjpeg", pix_fmt="yuvj420p"))
    with av.open(str(path)) as container:
        narrow = [f.to_ndarray(format="bgr24")[:, :95].copy() for f in container.decode(video=0)]
    odd = tmp_path / "odd.mkv"
    with av.open(str(odd), "w") as container:
        stream = container.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 95, 64, "bgr0"
        for picture in narrow:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    reader = open_reader(probe(odd), None)
    for n, picture in enumerate(narrow):
        assert np.array_equal(reader.read(n), picture)


def videos(*paths: Path) -> list[Video]:
    return [replace(probe(path), id=VideoId(n)) for n, path in enumerate(paths, start=1)]


def test_a_frame_reader_sorts_its_work_and_gives_each_frame_once(film):
    reader = FrameReader(videos(film("vp9, hidden frames"), film("ffv1")))
    asked = [FrameRef(VideoId(2), 9), FrameRef(VideoId(1), 30), FrameRef(VideoId(1), 4)]
    got = list(reader.read_many([*asked, asked[0]]))
    assert [ref for ref, _ in got] == sorted(asked)
    assert [number_in(picture) for _, picture in got] == [4, 30, 9]
    reader.close()


def test_a_frame_reader_can_be_sent_to_another_process(film, tmp_path):
    reader = FrameReader(videos(film("vp9, hidden frames")), tmp_path)
    reader.read(FrameRef(VideoId(1), 3))
    copy = pickle.loads(pickle.dumps(reader))
    assert number_in(copy.read(FrameRef(VideoId(1), 7))) == 7
    assert copy.videos == reader.videos
    copy.close()
    reader.close()


def test_more_videos_can_be_read_than_are_held_open(film):
    paths = [film(name) for name in list(RECIPES)[:11]]
    reader = FrameReader(videos(*paths))
    for _ in range(2):
        for number in range(1, 12):
            assert number_in(reader.read(FrameRef(VideoId(number), number))) == number
    reader.close()


def test_a_video_whose_file_went_away_is_named_with_the_cure(film, tmp_path):
    path = tmp_path / "gone.mp4"
    path.write_bytes(film("x264, open GOP, mp4").read_bytes())
    (video,) = videos(path)
    path.unlink()
    with pytest.raises(VideoMissingError, match=r"gone\.mp4 is not there\. Choose where"):
        FrameReader([video]).read(FrameRef(video.id, 0))


def checksums_by_plain_decoding(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        return [
            zlib.crc32(frame.to_ndarray(format="bgr24").tobytes())
            for frame in container.decode(video=0)
        ]


REAL_FILMS = [
    ("dlc_openfield", "videos/m3v1mp4.mp4"),
    ("mirror_mouse", "videos/test_vid.mp4"),
    ("sleap_fly_centered", "centered_pair_small.mp4"),
    ("human_videos", "opencv_vtest_pedestrians.mp4"),
    ("human_videos", "sports2d_demo.mp4"),
    ("human_multiview_pose2sim", "videos/cam01.mp4"),
    ("human_multiview_pose2sim", "videos/cam02.mp4"),
]


@pytest.mark.parametrize(("name", "file"), REAL_FILMS, ids=lambda value: Path(value).stem)
def test_real_films_are_read_as_plain_decoding_reads_them(name, file):
    path = pack(name) / file
    expected = checksums_by_plain_decoding(path)
    index = build_index(path)
    assert len(index) == len(expected)
    reader = FilmReader(path, index)
    jumps = np.random.default_rng(1).integers(0, len(expected), 10).tolist()
    after = [min(n + 1, len(expected) - 1) for n in jumps[:3]]
    for frame in [*jumps, *after, len(expected) - 1, 0]:
        assert zlib.crc32(reader.read(frame).tobytes()) == expected[frame], frame
    reader.close()


def test_a_keyframe_is_right_even_when_it_is_the_first_that_is_read():
    # The encoder names itself only in the first packet, and decoders must know which it was.
    path = pack("dlc_openfield") / "videos" / "m3v1mp4.mp4"
    index = build_index(path)
    late, reading_on = FilmReader(path, index), FilmReader(path, index)
    keyframe = int(index.key_frames[1])
    expected = [reading_on.read(n) for n in range(keyframe + 3)][keyframe:]
    for n, picture in enumerate(expected, start=keyframe):
        assert np.array_equal(late.read(n), picture)
    late.close()
    reading_on.close()


def test_clips_whose_headers_promise_more_frames_than_they_hold_are_counted_by_their_packets():
    clips = sorted((pack("jhmdb_human_video") / "videos").glob("*.avi"))[::8]
    for path in clips:
        expected = checksums_by_plain_decoding(path)
        index = build_index(path)
        assert len(index) == len(expected)
        reader = FilmReader(path, index)
        for frame in np.random.default_rng(2).permutation(len(expected)).tolist():
            assert zlib.crc32(reader.read(frame).tobytes()) == expected[frame]
        reader.close()


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_an_index_that_is_wrong_about_keyframes_never_shows_a_wrong_frame(film, data):
    path = film("x264, closed GOP, B-frames as references")
    index = build_index(path)
    keys, frame = len(index.key_frames), st.integers(0, COUNT - 1)
    wrong = replace(
        index,
        key_frames=np.array([0, *sorted(data.draw(st.tuples(*[frame] * (keys - 1))))]),
        key_order=np.array([0, *sorted(data.draw(st.tuples(*[frame] * (keys - 1))))]),
        order=np.array(data.draw(st.permutations(range(COUNT)))),
    )
    reader = FilmReader(path, wrong)
    for asked in data.draw(st.lists(frame, min_size=1, max_size=6)):
        with suppress(VideoUnreadableError):
            assert number_in(reader.read(asked)) == asked
    reader.close()
