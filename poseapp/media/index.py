"""FrameIndex: which frames a film has and from where each can be decoded exactly."""

from __future__ import annotations

import logging
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

import av.error
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from poseapp.media.film import Film, opened, unreadable

log = logging.getLogger(__name__)

_VERSION = 1
_HEAD = 24
"""How many decoded frames are compared with the packets before these are believed."""
_MAY_BE_NO_PICTURE = 20
"""Bytes: an MPEG-4 packet as short as this may say "nothing new" and give no frame."""
_INVISIBLE_VP8 = 0x10
"""This bit of a VP8 packet's first byte is 0 where the frame is for reference only."""


class Numbering(StrEnum):
    """What tells one decoded frame from another."""

    PTS = "pts"
    """Its presentation time, known from the packets."""
    DTS = "dts"
    """The decoding time written on it, for files that store no presentation times."""
    COUNT = "count"
    """Nothing but its place after the first; such a film is always decoded from its start."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """N frames in presentation order and the S places where decoding can start.

    Packets that the file marks as discarded (before the start of an edit list) are no frames,
    but decoding may have to start at one of them.
    """

    numbering: Numbering
    stamps: NDArray[np.int64]
    """(N,) increasing: the time on each frame by which it is known."""
    order: NDArray[np.int64]
    """(N,) place of each frame in decoding order."""
    key_stamps: NDArray[np.int64]
    """(S,) time of the packet where decoding can start; also where to seek to."""
    key_frames: NDArray[np.int64]
    """(S,) the first frame that is right when decoding starts there."""
    key_order: NDArray[np.int64]
    """(S,) place of that packet in decoding order."""
    width: int
    height: int
    """As shown, after `rotation`."""
    rotation: int
    """Quarter turns counter-clockwise that the file asks for, 0 to 3."""
    fps: float

    def __len__(self) -> int:
        return len(self.stamps)

    def start_of(self, frame: int) -> int:
        """Which of the S places to start at to decode this frame.

        A picture that is shown before a keyframe but stored after it (open GOP) leans on the
        pictures before that keyframe, so both orders count.
        """
        shown = int(np.searchsorted(self.key_frames, frame, side="right"))
        stored = int(np.searchsorted(self.key_order, self.order[frame], side="right"))
        return max(min(shown, stored) - 1, 0)

    def number_of(self, stamp: int | None) -> int | None:
        """The frame with this time on it, or None where the film shows no such frame."""
        if stamp is None:
            return None
        place = int(np.searchsorted(self.stamps, stamp))
        return place if place < len(self.stamps) and self.stamps[place] == stamp else None

    def longest_gap(self) -> int:
        """The most frames that lie between two places where decoding can start."""
        return int(np.diff(np.append(self.key_frames, len(self))).max(initial=0))


def load_index(path: Path, fingerprint: str, cache: Path | None) -> FrameIndex:
    """The index of a film, from the cache where it is there and sound, else built and kept.

    Raises:
        VideoUnreadableError: when the file holds no frame that can be decoded.
    """
    if cache is None or not fingerprint:
        return build_index(path)
    stored = cache / f"{fingerprint}.index.npz"
    index = _read(stored)
    if index is None:
        index = build_index(path)
        _write(stored, index)
    return index


def build_index(path: Path) -> FrameIndex:
    """Read through the film's packets, and through its pictures where packets do not suffice.

    Raises:
        VideoUnreadableError: when the file holds no frame that can be decoded.
    """
    with opened(path) as film:
        packets = _scan(film)
    with opened(path) as film:
        head = _decode_head(film)
    if packets.tell_frames:
        index = _from_packets(packets, head)
        decoded = [frame.pts for frame in head.frames]
        if head.damaged or decoded == index.stamps[: len(decoded)].tolist():
            return index
        log.info("%s: packets and frames disagree, counting by decoding", path)
    return _from_frames(path, packets, head)


@dataclass(frozen=True, slots=True, eq=False)
class _Packets:
    """(P,) arrays over the packets in decoding order; a missing time is None in an object array."""

    pts: list[int | None]
    dts: list[int | None]
    key: NDArray[np.bool_]
    shown: NDArray[np.bool_]
    sure: bool
    """Whether each packet that is shown surely gives one frame."""
    fps: float

    @property
    def tell_frames(self) -> bool:
        """Whether the frames can be known from the packets alone."""
        return self.sure and None not in self.pts and len(set(self.pts)) == len(self.pts)


def _scan(film: Film) -> _Packets:
    codec = film.stream.codec_context.name
    pts, dts, key, shown = [], [], [], []
    sure = True
    for packet in film.packets():
        pts.append(packet.pts)
        dts.append(packet.dts)
        key.append(packet.is_keyframe)
        shown.append(not packet.is_discard and not (codec == "vp8" and _is_invisible(packet)))
        sure = sure and not (codec == "mpeg4" and packet.size < _MAY_BE_NO_PICTURE)
    if not any(shown):
        raise unreadable(film.path, "it holds no pictures")
    rate = film.stream.average_rate or film.stream.guessed_rate
    fps = float(rate) if rate else 25.0
    return _Packets(pts, dts, np.array(key), np.array(shown), sure, fps)


def _is_invisible(packet: Packet) -> bool:
    return not bytes(packet)[0] & _INVISIBLE_VP8


@dataclass(frozen=True, slots=True, eq=False)
class _Head:
    """The first frames as they come out of the decoder."""

    frames: list[VideoFrame]
    damaged: bool

    @property
    def rotation(self) -> int:
        turn = self.frames[0].rotation
        return turn // 90 % 4 if turn % 90 == 0 else 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) as shown."""
        first = self.frames[0]
        sideways = self.rotation % 2
        return (first.height, first.width) if sideways else (first.width, first.height)


