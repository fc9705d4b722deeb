"""A film file opened for reading: its packets in file order, and faults as sentences."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.container
import av.error
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from poseapp.domain.errors import VideoMissingError, VideoUnreadableError

_DECODER_THREADS = min(4, os.cpu_count() or 1)
_FAULTS_IN_A_ROW = 100
_NO_FILM = {None, "ansi", "bintext", "idf", "xbin"}  # the last four are text art, as any .txt


class Film:
    """An open container and its first video stream; not to be shared between threads."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            VideoMissingError: when there is no such file.
            VideoUnreadableError: when it holds no film that can be decoded.
        """
        self.path = path
        self._open()

    def _open(self) -> None:
        path = self.path
        if not path.is_file():
            raise VideoMissingError.at(path)
        with faults_as_sentences(path):
            # "file:" keeps a colon in a name from being read as a protocol, and the list keeps
            # a playlist that poses as a film from reaching for other places.
            self.container = av.open(
                f"file:{path}",
                options={"protocol_whitelist": "file"},
                metadata_errors="replace",
            )
        try:
            self.stream = _first_film(self.container, path)
        except VideoUnreadableError:
            self.container.close()
            raise
        self.stream.codec_context.thread_type = "AUTO"
        self.stream.codec_context.thread_count = _DECODER_THREADS

    def rewind(self) -> None:
        """Stand at the first packet, also in files that cannot be searched."""
        self.container.close()
        self._open()

    def packets(self) -> Iterator[Packet]:
        """The packets of the film from where the file stands; damaged stretches are passed over."""
        faults = 0
        while faults < _FAULTS_IN_A_ROW:
            try:
                for packet in self.container.demux(self.stream):
                    if packet.size:
                        faults = 0
                        yield packet
            except av.error.EOFError:
                return
            except (av.error.FFmpegError, IndexError):  # IndexError: of a stream made of noise
                faults += 1
            else:
                return

    def close(self) -> None:
        """Let go of the file."""
        self.container.close()


@contextmanager
def opened(path: Path) -> Iterator[Film]:
    """The film, closed at the end."""
    film = Film(path)
    try:
        yield film
    finally:
        film.close()


@contextmanager
def faults_as_sentences(path: Path) -> Iterator[None]:
    """What the decoding library complains about, said so that a person knows what to do."""
    try:
        yield
    except PermissionError as error:
        raise VideoUnreadableError(
            f"{path} may not be read by you. Change its permissions or copy it elsewhere."
        ) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise unreadable(path, reason) from error


def unreadable(path: Path, reason: str) -> VideoUnreadableError:
    """The error for a file that is no usable film."""
    if path.is_file() and path.stat().st_size == 0:
        reason = "the file is empty"
    return VideoUnreadableError(
        f"{path} cannot be read as a video: {reason.rstrip('.')}. "
        "Copy it again from where it was recorded, convert it to MP4 (H.264), "
        "or choose another file."
    )


def _first_film(container: av.container.InputContainer, path: Path) -> VideoStream:
    for stream in container.streams.video:
        if stream.disposition & Disposition.attached_pic:
            continue  # the cover of an audio file
        # There is no context for a coding that the library does not know.
        if getattr(stream.codec_context, "name", None) in _NO_FILM:
            continue
        return stream
    kind = "it holds sound but no pictures" if container.streams.audio else "it holds no film"
    raise unreadable(path, kind)
