"""FrameIndex: which frames a film has and from where each can be decoded exactly."""

from __future__ import annotations

import logging
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

_VERSION = 1


class Numbering(StrEnum):
    """What tells one decoded frame from another."""

    PTS = "pts"
    """The presentation time on it."""
    DTS = "dts"
    """The decoding time on it, in files that store no presentation times."""
    COUNT = "count"
    """Its place after the first; such a film is always decoded from its start."""


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
    """(N,) place of each frame's packet in the file."""
    key_stamps: NDArray[np.int64]
    """(S,) time of the packet where decoding can start; also where to seek to."""
    key_frames: NDArray[np.int64]
    """(S,) the first frame that is right when decoding starts there; the first of all is 0."""
    key_order: NDArray[np.int64]
    """(S,) place of that packet in the file."""
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

    def settled_by(self) -> NDArray[np.int64]:
        """(N,) the frame at whose coming all that each frame can lean on has come as well.

        What a frame leans on is stored before it, but may be shown after it.
        """
        as_stored = np.argsort(self.order)
        settled = np.empty_like(as_stored)
        settled[as_stored] = np.maximum.accumulate(as_stored)
        return settled

    def longest_gap(self) -> int:
        """The most frames that lie between two places where decoding can start."""
        return int(np.diff(np.append(self.key_frames, len(self))).max(initial=0))


def write_index(stored: Path, index: FrameIndex) -> None:
    """Keep an index; the file appears whole or not at all."""
    stored.parent.mkdir(parents=True, exist_ok=True)
    arrays = {field.name: getattr(index, field.name) for field in fields(index)}
    with tempfile.NamedTemporaryFile(dir=stored.parent, suffix=".tmp", delete=False) as part:
        np.savez(part, version=_VERSION, **arrays)
    Path(part.name).replace(stored)


def read_index(stored: Path) -> FrameIndex | None:
    """The index that was kept, or None where there is none that can be used."""
    try:
        with stored.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if int(arrays["version"]) != _VERSION:
                return None
            return _checked(
                FrameIndex(
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
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s is damaged and is made again: %s", stored, error)
        return None
    except (zlib.error, NotImplementedError) as error:  # bytes that claim another compression
        log.warning("%s is damaged and is made again: %s", stored, error)
        return None


def _checked(index: FrameIndex) -> FrameIndex:
    frames, keys = len(index.stamps), len(index.key_stamps)
    if not len(index.order) == frames > 0 or not len(index.key_order) == keys > 0:
        raise ValueError("its arrays do not fit together")
    if len(index.key_frames) != keys or index.key_frames[0] != 0:
        raise ValueError("its keyframes are wrong")
    return index
