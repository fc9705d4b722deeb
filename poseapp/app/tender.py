"""Tender: the thread of low priority that makes thumbnails and proxies while nobody waits."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.app.viewer import Post, Viewer
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef
from poseapp.domain.video import Video
from poseapp.media.proxy import FAR_APART, Proxy
from poseapp.media.reader import FilmReader, Readers
from poseapp.media.thumbnails import fitted

log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]

_OPEN_VIDEOS = 2
_WAITING = 400
_NICE = 10


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture somebody wants to see in a list."""

    ref: FrameRef
    video: Video
    size: tuple[int, int]
    """(width, height) that it must fit into."""


class Tender:
    """Thumbnails come before proxies, and those asked for last come first."""

    def __init__(self, cache: Path, post: Post, viewer: Viewer) -> None:
        self._cache = cache
        self._post = post
        self._viewer = viewer
        self._state = threading.Condition()
        self._thumbnails: OrderedDict[Thumbnail, Callable[[FrameRef, Picture], None]]
        self._thumbnails = OrderedDict()
        self._films: deque[Video] = deque()
        self._closing = False
        self._thread: threading.Thread | None = None

    def make_thumbnail(
        self, wanted: Thumbnail, on_ready: Callable[[FrameRef, Picture], None]
    ) -> None:
        """Make a thumbnail; when very many wait, the oldest wishes are dropped."""
        with self._state:
            self._thumbnails[wanted] = on_ready
            self._thumbnails.move_to_end(wanted)
            while len(self._thumbnails) > _WAITING:
                self._thumbnails.popitem(last=False)
            self._wake()

    def make_proxy(self, video: Video) -> None:
        """Make a proxy of this film if its keyframes lie far apart; before those asked earlier."""
        with self._state:
            self._films.appendleft(video)
            self._wake()

    def close(self) -> None:
        """End the thread; a proxy that is half done is gone on with the next time."""
        with self._state:
            self._closing = True
            self._state.notify()
        if self._thread:
            self._thread.join()

    def _wake(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._work, name="tender", daemon=True)
            self._thread.start()
        self._state.notify()

    def _work(self) -> None:
        if sys.platform == "linux":  # elsewhere a thread has no priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        readers = Readers(self._cache, held_open=_OPEN_VIDEOS)
        while True:
            with self._state:
                self._state.wait_for(lambda: self._closing or self._thumbnails or self._films)
                if self._closing:
                    break
                waiting = self._thumbnails.popitem() if self._thumbnails else None
                film = self._films[0] if self._films else None
            self._viewer.calm.wait()
            if waiting:
                self._make_thumbnail(readers, *waiting)
            elif film and self._make_proxy(readers, film):
                with self._state:
                    self._films.remove(film)
        readers.close()

    def _make_thumbnail(
        self,
        readers: Readers,
        wanted: Thumbnail,
        on_ready: Callable[[FrameRef, Picture], None],
    ) -> None:
        ref, video = wanted.ref, wanted.video
        try:
            picture = self._viewer.pictures.get(ref)
            if picture is None and video.fingerprint:
                picture = Proxy(video, self._cache).read(ref.frame)
            if picture is None:
                picture = readers.of(video).read(ref.frame)
        except PoseAppError as problem:
            log.info("no thumbnail: %s", problem)
            return
        small = fitted(picture, *wanted.size)
        self._post(lambda: None if self._closing else on_ready(ref, small))

    def _make_proxy(self, readers: Readers, video: Video) -> bool:
        """Whether this film needs nothing more."""
        try:
            reader = readers.of(video)
            if not isinstance(reader, FilmReader) or reader.index.longest_gap() <= FAR_APART:
                return True
            return Proxy(video, self._cache).extend(reader, self._is_free)
        except (PoseAppError, OSError) as problem:
            log.warning("no proxy of %s: %s", video.path, problem)
            return True

    def _is_free(self) -> bool:
        self._viewer.calm.wait()
        return not (self._closing or self._thumbnails)
