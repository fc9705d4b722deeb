"""Making the index of a film: from its packets, or by decoding it where these do not suffice."""

from __future__ import annotations

import logging
import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av.error
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from poseapp.media.decoder import Clock, decoded, from_key, stamp_of
from poseapp.media.film import Film, opened, unreadable
from poseapp.media.index import FrameIndex, Numbering, read_index, write_index

log = logging.getLogger(__name__)

_HEAD = 8
"""How many decoded frames are compared with the packets before these are believed."""
_MAY_BE_NO_PICTURE = 20
"""Bytes: an MPEG-4 packet as short as this may say "nothing new" and give no frame."""
_SHOWN_VP8 = 0x10
"""This bit of a VP8 packet's first byte is 0 where the frame is for reference only."""
_FALLBACK_FPS = 25.0
_PROOF = 4
"""How many frames must be the same after seeking as when reading on."""


def load_index(path: Path, fingerprint: str, cache: Path | None) -> FrameIndex:
    """The index of a film, from the cache where it is there and sound, else built and kept.

    Raises:
        VideoUnreadableError: when the file holds no frame that can be decoded.
    """
    if cache is None or not fingerprint:
        return build_index(path)
    stored = cache / f"{fingerprint}.index.npz"
    index = read_index(stored)
    if index is None:
        index = build_index(path)
        try:
            write_index(stored, index)
        except OSError as error:  # a full or read-only disk costs time, not the video
            log.warning("%s cannot be kept: %s", stored, error)
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
        times = [frame.pts for frame in head.frames]
        if head.damaged or times == index.stamps[: len(times)].tolist():
            return index
    log.info("the packets of %s do not tell its frames; counting by decoding", path)
    with opened(path) as film:
        return _from_frames(film, packets, head)


@dataclass(frozen=True, slots=True, eq=False)
class _Packets:
    """The packets in the order of the file."""

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
    pts: list[int | None] = []
    dts: list[int | None] = []
    key: list[bool] = []
    shown: list[bool] = []
    sure = True
    for packet in film.packets():
        pts.append(packet.pts)
        dts.append(packet.dts)
        key.append(packet.is_keyframe)
        shown.append(not packet.is_discard and (codec != "vp8" or _is_shown_vp8(packet)))
        sure = sure and (codec != "mpeg4" or packet.size >= _MAY_BE_NO_PICTURE)
    if not any(shown):
        raise unreadable(film.path, "it holds no pictures")
    rate = film.stream.average_rate or film.stream.guessed_rate
    fps = float(rate) if rate else _FALLBACK_FPS
    return _Packets(pts, dts, np.array(key), np.array(shown), sure, fps)


def _is_shown_vp8(packet: Packet) -> bool:
    return bool(bytes(packet)[0] & _SHOWN_VP8)


@dataclass(frozen=True, slots=True, eq=False)
class _Head:
    """The first frames as they come out of the decoder."""

    frames: list[VideoFrame]
    damaged: bool

    @property
    def rotation(self) -> int:
        """Quarter turns counter-clockwise."""
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
    for frame in decoded(film, film.packets()):
        damaged = damaged or frame is None or frame.is_corrupt
        if frame is not None:
            frames.append(frame)
        if len(frames) == _HEAD:
            break
    if not frames:
        codec = film.stream.codec_context.name
        raise unreadable(film.path, f"none of its pictures ({codec}) can be decoded")
    return _Head(frames, damaged)


def _from_packets(packets: _Packets, head: _Head) -> FrameIndex:
    pts = np.array(packets.pts, np.int64)
    shown = packets.shown
    first = head.frames[0].pts
    if not head.damaged and first is not None:  # what comes before it leans on nothing
        shown = shown & (pts >= first)
    stored = np.flatnonzero(shown)
    order = stored[np.argsort(pts[stored])]
    keys = np.flatnonzero(packets.key)
    if not len(keys) or keys[0] > stored[0]:  # decoding can always start where the file starts
        keys = np.insert(keys, 0, stored[0])
    stamps = pts[order]
    key_frames = np.maximum.accumulate(np.searchsorted(stamps, pts[keys]))
    key_frames[0] = 0
    return FrameIndex(
        numbering=Numbering.PTS,
        stamps=stamps,
        order=order,
        key_stamps=pts[keys],
        key_frames=key_frames,
        key_order=keys,
        width=head.size[0],
        height=head.size[1],
        rotation=head.rotation,
        fps=packets.fps,
    )


def _from_frames(film: Film, packets: _Packets, head: _Head) -> FrameIndex:
    stamps, sums = {numbering: [] for numbering in Numbering}, []
    clocks = {numbering: Clock(numbering) for numbering in Numbering}
    for frame in decoded(film, film.packets()):
        if frame is not None:
            for numbering, clock in clocks.items():
                stamps[numbering].append(clock.read(frame))
            sums.append(_checksum(frame))
    numbering = next(
        kind
        for kind in Numbering
        if kind is Numbering.COUNT
        or (stamp_of(head.frames[0], kind) is not None and (np.diff(stamps[kind]) > 0).all())
    )
    known = np.array(stamps[numbering], np.int64)
    starts = _proven_starts(film, packets, _Decoded(numbering, known, sums))
    places = np.array(sorted(starts), np.int64)
    return FrameIndex(
        numbering=numbering,
        stamps=known,
        order=np.arange(len(known)),
        key_stamps=np.array([starts[int(place)] for place in places], np.int64),
        key_frames=places,
        key_order=places,
        width=head.size[0],
        height=head.size[1],
        rotation=head.rotation,
        fps=packets.fps,
    )


def _checksum(frame: VideoFrame) -> int:
    return zlib.crc32(frame.to_ndarray(format="gray").tobytes())


@dataclass(frozen=True, slots=True, eq=False)
class _Decoded:
    """All frames as reading through the film gave them."""

    numbering: Numbering
    stamps: NDArray[np.int64]
    sums: list[int]

    def number_of(self, frame: VideoFrame | None) -> int | None:
        """Which one it is; None for a fault or a picture that looks different."""
        stamp = frame and stamp_of(frame, self.numbering)
        if frame is None or stamp is None:
            return None
        number = int(np.searchsorted(self.stamps, stamp))
        same = number < len(self.sums) and self.stamps[number] == stamp
        return number if same and _checksum(frame) == self.sums[number] else None


def _proven_starts(film: Film, packets: _Packets, known: _Decoded) -> dict[int, int]:
    """First right frame and time of each keyframe where seeking gives what reading on gave."""
    times = packets.dts if known.numbering is Numbering.DTS else packets.pts
    starts = {0: times[0] or 0}
    for time in (times[key] for key in np.flatnonzero(packets.key)):
        if time is None or known.numbering is Numbering.COUNT:
            continue
        try:
            film.container.seek(time, stream=film.stream)
        except av.error.FFmpegError:
            break
        from_there = decoded(film, from_key(film.packets(), known.numbering, time))
        numbers = [known.number_of(frame) for frame in islice(from_there, _PROOF)]
        first = numbers[0] if numbers else None
        if first is not None and numbers == list(range(first, first + len(numbers))):
            starts[first] = time
    return starts
