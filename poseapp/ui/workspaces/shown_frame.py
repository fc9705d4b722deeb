"""Which frame is asked for and which one is on the canvas; the only way to go to a frame."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from poseapp.app.frames import FrameService, Picture
from poseapp.domain.ids import FrameRef
from poseapp.domain.video import Video

_TICK_MS = 8


class ShownFrame(QObject):
    """Asks for pictures; the newest wish wins and everything drawn follows the picture."""

    asked = Signal(object)
    """The frame a person went to: the timeline and the frame number follow at once."""
    arrived = Signal(object, object, bool)
    """(frame, picture, whether it is exact): what is drawn over it changes in the same moment."""
    failed = Signal(object, object)
    """(frame, exception)"""

    def __init__(self, frames: FrameService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._frames = frames
        self._video: Video | None = None
        self.wanted: FrameRef | None = None
        self.shown: FrameRef | None = None
        """The frame whose picture is on the canvas: gestures mean this one."""

    @property
    def video(self) -> Video | None:
        return self._video

    @property
    def settled(self) -> bool:
        """Whether the frame asked for is the one that is shown."""
        return self.shown == self.wanted

    def open_video(self, video: Video | None, frame: int = 0) -> None:
        """Go to a frame of a video, or show nothing."""
        self._video = video
        if video is None:
            self.wanted = self.shown = None
            return
        self.go(frame)

    def go(self, frame: int) -> None:
        """Ask for a frame of the open video; numbers outside stop at its ends."""
        video = self._video
        if video is None:
            return
        last = max(video.frame_count - 1, 0)
        self.wanted = FrameRef(video.id, min(max(frame, 0), last))
        self.asked.emit(self.wanted)
        self._frames.show(self.wanted, self._ready, self._failed)

    def step(self, by: int) -> None:
        """Go some frames on or back from the one asked for last."""
        if self.wanted is not None:
            self.go(self.wanted.frame + by)

    def prefetch(self, refs: Sequence[FrameRef]) -> None:
        """Have these frames decoded before they are asked for."""
        self._frames.prefetch(refs)

    def _ready(self, ref: FrameRef, picture: Picture, exact: bool) -> None:
        if ref == self.wanted:
            self.shown = ref
            self.arrived.emit(ref, picture, exact)

    def _failed(self, ref: FrameRef, problem: Exception) -> None:
        if ref == self.wanted:
            self.shown = None
            self.failed.emit(ref, problem)


class Player(QObject):
    """Plays the open video in its own time: late pictures are left out, none is waited for."""

    changed = Signal(bool)
    """Whether it plays now."""

    def __init__(self, frame: ShownFrame, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._frame = frame
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._clock = QElapsedTimer()
        self._from = 0
        self.speed = 1.0

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        if self.playing:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Play on from the frame that is asked for; from the start at the end of the video."""
        video, wanted = self._frame.video, self._frame.wanted
        if video is None or wanted is None:
            return
        self._from = 0 if wanted.frame >= video.frame_count - 1 else wanted.frame
        self._clock.start()
        self._timer.start()
        self.changed.emit(True)

    def stop(self) -> None:
        if self.playing:
            self._timer.stop()
            self.changed.emit(False)

    def set_speed(self, speed: float) -> None:
        """Play this many times as fast as the video was filmed."""
        self.speed = speed
        if self.playing:
            self.start()

    def _tick(self) -> None:
        video, wanted = self._frame.video, self._frame.wanted
        if video is None or wanted is None or wanted.video != video.id:
            self.stop()
            return
        passed = self._clock.elapsed() / 1000 * video.pace * self.speed
        target = self._from + int(passed)
        if target >= video.frame_count - 1:
            self._frame.go(video.frame_count - 1)
            self.stop()
        elif target != wanted.frame and self._frame.settled:
            self._frame.go(target)
