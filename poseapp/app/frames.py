"""FrameService: pictures for the window, decoded in threads of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from poseapp.app.changes import Changes
from poseapp.app.session import Session
from poseapp.app.tender import Tender, Thumbnail
from poseapp.app.viewer import Guess, Post, Viewer, Wish
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.video import Video

log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]

_MEMORY = 512 << 20


class FrameService:
    """Call it from one thread; answers come back to that thread through `post`."""

    def __init__(self, session: Session, post: Post, *, memory: int = _MEMORY) -> None:
        """`memory`: the bytes that pictures and decoded frames may take together."""
        self._project = session.project
        self._viewer = Viewer(self._project.cache_folder, post, memory)
        self._tender = Tender(self._project.cache_folder, post, self._viewer)
        self._videos: dict[VideoId, Video] = {}
        self._tended = {""}
        """Fingerprints of the videos that were handed over for a proxy; "" is an unknown one."""
        self._unsubscribe = session.subscribe(self._changed)

    def show(
        self,
        ref: FrameRef,
        on_ready: Callable[[FrameRef, Picture, bool], None],
        on_failed: Callable[[FrameRef, Exception], None] | None = None,
    ) -> None:
        """Have a frame shown: `on_ready(ref, picture, exact)`, the exact picture always last.

        The newest call wins; calls before it that are not answered yet never will be. A video
        that is missing or damaged is told to `on_failed`.
        """
        video = self._video(ref.video)
        self._viewer.show(Wish(ref, video, on_ready, on_failed or _noted))
        if video.fingerprint not in self._tended and not self._project.read_only:
            self._tended.add(video.fingerprint)
            self._tender.make_proxy(video)

    def prefetch(self, refs: Iterable[FrameRef]) -> None:
        """Decode these soon, in this order; what was asked for before and not done is dropped."""
        self._viewer.prefetch([Guess(ref, self._video(ref.video)) for ref in refs])

    def cached(self, ref: FrameRef) -> Picture | None:
        """The exact picture at once, if it is there."""
        return self._viewer.pictures.get(ref)

    def thumbnails(
        self,
        ref: FrameRef,
        size: tuple[int, int],
        on_ready: Callable[[FrameRef, Picture], None],
    ) -> None:
        """A picture that fits into (width, height), some time; never, where there is none."""
        self._tender.make_thumbnail(Thumbnail(ref, self._video(ref.video), size), on_ready)

    def close(self) -> None:
        """End the threads and let the files go; nothing is answered any more."""
        self._unsubscribe()
        self._viewer.close()
        self._tender.close()

    def _video(self, number: VideoId) -> Video:
        if number not in self._videos:
            self._videos[number] = self._project.videos.get(number)
        return self._videos[number]

    def _changed(self, changes: Changes) -> None:
        if changes.videos:
            for number, video in list(self._videos.items()):
                if self._project.videos.get(number) != video:
                    del self._videos[number]
                    self._viewer.forget(number)


def _noted(ref: FrameRef, problem: Exception) -> None:
    log.warning("frame %s of video %s: %s", ref.frame, ref.video, problem)
