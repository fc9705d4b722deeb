"""The frame shown is always the frame asked for last, and nothing waits for anything older."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from poseapp.app.commands import AddVideo, RelinkVideo, RemoveVideo
from poseapp.app.frames import FrameService
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.errors import VideoMissingError, VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.media.film_writer import write_film
from poseapp.media.probe import probe
from poseapp.media.proxy import Proxy
from tests.fixtures.films import Recipe, number_in, numbered_picture, write_numbered

COUNT = 150
LONG_GOP = Recipe(options={"x264-params": "keyint=1000:bframes=3:scenecut=0"})
SHORT_GOP = Recipe(options={"x264-params": "keyint=10:min-keyint=10:scenecut=0"})
LONG, SHORT = VideoId(1), VideoId(2)
_PATIENCE_S = 30


class Caller:
    """Stands in for the window: runs what is posted in its own thread, notes what it was told."""

    def __init__(self) -> None:
        self._posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.thread = threading.current_thread()
        self.got: list[tuple[FrameRef, int, bool]] = []
        self.failed: list[tuple[FrameRef, Exception]] = []
        self.pictures: list[np.ndarray] = []

    def post(self, call: Callable[[], None]) -> None:
        self._posted.put(call)

    def ready(self, ref: FrameRef, picture: np.ndarray, exact: bool) -> None:
        assert threading.current_thread() is self.thread
        self.got.append((ref, number_in(picture), exact))
        self.pictures.append(picture)

    def fail(self, ref: FrameRef, problem: Exception) -> None:
        self.failed.append((ref, problem))

    def until(self, done: Callable[[], object]) -> None:
        """Run what is posted until something is true."""
        end = time.monotonic() + _PATIENCE_S
        while not done():
            assert time.monotonic() < end, "nothing happened"
            self.run_posted(0.02)

    def run_posted(self, wait: float = 0.0) -> None:
        try:
            self._posted.get(timeout=wait or 0.001)()
            while True:
                self._posted.get_nowait()()
        except queue.Empty:
            pass

    def exact(self, ref: FrameRef) -> Callable[[], bool]:
        return lambda: bool(self.got) and self.got[-1][0] == ref and self.got[-1][2]


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("films")
    return (
        write_numbered(folder / "long", COUNT, LONG_GOP),
        write_numbered(folder / "short", COUNT, SHORT_GOP),
    )


@pytest.fixture
def project(tmp_path, films) -> Iterator[Session]:
    skeleton = Skeleton("point", (Keypoint("nose"),))
    settings = Settings(tmp_path / "settings.json")
    with Session.create(tmp_path / "films.pose", skeleton, settings) as session:
        for path in films:
            session.history.do(AddVideo(probe(path)))
        yield session


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
def frames(project, caller) -> Iterator[FrameService]:
    service = FrameService(project, caller.post)
    yield service
    service.close()


@pytest.mark.parametrize("video", [LONG, SHORT])
def test_the_frame_shown_is_the_frame_asked_for(video, frames, caller):
    for frame in random.Random(1).sample(range(COUNT), 25):
        ref = FrameRef(video, frame)
        frames.show(ref, caller.ready)
        caller.until(caller.exact(ref))
    assert all(ref.frame == number for ref, number, _ in caller.got)


def test_only_the_newest_wish_is_answered(frames, caller):
    asked = [FrameRef(LONG, frame) for frame in random.Random(2).sample(range(COUNT), 60)]
    for ref in asked:
        frames.show(ref, caller.ready)
    caller.until(caller.exact(asked[-1]))
    assert {ref for ref, _, _ in caller.got} == {asked[-1]}


def test_answers_of_an_older_wish_that_are_on_their_way_are_dropped(frames, caller):
    first, second = FrameRef(SHORT, 3), FrameRef(SHORT, 90)
    frames.show(first, caller.ready)
    end = time.monotonic() + _PATIENCE_S
    while frames.cached(first) is None:  # decoded, and posted or about to be
        assert time.monotonic() < end
        time.sleep(0.005)
    frames.show(second, caller.ready)
    caller.until(caller.exact(second))
    assert [ref for ref, _, _ in caller.got] == [second]


def test_frames_around_the_one_shown_are_there_before_they_are_asked_for(frames, caller):
    frames.show(FrameRef(LONG, 60), caller.ready)
    caller.until(lambda: frames.cached(FrameRef(LONG, 72)) is not None)
    assert [number_in(frames.cached(FrameRef(LONG, n))) for n in range(60, 73)] == [*range(60, 73)]


def test_going_back_reads_back(frames, caller):
    for frame in (100, 99):
        frames.show(FrameRef(LONG, frame), caller.ready)
        caller.until(caller.exact(FrameRef(LONG, frame)))
    caller.until(lambda: frames.cached(FrameRef(LONG, 87)) is not None)
    assert number_in(frames.cached(FrameRef(LONG, 87))) == 87


def test_frames_that_will_be_suggested_next_are_decoded_ahead(frames, caller):
    suggested = [FrameRef(LONG, 140), FrameRef(SHORT, 77), FrameRef(LONG, 5)]
    frames.prefetch(suggested)
    caller.until(lambda: all(frames.cached(ref) is not None for ref in suggested))
    assert [number_in(frames.cached(ref)) for ref in suggested] == [140, 77, 5]
    frames.show(suggested[1], caller.ready)
    caller.run_posted()  # a cached picture waits for no thread
    assert caller.got == [(suggested[1], 77, True)]


def test_a_rough_picture_comes_first_and_the_exact_one_replaces_it(frames, caller, project):
    frames.show(FrameRef(LONG, 0), caller.ready)
    proxy = Proxy(project.project.videos.get(LONG), project.project.cache_folder)
    caller.until(lambda: proxy.is_whole)
    ref = FrameRef(LONG, 130)
    frames.show(ref, caller.ready)
    caller.until(caller.exact(ref))
    assert caller.got[-2:] == [(ref, 130, False), (ref, 130, True)]
    rough, exact = caller.pictures[-2:]
    assert rough.shape == exact.shape
    assert not np.array_equal(rough, exact)


def test_films_with_near_keyframes_get_no_proxy(frames, caller, project):
    frames.show(FrameRef(SHORT, 0), caller.ready)
    frames.show(FrameRef(LONG, 0), caller.ready)
    long, short = project.project.videos.all()
    caller.until(lambda: Proxy(long, project.project.cache_folder).is_whole)
    assert len(Proxy(short, project.project.cache_folder)) == 0


def test_stepping_forward_decodes_every_frame_once(frames, caller):
    for frame in range(COUNT):
        frames.show(FrameRef(SHORT, frame), caller.ready)
        caller.until(caller.exact(FrameRef(SHORT, frame)))
    exact = [(ref.frame, number) for ref, number, is_exact in caller.got if is_exact]
    assert exact == [(n, n) for n in range(COUNT)]


def test_memory_is_bounded_by_bytes(project, caller):
    picture = 96 * 64 * 3
    frames = FrameService(project, caller.post, memory=16 * picture)
    for frame in range(0, COUNT, 3):
        frames.show(FrameRef(SHORT, frame), caller.ready)
        caller.until(caller.exact(FrameRef(SHORT, frame)))
    cached = [n for n in range(COUNT) if frames.cached(FrameRef(SHORT, n)) is not None]
    frames.close()
    assert 1 <= len(cached) <= 12


def test_a_missing_video_is_told_and_found_again_after_relinking(project, caller, films, tmp_path):
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(films[1].read_bytes())
    known = project.project.videos.get(SHORT)
    gone = tmp_path / "gone.mp4"
    project.history.do(RelinkVideo(SHORT, replace(known, path=gone)))
    frames = FrameService(project, caller.post)
    ref = FrameRef(SHORT, 30)
    frames.show(ref, caller.ready, caller.fail)
    caller.until(lambda: caller.failed)
    assert caller.failed[0][0] == ref
    assert isinstance(caller.failed[0][1], VideoMissingError)
    project.history.do(RelinkVideo(SHORT, probe(moved)))
    frames.show(ref, caller.ready, caller.fail)
    caller.until(caller.exact(ref))
    assert caller.got[-1][1] == 30
    frames.close()


def test_a_frame_behind_the_end_is_told_not_shown(frames, caller):
    frames.show(FrameRef(SHORT, COUNT + 5), caller.ready, caller.fail)
    caller.until(lambda: caller.failed)
    assert isinstance(caller.failed[0][1], VideoUnreadableError)
    assert caller.got == []


def test_after_relinking_to_another_film_no_old_picture_is_shown(frames, caller, project, tmp_path):
    ref = FrameRef(SHORT, 20)
    frames.show(ref, caller.ready)
    caller.until(caller.exact(ref))
    backward = tmp_path / "backward.mp4"
    write_film(backward, (numbered_picture(COUNT - n) for n in range(COUNT)), 30)
    project.history.do(RelinkVideo(SHORT, probe(backward)))
    assert frames.cached(ref) is None
    caller.got.clear()
    frames.show(ref, caller.ready)
    caller.until(caller.exact(ref))
    assert caller.got[-1][1] == COUNT - 20


def test_removing_a_video_while_it_is_decoded_is_harmless(frames, caller, project):
    frames.show(FrameRef(LONG, 140), caller.ready)
    frames.prefetch([FrameRef(LONG, n) for n in range(20)])
    project.history.do(RemoveVideo(LONG))
    frames.show(FrameRef(SHORT, 8), caller.ready)
    caller.until(caller.exact(FrameRef(SHORT, 8)))


def test_thumbnails_fit_and_show_the_frame(frames, caller):
    got: dict[FrameRef, np.ndarray] = {}
    asked = [FrameRef(SHORT, n) for n in (5, 100, 55)]
    for ref in asked:
        frames.thumbnails(ref, (48, 48), got.__setitem__)
    caller.until(lambda: len(got) == len(asked))
    assert {picture.shape for picture in got.values()} == {(32, 48, 3)}
    assert {ref: number_in(np.repeat(np.repeat(p, 2, 0), 2, 1)) for ref, p in got.items()} == {
        ref: ref.frame for ref in asked
    }


def test_a_reader_of_a_project_makes_no_proxies(project, caller):
    folder, cache = project.project.path, project.project.cache_folder
    with Session.open(folder, read_only=True, settings=project.settings) as second:
        frames = FrameService(second, caller.post)
        frames.show(FrameRef(LONG, 120), caller.ready)
        caller.until(caller.exact(FrameRef(LONG, 120)))
        frames.close()
    assert not list(cache.glob("*.proxy"))


def test_closing_ends_the_threads_and_the_answers(project, caller):
    before = threading.active_count()
    frames = FrameService(project, caller.post)
    assert threading.active_count() == before  # a command that shows nothing starts nothing
    frames.show(FrameRef(LONG, 149), caller.ready)
    frames.thumbnails(FrameRef(LONG, 70), (30, 30), lambda *_: caller.got.append("late"))
    frames.close()
    assert threading.active_count() == before
    caller.run_posted()
    assert caller.got == []
