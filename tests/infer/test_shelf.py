from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.domain.errors import JobCancelled
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.report import SilentReport
from poseapp.infer.reading import Wanted, read_in_chunks, wanted_of
from poseapp.infer.shelf import Rows, Shelf, fill, gathered
from tests.infer.made_up_nets import DrawnFrames, Kept, walking

FRAMES = st.lists(st.integers(0, 30), unique=True)


def rows_for(frames, value=0) -> Rows:
    numbers = np.array(sorted(frames), np.int64)
    return Rows(numbers, {"value": numbers.astype(np.float32)[:, None] + value})


@given(old=FRAMES, new=FRAMES, asked=FRAMES)
def test_rows_are_found_by_frame_and_newer_ones_win(old, new, asked):
    merged = rows_for(old).merged(rows_for(new, 100))
    assert merged.frames.tolist() == sorted({*old, *new})
    known, numbers = merged.find(np.array(asked, np.int64))
    assert known.tolist() == [frame in {*old, *new} for frame in asked]
    values = merged.columns["value"][numbers, 0].tolist()
    found = [frame for frame in asked if frame in {*old, *new}]
    assert values == [frame + 100 if frame in new else frame for frame in found]


@pytest.fixture
def frames():
    return DrawnFrames({VideoId(1): walking(30), VideoId(2): walking(5)})


def brightness(numbers, pictures) -> Rows:
    values = np.array([[p.mean()] for p in pictures], np.float32)
    return Rows(np.array(numbers, np.int64), {"brightness": values})


def test_what_is_on_the_shelf_is_not_computed_again(tmp_path, frames):
    videos = [frames.video(1), frames.video(2)]
    refs = [FrameRef(VideoId(2), 3), *(FrameRef(VideoId(1), n) for n in (7, 2, 9))]

    def brightness_of(refs):
        shelf = Shelf(tmp_path, "brightness")
        rows = fill(shelf, wanted_of(refs, videos), frames, brightness, SilentReport())
        return gathered(refs, rows)["brightness"]

    first = brightness_of(refs)
    assert frames.read_count == 4
    np.testing.assert_array_equal(brightness_of(refs), first)
    assert frames.read_count == 4
    more = brightness_of([FrameRef(VideoId(1), 8), *refs])
    assert frames.read_count == 5
    np.testing.assert_array_equal(more[1:], first)


def test_a_stopped_computation_keeps_what_it_has(tmp_path, frames):
    shelf = Shelf(tmp_path, "brightness")
    wanted = [Wanted(frames.video(1))]
    with pytest.raises(JobCancelled):
        fill(shelf, wanted, frames, brightness, Kept(stop_after=2), batch=4)
    kept = shelf.read(frames.video(1))
    assert kept is not None
    assert kept.frames.tolist() == list(range(8))


def test_damaged_frames_have_no_row(tmp_path):
    frames = DrawnFrames({VideoId(1): walking(6)}, damaged=[0, 4])
    shelf = Shelf(tmp_path, "brightness")
    rows = fill(shelf, [Wanted(frames.video(1))], frames, brightness, SilentReport())
    values = gathered([FrameRef(VideoId(1), n) for n in range(6)], rows)["brightness"]
    assert np.isnan(values[:, 0]).tolist() == [True, False, False, False, True, False]


def test_a_damaged_file_counts_as_missing(tmp_path, frames):
    shelf = Shelf(tmp_path, "brightness")
    shelf.add(frames.video(1), rows_for([1, 2]))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:50])
    assert shelf.read(frames.video(1)) is None
    shelf.add(frames.video(1), rows_for([3]))
    kept = shelf.read(frames.video(1))
    assert kept is not None
    assert kept.frames.tolist() == [3]


def test_videos_and_kinds_have_files_of_their_own(tmp_path, frames):
    Shelf(tmp_path, "a").add(frames.video(1), rows_for([1]))
    assert Shelf(tmp_path, "a").read(frames.video(2)) is None
    assert Shelf(tmp_path, "b").read(frames.video(1)) is None
    assert [Path(f).suffix for f in tmp_path.iterdir()] == [".npz"]


def test_a_reader_that_fails_says_so_and_leaves_no_thread(frames):
    class Broken(DrawnFrames):
        def read_many(self, refs, unreadable=None):
            yield from list(super().read_many(list(refs)[:3], unreadable))
            raise OSError("the disk went away")

    broken = Broken(frames.bodies)
    chunks = read_in_chunks(broken, Wanted(broken.video(1)).refs(), 2, lambda ref, error: None)
    with pytest.raises(OSError, match="went away"):
        list(chunks)
