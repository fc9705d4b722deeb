"""Viewer: the thread that decodes what a person looks at, and what they will look at next."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.video import Video
from poseapp.media.frame_cache import FrameCache
from poseapp.media.proxy import Proxy
from poseapp.media.reader import Abandoned, Readers, kept_frames

log = logging.getLogger(__name__)

Picture = NDArray[np.uint8]
Post = Callable[[Callable[[], None]], None]

_NEAR = 4
"""Frames: what is no further to decode comes so soon that a rough picture would only flicker."""
_SCRUBBING_S = 0.04
"""Who asks again within this time is scrubbing, and exact pictures would only hold them up."""
_AHEAD = 12
_BEHIND = 2
_OPEN_VIDEOS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What a person wants to see now."""

    ref: FrameRef
    video: Video
    on_ready: Callable[[FrameRef, Picture, bool], None]
    on_failed: Callable[[FrameRef, Exception], None]


@dataclass(frozen=True, slots=True)
class Guess:
    """What a person may want to see soon."""

    ref: FrameRef
    video: Video
    only_if_decoded: bool = False


class Viewer:
    """The newest wish wins: what is under way for an older one ends between two frames."""

    def __init__(self, cache: Path, post: Post, memory: int) -> None:
        """`memory`: the bytes that pictures and decoded frames may take together."""
        self.pictures: FrameCache[FrameRef, Picture] = FrameCache(
            memory * 3 // 4, lambda picture: picture.nbytes
        )
        self.calm = threading.Event()
        """Set while nobody waits for a picture."""
        self.calm.set()
        self._cache = cache
        self._post = post
        self._room = memory // 4
        self._proxies: dict[str, Proxy] = {}
        self._state = threading.Condition()
        self._newest: Wish | None = None
        """The only wish whose answers still count."""
        self._asked: Wish | None = None
        """The same until the thread takes it up."""
        self._around: deque[Guess] = deque()
        self._soon: deque[Guess] = deque()
        self._forgotten = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    def show(self, wish: Wish) -> None:
        """Answer this wish, with a rough picture first where the exact one takes long."""
        picture = self.pictures.get(wish.ref)
        with self._state:
            self._around = deque(self._neighbours(self._newest, wish))
            self._newest = wish
            self._asked = wish if picture is None else None
            if self._asked:
                self.calm.clear()
            else:
                self.calm.set()
            self._wake()
        if picture is not None:
            self._answer(wish, picture, exact=True)

    def prefetch(self, guesses: Iterable[Guess]) -> None:
        """Decode these in their order when nothing else is to be done; earlier ones are dropped."""
        with self._state:
            self._soon = deque(guesses)
            self._wake()

    def forget(self, video: VideoId) -> None:
        """Drop every picture of a video that is not what it was."""
        with self._state:
            self._forgotten += 1
            self._around = deque(g for g in self._around if g.ref.video != video)
            self._soon = deque(g for g in self._soon if g.ref.video != video)
            self.pictures.forget(lambda ref: ref.video == video)

    def close(self) -> None:
        """End the thread; nothing is answered any more."""
        with self._state:
            self._closing = True
            self._newest = self._asked = None
            self._state.notify()
        if self._thread:
            self._thread.join()
        self.calm.set()

    def _wake(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._work, name="viewer", daemon=True)
            self._thread.start()
        self._state.notify()

    def _neighbours(self, before: Wish | None, wish: Wish) -> list[Guess]:
        """The frames in the direction the person goes, and the last few they came from."""
        video, frame = wish.video, wish.ref.frame
        back = before and before.ref.video == video.id and before.ref.frame > frame
        ahead = -1 if back else 1
        fits = self._room // max(3 * video.width * video.height, 1)
        steps = [(ahead * n, False) for n in range(1, min(_AHEAD, max(fits, 1)) + 1)]
        steps += [(-ahead * n, True) for n in range(1, _BEHIND + 1)]
        return [
            Guess(FrameRef(video.id, frame + step), video, only_if_decoded)
            for step, only_if_decoded in steps
            if 0 <= frame + step < video.frame_count
        ]

    # -- the viewer's own thread ---------------------------------------------------------------

    def _work(self) -> None:
        readers = Readers(self._cache, kept_frames(self._room), _OPEN_VIDEOS)
        while True:
            with self._state:
                self._state.wait_for(
                    lambda: self._closing or self._asked or self._around or self._soon
                )
                if self._closing:
                    break
                wish, self._asked = self._asked, None
                guesses = self._around or self._soon
            if wish:
                self._fulfil(readers, wish)
                with self._state:
                    if self._asked is None:
                        self.calm.set()
            elif self._try(readers, guesses[0]):
                with self._state:
                    guesses.popleft()
        readers.close()

    def _fulfil(self, readers: Readers, wish: Wish) -> None:
        forgotten = self._forgotten
        frame = wish.ref.frame
        try:
            reader = readers.of(wish.video)
            if reader.distance(frame) > _NEAR and (rough := self._rough(wish)) is not None:
                self._answer(wish, rough, exact=False)
                self._wait_whether_scrubbing()
            picture = reader.read(frame, lambda: self._newest is wish)
        except Abandoned:
            return
        except PoseAppError as problem:
            self._post(lambda problem=problem: self._tell(wish, problem))
        else:
            self._keep(wish.ref, picture, forgotten)
            self._answer(wish, picture, exact=True)

    def _try(self, readers: Readers, guess: Guess) -> bool:
        """Whether the guess is dealt with; if not, it was put off for a wish."""
        forgotten = self._forgotten
        if guess.ref in self.pictures:
            return True
        try:
            reader = readers.of(guess.video)
            if not guess.only_if_decoded or reader.distance(guess.ref.frame) == 0:
                picture = reader.read(guess.ref.frame, lambda: not (self._asked or self._closing))
                self._keep(guess.ref, picture, forgotten)
        except Abandoned:
            return False
        except PoseAppError as problem:
            log.debug("not read ahead: %s", problem)
        return True

    def _wait_whether_scrubbing(self) -> None:
        with self._state:
            self._state.wait_for(lambda: self._asked or self._closing, _SCRUBBING_S)

    def _rough(self, wish: Wish) -> Picture | None:
        mark = wish.video.fingerprint
        if not mark:
            return None
        proxy = self._proxies.setdefault(mark, Proxy(wish.video, self._cache))
        return proxy.read(wish.ref.frame)

    def _keep(self, ref: FrameRef, picture: Picture, forgotten: int) -> None:
        with self._state:
            if forgotten == self._forgotten:
                self.pictures.put(ref, picture)

    # -- back to the caller's thread -----------------------------------------------------------

    def _answer(self, wish: Wish, picture: Picture, *, exact: bool) -> None:
        def deliver() -> None:
            if self._newest is wish:
                wish.on_ready(wish.ref, picture, exact)

        self._post(deliver)

    def _tell(self, wish: Wish, problem: PoseAppError) -> None:
        if self._newest is wish:
            wish.on_failed(wish.ref, problem)
