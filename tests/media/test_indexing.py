"""The index counts the frames that a film shows, however its file tells them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet

from poseapp.domain.errors import VideoUnreadableError
from poseapp.media.index import FrameIndex, Numbering, read_index
from poseapp.media.indexing import build_index, load_index
from poseapp.media.reader import FilmReader
from tests.fixtures.films import Recipe, number_in, packet_places, remux, write_numbered
from tests.media.conftest import COUNT, RECIPES

OPEN_GOP = Recipe(
    options={"x264-params": "open-gop=1:bframes=3:keyint=24:min-keyint=24:scenecut=0"}
)


def numbers(path: Path) -> list[int]:
    """What forward reading shows, after making sure that jumping shows the same."""
    index = build_index(path)
    reader = FilmReader(path, index)
    forward = [number_in(reader.read(n)) for n in range(len(index))]
    for n in np.random.default_rng(0).permutation(len(index)).tolist():
        assert number_in(reader.read(n)) == forward[n]
    reader.close()
    return forward


def shifted(frames: int):
    """Packets that begin so many frames before time 0, as after a cut without encoding anew."""

    def change(packets: list[Packet]) -> Iterator[Packet]:
        frame = 512  # ticks of the films that libx264 writes into mp4 at 30 frames/s
        for packet in packets:
            assert packet.pts is not None
            assert packet.dts is not None
            packet.pts -= frames * frame
            packet.dts -= frames * frame
            yield packet

    return change


@pytest.mark.parametrize("cut", [1, 17, 24, 30])
def test_frames_before_the_start_of_an_edit_list_are_not_counted(cut, tmp_path):
    source = write_numbered(tmp_path / "whole", COUNT, OPEN_GOP)
    path = remux(source, tmp_path / "cut.mp4", shifted(cut), {"avoid_negative_ts": "disabled"})
    with av.open(str(path)) as container:
        assert any(packet.is_discard for packet in container.demux(video=0))
    assert numbers(path) == list(range(cut, COUNT))


@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_pictures_that_lean_on_a_part_that_was_cut_off_are_not_counted(suffix, tmp_path):
    recipe = Recipe(suffix, options=OPEN_GOP.options)
    source = write_numbered(tmp_path / "whole", COUNT, recipe)

    def from_second_keyframe(packets: list[Packet]) -> list[Packet]:
        keyframes = [n for n, packet in enumerate(packets) if packet.is_keyframe]
        return packets[keyframes[1] :]

    path = remux(source, tmp_path / f"cut.{suffix}", from_second_keyframe)
    assert numbers(path) == list(range(24, COUNT))


def test_a_fragmented_film_is_counted(tmp_path):
    source = write_numbered(tmp_path / "whole", COUNT, OPEN_GOP)
    fragments = {"movflags": "frag_keyframe+empty_moov"}
    assert numbers(remux(source, tmp_path / "parts.mp4", list, fragments)) == list(range(COUNT))


def test_two_frames_in_one_packet_and_none_in_the_next_are_told_apart(tmp_path):
    """DivX and XviD pack a B-frame into the packet before it and leave an empty packet behind."""
    source = write_numbered(tmp_path / "plain", COUNT, Recipe("avi", "mpeg4", b_frames=1))
    path = remux(source, tmp_path / "packed.avi", packed_like_divx)
    assert min(size for _, size, _ in packet_places(path)) < 10
    index = build_index(path)
    assert index.numbering is Numbering.DTS
    assert len(index.key_frames) == COUNT // 12
    assert numbers(path) == list(range(COUNT))


_PICTURE = b"\0\0\1\xb6"
_DIVX_SAYS_PACKED = b"\0\0\1\xb2DivX503b1393p"
_NO_PICTURE = _PICTURE + b"\x50\x4f"


def packed_like_divx(packets: list[Packet]) -> Iterator[Packet]:
    contents = [(bytes(packet), packet.is_keyframe) for packet in packets]
    head, rest = contents[0][0].split(_PICTURE, 1)
    contents[0] = (head + _DIVX_SAYS_PACKED + _PICTURE + rest, True)
    packed: list[tuple[bytes, bool]] = []
    for content, key in contents:
        is_b_frame = content[content.index(_PICTURE) + 4] >> 6 == 2
        if is_b_frame:
            packed[-1] = (packed[-1][0] + content, packed[-1][1])
            packed.append((_NO_PICTURE, False))
        else:
            packed.append((content, key))
    for time, (content, key) in enumerate(packed):
        packet = Packet(content)
        packet.pts = packet.dts = time
        packet.time_base = packets[0].time_base
        packet.is_keyframe = key
        yield packet


def test_a_bare_stream_without_times_is_counted_from_its_start(film):
    index = build_index(film("x264, bare stream without times"))
    assert index.numbering is Numbering.COUNT
    assert len(index) == COUNT
    assert index.key_frames.tolist() == [0]


def test_frames_that_are_only_for_reference_are_not_counted(film, tmp_path):
    path = remux(film("vp8"), tmp_path / "hidden.webm", with_each_seventh_hidden)
    assert len(packet_places(path)) == COUNT
    shown = [n for n in range(COUNT) if n % 7 != 3]
    index = build_index(path)
    assert index.numbering is Numbering.PTS
    assert numbers(path) == shown


def with_each_seventh_hidden(packets: list[Packet]) -> Iterator[Packet]:
    for n, packet in enumerate(packets):
        content = bytearray(bytes(packet))
        if n % 7 == 3:
            content[0] &= ~0x10  # VP8's "show this frame"
        copy = Packet(bytes(content))
        copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
        copy.is_keyframe = packet.is_keyframe
        yield copy


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_film_that_asks_to_be_turned_is_turned(turns, tmp_path):
    path = write_numbered(tmp_path / "film", 3)
    turn_in_header(path, turns)
    index = build_index(path)
    assert index.rotation == turns
    assert (index.width, index.height) == ((64, 96) if turns % 2 else (96, 64))
    reader = FilmReader(path, index)
    assert [number_in(np.rot90(reader.read(n), -turns)) for n in range(3)] == [0, 1, 2]
    reader.close()


def turn_in_header(path: Path, turns: int) -> None:
    """Write a display matrix that turns counter-clockwise into the track header of an mp4."""
    cos, sin = {1: (0, 1), 2: (-1, 0), 3: (0, -1)}[turns]
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40
    values = [cos << 16, -sin << 16, 0, sin << 16, cos << 16, 0, 0, 0, 1 << 30]
    for n, value in enumerate(values):
        content[matrix + 4 * n : matrix + 4 * n + 4] = value.to_bytes(4, signed=True)
    path.write_bytes(bytes(content))


def test_start_of_a_frame_that_leans_on_the_keyframe_before_is_that_keyframe():
    # Stored: I0 P3 b1 b2 I6 b4 b5; shown 0..6. Frames 4 and 5 follow keyframe 6 in the file.
    index = FrameIndex(
        numbering=Numbering.PTS,
        stamps=np.arange(7),
        order=np.array([0, 2, 3, 1, 5, 6, 4]),
        key_stamps=np.array([0, 6]),
        key_frames=np.array([0, 6]),
        key_order=np.array([0, 4]),
        width=8,
        height=8,
        rotation=0,
        fps=30.0,
    )
    assert [index.start_of(n) for n in range(7)] == [0, 0, 0, 0, 0, 0, 1]
    assert index.settled_by().tolist() == [0, 3, 3, 3, 6, 6, 6]
    assert index.longest_gap() == 6
    assert [index.number_of(stamp) for stamp in (0, 6, 7, -1, None)] == [0, 6, None, None, None]


def same(one: FrameIndex, other: FrameIndex) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in FrameIndex.__slots__
    )


@pytest.mark.parametrize("name", ["x264, open GOP, mp4", "x264, bare stream without times"])
def test_an_index_comes_back_from_the_cache_as_it_was(name, film, tmp_path):
    built = load_index(film(name), "print", tmp_path)
    stored = read_index(tmp_path / "print.index.npz")
    assert stored is not None
    assert same(stored, built)
    elsewhere = tmp_path / "nothing is here.mp4"
    assert same(load_index(elsewhere, "print", tmp_path), built)


def test_a_damaged_cache_is_built_again_without_a_word(film, tmp_path):
    path = film("mpeg-4, avi")
    whole = load_index(path, "print", tmp_path)
    stored = tmp_path / "print.index.npz"
    content = stored.read_bytes()
    rng = np.random.default_rng(0)
    damages = [b"", b"not a cache", content[: len(content) // 2], bytes(len(content))]
    for _ in range(40):
        damaged = bytearray(content)
        for place in rng.integers(0, len(content), 20):
            damaged[place] = rng.integers(0, 256)
        damages.append(bytes(damaged))
    for damaged in damages:
        stored.write_bytes(damaged)
        assert same(load_index(path, "print", tmp_path), whole)
    assert read_index(stored) is not None
    assert [file.name for file in tmp_path.iterdir()] == [stored.name]


def test_a_cache_that_cannot_be_written_costs_only_time(film, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    assert len(load_index(film("vp9, hidden frames"), "print", in_the_way)) == COUNT


def test_a_film_whose_pictures_are_all_damaged_is_refused(film, tmp_path):
    path = Path(shutil.copy(film("mpeg-4, avi"), tmp_path / "noise.avi"))
    content = bytearray(path.read_bytes())
    for place, size, _ in packet_places(path):
        content[place + 8 : place + 8 + size] = bytes(size)
    path.write_bytes(bytes(content))
    with pytest.raises(VideoUnreadableError, match=r"noise\.avi cannot be read as a video"):
        build_index(path)


@pytest.mark.parametrize("name", RECIPES)
def test_the_rate_is_that_of_the_film(name, film):
    expected = 30.0 if "uneven" not in name else build_index(film(name)).fps
    if name in {"x264, bare stream without times"}:
        expected = 25.0  # nothing in the file says it
    assert build_index(film(name)).fps == pytest.approx(expected, rel=0.12)
