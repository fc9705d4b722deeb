from __future__ import annotations

import os
import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from poseapp.domain.errors import PoseAppError, VideoMissingError, VideoUnreadableError
from poseapp.domain.video import VideoKind
from poseapp.media.probe import fingerprint, probe, probe_images
from poseapp.media.reader import open_reader
from tests.fixtures.films import Recipe, write_numbered
from tests.fixtures.packs import pack
from tests.media.conftest import COUNT, RECIPES


def test_a_film_is_described_as_it_is(film):
    video = probe(film("x264, open GOP, mp4"))
    assert (video.width, video.height, video.frame_count, video.fps) == (96, 64, COUNT, 30.0)
    assert video.kind is VideoKind.FILE
    assert video.path.is_absolute()
    assert video.fingerprint == fingerprint(video.path)


def test_a_relative_path_becomes_absolute(film, monkeypatch):
    path = film("ffv1")
    monkeypatch.chdir(path.parent)
    assert probe(Path(path.name)).path == path


def test_a_name_with_a_colon_is_a_name(film, tmp_path):
    path = tmp_path / "http:clip 100%d.mp4"
    path.write_bytes(film("x264, open GOP, mp4").read_bytes())
    assert probe(path).frame_count == COUNT


def sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((2, 1024), np.float32), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = 44100, 0, Fraction(1, 44100)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_what_is_no_film_is_refused_with_its_name_the_reason_and_the_cure(film, tmp_path):
    whole = film("x264, open GOP, mp4").read_bytes()
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.txt").write_text("Once upon a time\n" * 100)
    (tmp_path / "page.mp4").write_text("<html>not found</html>" * 100)
    (tmp_path / "noise.avi").write_bytes(random.Random(0).randbytes(20000))
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    sound_only(tmp_path / "song.m4a")
    (tmp_path / "nothing in it").mkdir()
    reasons = {
        "empty.mp4": "the file is empty",
        "text.txt": "",
        "page.mp4": "",
        "noise.avi": "",
        "cut.mp4": "",
        "song.m4a": "it holds sound but no pictures",
        "nothing in it": "holds no pictures",
    }
    for name, reason in reasons.items():
        with pytest.raises(VideoUnreadableError) as refusal:
            probe(tmp_path / name)
        message = str(refusal.value)
        assert name in message
        assert reason in message
        assert "hoose" in message or "opy it" in message


def test_what_is_not_there_is_missing(tmp_path):
    with pytest.raises(VideoMissingError, match=r"gone\.mp4 is not there\. Choose"):
        probe(tmp_path / "gone.mp4")
    with pytest.raises(VideoMissingError, match=r"gone\.png is not there"):
        probe_images(tmp_path, ["gone.png"])


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_file_that_may_not_be_read_says_so(film, tmp_path):
    path = tmp_path / "locked.mp4"
    path.write_bytes(film("ffv1").read_bytes())
    path.chmod(0)
    with pytest.raises(VideoUnreadableError, match="may not be read"):
        probe(path)


def test_a_playlist_cannot_reach_for_other_places(tmp_path):
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/clip.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(VideoUnreadableError):
        probe(path)


def test_probing_leaves_an_index_that_opening_uses(film, tmp_path):
    video = probe(film("vp9, hidden frames"), tmp_path)
    (stored,) = tmp_path.iterdir()
    before = stored.stat().st_mtime_ns
    open_reader(video, tmp_path).close()
    assert stored.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", RECIPES)
def test_mutated_films_are_read_or_refused_in_words(name, film, tmp_path):
    content = film(name).read_bytes()
    rng = random.Random(name)
    path = tmp_path / f"mutated{film(name).suffix}"
    for _ in range(12):
        path.write_bytes(mutated(content, rng))
        try:
            video = probe(path)
            reader = open_reader(video, None)
        except PoseAppError:
            continue
        for frame in rng.sample(range(video.frame_count), min(4, video.frame_count)):
            try:
                assert reader.read(frame).shape == (video.height, video.width, 3)
            except PoseAppError:
                continue
        reader.close()


def mutated(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    where = rng.choice([len(content), min(len(content), 800)])
    match rng.choice(["bytes", "block", "cut", "insert"]):
        case "bytes":
            for _ in range(rng.choice([1, 10, 200])):
                changed[rng.randrange(where)] = rng.randrange(256)
        case "block":
            start = rng.randrange(where)
            changed[start : start + 500] = rng.randbytes(500)
        case "cut":
            del changed[rng.randrange(where) :]
        case _:
            start = rng.randrange(where)
            changed[start:start] = rng.randbytes(rng.choice([1, 7, 300]))
    return bytes(changed)


def test_the_packs_are_counted_as_their_notes_say():
    expected = {
        ("dlc_openfield", "videos/m3v1mp4.mp4"): (640, 480, 2330),
        ("mirror_mouse", "videos/test_vid.mp4"): (396, 406, 994),
        ("sleap_fly_centered", "centered_pair_small.mp4"): (384, 384, 1100),
        ("human_multiview_pose2sim", "videos/cam01.mp4"): (1080, 1920, 100),
        ("human_multiview_pose2sim", "videos/cam03.mp4"): (1088, 1920, 100),
    }
    for (name, file), described in expected.items():
        video = probe(pack(name) / file)
        assert (video.width, video.height, video.frame_count) == described


def test_copies_have_the_same_fingerprint_and_other_films_another(film, tmp_path):
    path = film("ffv1")
    copy = tmp_path / "copy.mkv"
    copy.write_bytes(path.read_bytes())
    assert fingerprint(copy) == fingerprint(path)
    assert fingerprint(copy) != fingerprint(film("raw"))
    copy.write_bytes(path.read_bytes()[:-1] + b"!")
    assert fingerprint(copy) != fingerprint(path)


def test_the_fingerprint_of_a_long_film_tells_changes_at_its_ends_and_between(tmp_path):
    path = tmp_path / "long"
    content = bytearray(random.Random(1).randbytes(4_000_000))
    path.write_bytes(content)
    marks = {fingerprint(path)}
    for place in (0, (len(content) - 65536) * 8 // 15 + 9, len(content) - 1):
        content[place] ^= 1
        path.write_bytes(content)
        marks.add(fingerprint(path))
    assert len(marks) == 4


def test_the_fingerprint_of_a_folder_knows_names_lengths_and_pictures(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"x" * 10)
    marks = [fingerprint(tmp_path)]
    (tmp_path / "b.png").rename(tmp_path / "bb.png")
    marks.append(fingerprint(tmp_path))
    (tmp_path / "a.png").write_bytes(b"y" * 10)
    marks.append(fingerprint(tmp_path))
    (tmp_path / "c.png").write_bytes(b"x" * 11)
    marks.append(fingerprint(tmp_path))
    assert len(set(marks)) == 4


def test_a_short_film_is_read(tmp_path):
    assert probe(write_numbered(tmp_path / "one", 1, Recipe("mkv"))).frame_count == 1
