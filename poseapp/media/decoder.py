"""Decoding a film forward from a place where that can start, knowing which frame each one is."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

import av.error
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from poseapp.media.film import Film
from poseapp.media.index import FrameIndex, Numbering


class Run:
    """The frames from one start on, each with its number; damaged ones are left out.

    Damage loses the frame it is in and the frames stored after it up to the next keyframe, for
    these lean on it. A frame is given once all that is stored before it came out sound.
    """

    def __init__(
        self, film: Film, index: FrameIndex, settled_by: NDArray[np.int64], start: int
    ) -> None:
        self._start = start
        self._film = film
        self._index = index
        self._settled_by = settled_by
        self._decided = int(index.key_frames[start])
        self._spoilt: dict[int, int] = {}
        """Per start: from which place in the file on its frames are lost."""

    def __iter__(self) -> Iterator[tuple[int, VideoFrame]]:
        waiting: deque[tuple[int, VideoFrame]] = deque()
        for number, frame in self._numbered():
            self._lose(range(self._decided, number))
            self._decided = number + 1
            if frame.is_corrupt:
                self._lose([number])
            waiting.append((number, frame))
            while waiting and self._settled_by[waiting[0][0]] <= number:
                yield from self._sound(*waiting.popleft())
        self._lose(range(self._decided, len(self._index)))
        for number, frame in waiting:
            yield from self._sound(number, frame)

    def _numbered(self) -> Iterator[tuple[int, VideoFrame]]:
        clock = Clock(self._index.numbering)
        packets = self._told(packets_from(self._film, self._index, self._start))
        for frame in decoded(self._film, packets):
            if frame is not None:
                number = self._index.number_of(clock.read(frame))
                # Pictures before the first right one lean on what was not decoded.
                if number is not None and number >= self._decided:
                    yield number, frame

    def _told(self, packets: Iterator[Packet]) -> Iterator[Packet]:
        """The same packets; what a transport stream marks as damaged, no decoder may notice."""
        for packet in packets:
            if packet.is_corrupt:
                number = self._index.number_of(stamp_of(packet, self._index.numbering))
                self._lose([] if number is None else [number])
            yield packet

    def _lose(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            start, place = self._index.start_of(number), int(self._index.order[number])
            self._spoilt[start] = min(self._spoilt.get(start, place), place)

    def _sound(self, number: int, frame: VideoFrame) -> Iterator[tuple[int, VideoFrame]]:
        spoilt_from = self._spoilt.get(self._index.start_of(number))
        if spoilt_from is None or self._index.order[number] < spoilt_from:
            yield number, frame


def decoded(film: Film, packets: Iterator[Packet]) -> Iterator[VideoFrame | None]:
    """The frames of these packets as they come out of the decoder; None for a fault."""
    context = film.stream.codec_context
    for packet in packets:
        try:
            yield from context.decode(packet)
        except av.error.FFmpegError:
            yield None
    try:
        yield from context.decode(None)
    except av.error.FFmpegError:
        yield None


def stamp_of(timed: Packet | VideoFrame, numbering: Numbering) -> int | None:
    """The time that stands on a packet or frame, of the kind that the frames are known by."""
    return {Numbering.PTS: timed.pts, Numbering.DTS: timed.dts}.get(numbering)


class Clock:
    """Reads the stamps of frames as they come; where none stands on a frame, it counts on.

    (Decoders give the last frames of a film without a decoding time.)
    """

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._next = 0

    def read(self, frame: VideoFrame) -> int:
        """The stamp of the next frame."""
        stamp = stamp_of(frame, self._numbering)
        stamp = self._next if stamp is None else stamp
        self._next = stamp + 1
        return stamp


def packets_from(film: Film, index: FrameIndex, start: int) -> Iterator[Packet]:
    """The packets from this start on, wherever in the file a seek really lands.

    A seek that lands too late is tried again further back, and at last from the beginning.
    """
    stamp = int(index.key_stamps[start])
    key, step = start, 1
    while index.numbering is not Numbering.COUNT and key >= 0:
        try:
            film.container.seek(int(index.key_stamps[key]), stream=film.stream)
        except av.error.FFmpegError:
            break
        packets = from_key(film.packets(), index.numbering, stamp)
        if (first := next(packets, None)) is not None:
            return chain([first], packets)
        key, step = key - step, step * 2
    film.rewind()
    packets = film.packets()
    if start == 0:
        return packets
    prime(film, packets)
    return from_key(packets, index.numbering, stamp)


def from_key(packets: Iterator[Packet], numbering: Numbering, stamp: int) -> Iterator[Packet]:
    """The packets from the keyframe with this time on; none when they begin behind it."""
    for packet in packets:
        time = stamp_of(packet, numbering)
        if packet.is_keyframe and time is not None and time >= stamp:
            if time == stamp:
                yield packet
                yield from packets
            return


def prime(film: Film, packets: Iterator[Packet]) -> None:
    """Let the decoder see the head of the film before it is used from the middle.

    Some encoders say only there which one they are, and decoders work around the faults of old
    ones: x264's first 4:4:4 streams decode to rubbish from any other keyframe.
    """
    first = next(packets, None)
    with suppress(av.error.FFmpegError):
        film.stream.codec_context.decode(first)
    film.stream.codec_context.flush_buffers()