def _decode_head(film: Film) -> _Head:
    frames: list[VideoFrame] = []
    damaged = False
    for decoded in decode(film, film.packets()):
        damaged = damaged or decoded is None or decoded.is_corrupt
        if decoded is not None:
            frames.append(decoded)
        if len(frames) == _HEAD:
            break
    if not frames:
        codec = film.stream.codec_context.name
        raise unreadable(film.path, f"none of its pictures ({codec}) can be decoded")
    return _Head(frames, damaged)


def decode(film: Film, packets: Iterator[Packet]) -> Iterator[VideoFrame | None]:
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


def _from_packets(packets: _Packets, head: _Head) -> FrameIndex:
    pts = np.array(packets.pts, np.int64)
    shown = packets.shown
    first = head.frames[0].pts
    if (
        not head.damaged and first is not None
    ):  # pictures before the first one that can be decoded lean on nothing
        shown = shown & (pts >= first)
    stored = np.flatnonzero(shown)
    order = stored[np.argsort(pts[stored])]
    keys = np.flatnonzero(packets.key)
    keys = keys if len(keys) else stored[:1]
    stamps = pts[order]
    return FrameIndex(
        numbering=Numbering.PTS,
        stamps=stamps,
        order=order,
        key_stamps=pts[keys],
        key_frames=np.maximum.accumulate(np.searchsorted(stamps, pts[keys])),
        key_order=keys,
        width=head.size[0],
        height=head.size[1],
        rotation=head.rotation,
        fps=packets.fps,
    )


def _from_frames(path: Path, packets: _Packets, head: _Head) -> FrameIndex:
    times: dict[Numbering, list[int | None]] = {Numbering.PTS: [], Numbering.DTS: []}
    sums: list[int] = []
    with opened(path) as film:
        for frame in decode(film, film.packets()):
            if frame is not None:
                times[Numbering.PTS].append(frame.pts)
                times[Numbering.DTS].append(frame.dts)
                sums.append(_checksum(frame))
        numbering = next((n for n in times if _increases(times[n])), Numbering.COUNT)
        known = times.get(numbering, list(range(len(sums))))
        stamps = np.array(known, np.int64)
        candidates: list[int | None] = []
        if numbering is not Numbering.COUNT:
            of_packets = packets.pts if numbering is Numbering.PTS else packets.dts
            candidates = [of_packets[k] for k in np.flatnonzero(packets.key)[1:]]
        first = packets.dts[0] if numbering is Numbering.DTS else packets.pts[0]
        keys = {0: first or 0}
        for stamp in candidates:
            if stamp is not None:
                number = _proven_start(film, numbering, stamp, stamps, sums)
                if number is not None:
                    keys[number] = stamp
    places = np.array(sorted(keys), np.int64)
    return FrameIndex(
        numbering=numbering,
        stamps=stamps,
        order=np.arange(len(stamps)),
        key_stamps=np.array([keys[int(p)] for p in places], np.int64),
        key_frames=places,
        key_order=places,
        width=head.size[0],
        height=head.size[1],
        rotation=head.rotation,
        fps=packets.fps,
    )


def _increases(times: list[int | None]) -> bool:
    return None not in times and bool((np.diff(np.array(times, np.int64)) > 0).all())


def _checksum(frame: VideoFrame) -> int:
    return zlib.crc32(frame.to_ndarray(format="gray").tobytes())


def _proven_start(
    film: Film, numbering: Numbering, stamp: int, stamps: NDArray[np.int64], sums: list[int]
) -> int | None:
    """The first frame got by seeking here, where seeking gives the same pictures as reading on."""
    try:
        film.container.seek(stamp, stream=film.stream)
    except av.error.FFmpegError:
        return None
    first: int | None = None
    for frame in decode(film, from_key(film, numbering, stamp)):
        time = None if frame is None else (frame.pts if numbering is Numbering.PTS else frame.dts)
        if frame is None or time is None:
            return None
        number = int(np.searchsorted(stamps, time))
        if number == len(stamps) or stamps[number] != time or _checksum(frame) != sums[number]:
            return None
        if first is not None:
            return first if number == first + 1 else None
        first = number
    return first


def from_key(film: Film, numbering: Numbering, stamp: int) -> Iterator[Packet]:
    """The packets from the one with this time on; none when the file stands behind it."""
    packets = film.packets()
    for packet in packets:
        time = packet.dts if numbering is Numbering.DTS else packet.pts
        if packet.is_keyframe and time is not None and time >= stamp:
            if time == stamp:
                yield packet
                yield from packets
            return


def _write(stored: Path, index: FrameIndex) -> None:
    stored.parent.mkdir(parents=True, exist_ok=True)
    arrays = {field.name: getattr(index, field.name) for field in fields(index)}
    with tempfile.NamedTemporaryFile(dir=stored.parent, suffix=".tmp", delete=False) as part:
        np.savez(part, version=_VERSION, **arrays)
    Path(part.name).replace(stored)


def _read(stored: Path) -> FrameIndex | None:
    try:
        with np.load(stored, allow_pickle=False) as arrays:
            if int(arrays["version"]) != _VERSION:
                return None
            return FrameIndex(
                numbering=Numbering(str(arrays["numbering"])),
                stamps=arrays["stamps"],
                order=arrays["order"],
                key_stamps=arrays["key_stamps"],
                key_frames=arrays["key_frames"],
                key_order=arrays["key_order"],
                width=int(arrays["width"]),
                height=int(arrays["height"]),
                rotation=int(arrays["rotation"]),
                fps=float(arrays["fps"]),
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        log.warning("%s is damaged and is made again: %s", stored, error)
        return None
