from __future__ import annotations

import cv2
import numpy as np
import pytest

from poseapp.domain.errors import VideoMissingError, VideoUnreadableError
from poseapp.media.images import ImagesReader, pictures_in, read_picture, size_of_all
from poseapp.media.probe import probe, probe_images
from poseapp.media.reader import open_reader


def shade(level: int, width: int = 12, height: int = 8) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Pictures 1 to 11 of levels 1 to 11, named without leading zeros, and a note."""
    for n in range(1, 12):
        cv2.imwrite(str(tmp_path / f"img{n}.png"), shade(n))
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "folder.png").mkdir()
    return tmp_path


def test_picture_10_comes_after_picture_9(folder):
    assert pictures_in(folder) == tuple(f"img{n}.png" for n in range(1, 12))


def test_a_folder_of_pictures_is_a_video(folder):
    video = probe(folder)
    assert (video.width, video.height, video.frame_count) == (12, 8, 11)
    reader = open_reader(video, None)
    assert [int(reader.read(n)[0, 0, 0]) for n in (10, 0, 9, 1)] == [11, 1, 10, 2]
    assert reader.distance(10) == 1
    reader.close()


def test_a_list_of_pictures_keeps_its_own_order(folder):
    (folder / "deeper").mkdir()
    cv2.imwrite(str(folder / "deeper" / "last.png"), shade(99))
    video = probe_images(folder, ["img7.png", "deeper/last.png", "img2.png"])
    reader = open_reader(video, None)
    assert [int(reader.read(n)[0, 0, 0]) for n in range(3)] == [7, 99, 2]


def test_one_picture_is_a_video_of_one_frame(folder):
    video = probe(folder / "img5.png")
    assert (video.path, video.images, video.frame_count) == (folder, ("img5.png",), 1)


def test_smaller_pictures_are_filled_up_so_that_positions_stay_what_they_are(tmp_path):
    small, wide = shade(50, 6, 8), shade(90, 12, 4)
    small[3, 2] = 255
    cv2.imwrite(str(tmp_path / "1.png"), small)
    cv2.imwrite(str(tmp_path / "2.png"), wide)
    video = probe(tmp_path)
    assert (video.width, video.height) == (12, 8)
    first, second = (open_reader(video, None).read(n) for n in (0, 1))
    assert first.shape == second.shape == (8, 12, 3)
    assert np.array_equal(first[:, :6], small)
    assert not first[:, 6:].any()
    assert np.array_equal(second[:4], wide)
    assert not second[4:].any()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".webp"])
def test_sizes_are_found_without_and_with_decoding(suffix, tmp_path):
    cv2.imwrite(str(tmp_path / f"picture{suffix}"), shade(100, 33, 21))
    assert size_of_all(tmp_path, [f"picture{suffix}"]) == (33, 21)


def test_a_photograph_that_asks_to_be_turned_is_turned(tmp_path):
    content = cv2.imencode(".jpg", shade(100, 33, 21))[1].tobytes()
    turn = b"II*\0\x08\0\0\0\x01\0" + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + b"\0\0\0\0"
    exif = b"Exif\0\0" + turn
    marked = b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif
    (tmp_path / "phone.jpg").write_bytes(content[:2] + marked + content[2:])
    video = probe(tmp_path)
    assert (video.width, video.height) == (21, 33)
    assert open_reader(video, None).read(0).shape == (33, 21, 3)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_grey_pictures_of_any_depth_become_bgr(depth, tmp_path):
    grey = np.full((5, 7), np.iinfo(depth).max, depth)
    cv2.imwrite(str(tmp_path / "grey.png"), grey)
    assert np.array_equal(read_picture(tmp_path / "grey.png"), shade(255, 7, 5))


def test_a_damaged_picture_loses_its_own_frame_only(folder):
    whole = (folder / "img4.png").read_bytes()
    (folder / "img4.png").write_bytes(whole[: len(whole) // 2])
    (folder / "img6.png").write_bytes(b"")
    video = probe(folder)
    reader = open_reader(video, None)
    for frame in (3, 5):
        with pytest.raises(VideoUnreadableError, match=rf"img{frame + 1}\.png .* whole copy"):
            reader.read(frame)
    assert [int(reader.read(n)[0, 0, 0]) for n in (2, 4, 6)] == [3, 5, 7]


def test_a_picture_that_was_taken_away_is_named(folder):
    reader = open_reader(probe(folder), None)
    (folder / "img3.png").unlink()
    with pytest.raises(VideoMissingError, match=r"img3\.png is not there\. Put"):
        reader.read(2)


def test_a_picture_that_grew_is_refused(folder):
    reader = open_reader(probe(folder), None)
    cv2.imwrite(str(folder / "img3.png"), shade(3, 40, 8))
    with pytest.raises(VideoUnreadableError, match="40×8 pixels, larger than the 12×8"):
        reader.read(2)


@pytest.mark.parametrize("frame", [-1, 11])
def test_a_frame_outside_the_folder_is_refused(frame, folder):
    with pytest.raises(VideoUnreadableError, match="frames 0 to 10"):
        open_reader(probe(folder), None).read(frame)


def test_pictures_all_damaged_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(VideoUnreadableError, match=r"a\.png cannot be read as a picture"):
        probe(tmp_path)


def test_a_header_that_promises_a_monstrous_picture_is_not_believed(tmp_path):
    content = bytearray(cv2.imencode(".png", shade(1))[1].tobytes())
    content[16:24] = b"\x7f\xff\xff\xff" * 2
    (tmp_path / "a.png").write_bytes(bytes(content))
    with pytest.raises(VideoUnreadableError, match=r"a\.png"):
        probe(tmp_path)


def test_names_with_every_kind_of_letter_are_opened(tmp_path):
    name = "Mäuse 鼠 100%.png"
    cv2.imencode(".png", shade(7))[1].tofile(tmp_path / name)
    assert int(ImagesReader(tmp_path, [name], 12, 8).read(0)[0, 0, 0]) == 7
